"""Picks the clusters that are requested."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from kubeaid_ci.config_repo import names as cluster_names
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import NotACluster
from kubeaid_ci.config_repo.rules import CLUSTER_UNREADABLE, VARS_INVALID, general_problems
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.suggestion import NAME, suggestion


@dataclass(frozen=True, slots=True)
class Selection:
    """The clusters to work on, findings about other folders, and what is no cluster, with the reason."""

    clusters: tuple[Cluster, ...]
    findings: tuple[Finding, ...]
    passed_over: tuple[NotACluster, ...] = ()

    @property
    def skipped(self) -> tuple[str, ...]:
        """Why folders are no clusters."""
        return tuple(one.reason for one in self.passed_over)


def select(folders: Sequence[Cluster | NotACluster], names: Sequence[str] = ()) -> Selection:
    """Return the clusters that `names` names by folder or name (default: all), sorted by name.

    A folder that cannot be read as a cluster is a finding, unless others are requested. Raises `UserError` for a
    name that no cluster has, and for one that several have.
    """
    wanted = chosen(folders, names)
    picked = [one for one in folders if one.dir in wanted]
    clusters = sorted((one for one in picked if isinstance(one, Cluster)), key=lambda one: (one.name, one.dir))
    wrong = [one for one in picked if isinstance(one, NotACluster) and one.wrong]
    findings = (*map(_unreadable, wrong), *general_problems(clusters))
    passed_over = tuple(one for one in picked if isinstance(one, NotACluster) and not one.wrong)
    return Selection(tuple(clusters), findings, passed_over)


def chosen(folders: Sequence[Cluster | NotACluster], names: Sequence[str]) -> set[str]:
    """Return the folders that names mean (default: all). Raises `UserError` as `select` does."""
    if not names:
        return {one.dir for one in folders}
    return {found for name in names for found in _chosen(name, folders)}


def _chosen(name: str, folders: Sequence[Cluster | NotACluster]) -> Iterator[str]:
    exact = _named(name, folders)
    if not exact and " " in name:
        known = {each for one in folders for each in _names(one)}
        for part in cluster_names.split(name, known):
            yield from _named(part, folders) or _unknown(part, folders)
        return
    yield from exact or _unknown(name, folders)


def _named(name: str, folders: Sequence[Cluster | NotACluster]) -> list[str]:
    """Return the folder of this name, else that of the cluster of this name."""
    wanted = _folder(name)
    if any(one.dir == wanted for one in folders if isinstance(one, Cluster) or one.wrong):
        return [wanted]
    found = [one for one in folders if isinstance(one, Cluster) and wanted in (one.name, one.label)]
    if len(found) > 1:
        paths = ", ".join(one.path for one in found)
        raise UserError(f"{name}: names {len(found)} clusters: {paths}; name the folder")
    return [one.dir for one in found]


def _folder(name: str) -> str:
    return name.rstrip("/").removeprefix("./").removeprefix("k8s/")


def _names(one: Cluster | NotACluster) -> tuple[str, ...]:
    return (one.dir, one.name) if isinstance(one, Cluster) else (one.dir,)


def _unknown(name: str, folders: Sequence[Cluster | NotACluster]) -> NoReturn:
    reason = next((one.reason for one in folders if one.dir == _folder(name) and isinstance(one, NotACluster)), None)
    if reason:
        raise UserError(reason)
    known = {each for one in folders if isinstance(one, Cluster) for each in _names(one)}
    raise UserError(f"{name or repr(name)}: no such cluster; {suggestion(name, known, likeness=NAME)}")


def _unreadable(one: NotACluster) -> Finding:
    rule = VARS_INVALID if one.about_vars else CLUSTER_UNREADABLE
    return rule.at(f"k8s/{one.dir}", one.reason, subject=one.dir, key="folder")
