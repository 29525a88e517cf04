"""Lists the clusters of a config repo and picks those that are requested."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from kubeaid_ci.checks.cluster_rules import CLUSTER_UNREADABLE, general_problems
from kubeaid_ci.checks.rules import RULES, VARS_INVALID
from kubeaid_ci.edges.config_repo import NotACluster, application_names, folders
from kubeaid_ci.edges.disk_tree import DiskTree
from kubeaid_ci.edges.sources import FolderAt
from kubeaid_ci.edges.tree_reader import TreeReader
from kubeaid_ci.edges.workers import Pool, WorkerError
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.cluster_settings import kubernetes_version
from kubeaid_ci.jobs.evaluation import Evaluation, Refused
from kubeaid_ci.jobs.kubeaid_source import origin, pinned_revision
from kubeaid_ci.model import cluster_names
from kubeaid_ci.model.cluster import Cluster, ClusterInfo
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.json_result import JsonResult
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.model.suggestion import NAME, suggestion
from kubeaid_ci.settings import Settings


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


@dataclass(frozen=True, slots=True)
class Clusters(JsonResult):
    """Every cluster, findings about other folders, and why the rest is no cluster."""

    clusters: tuple[ClusterInfo, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()


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
    wanted = name.rstrip("/").removeprefix("./").removeprefix("k8s/")
    if any(one.dir == wanted for one in folders if isinstance(one, Cluster) or one.wrong):
        return [wanted]
    found = [one for one in folders if isinstance(one, Cluster) and wanted in (one.name, one.label)]
    if len(found) > 1:
        paths = ", ".join(one.path for one in found)
        raise UserError(f"{name}: names {len(found)} clusters: {paths}; name the folder")
    return [one.dir for one in found]


def _names(one: Cluster | NotACluster) -> tuple[str, ...]:
    return (one.dir, one.name) if isinstance(one, Cluster) else (one.dir,)


def _unknown(name: str, folders: Sequence[Cluster | NotACluster]) -> NoReturn:
    reason = next((one.reason for one in folders if one.dir == name and isinstance(one, NotACluster)), None)
    if reason:
        raise UserError(reason)
    known = {each for one in folders if isinstance(one, Cluster) for each in _names(one)}
    raise UserError(f"{name}: no such cluster; {suggestion(name, known, likeness=NAME)}")


def _unreadable(one: NotACluster) -> Finding:
    rule = VARS_INVALID if one.about_vars else CLUSTER_UNREADABLE
    return rule.at(f"k8s/{one.dir}", one.reason, subject=one.dir, key="folder")


def list_clusters(
    config_repo: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    jobs: int | None = None,
) -> Clusters:
    """Return what each cluster of a config repo is: name, folder, versions, provider, Applications.

    `kubeaid` is a KubeAid checkout, for its address: sources with that address pin its revision. `settings` win over
    the general settings file of a cluster. A vars file that cannot be evaluated is a finding, and its platform and
    release are None.
    """
    root = Path(config_repo).resolve()
    selection = select(folders(root), clusters)
    tasks = [(str(root), cluster) for cluster in selection.clusters if cluster.vars_file]
    values: dict[str, dict[str, Any] | Finding] = {}
    for number, outcome in Pool(jobs or os.cpu_count() or 1).map(_vars, tasks):
        cluster = tasks[number][1]
        values[cluster.dir] = _outcome(outcome, cluster)
    tree, own = DiskTree(str(root)), settings or Settings()
    known_kubeaid = [origin(Path(kubeaid).resolve())] if kubeaid else []
    addresses = own.repositories.kubeaid.union(one for one in known_kubeaid if one)
    infos, findings = [], list(selection.findings)
    for cluster in selection.clusters:
        known = values.get(cluster.dir, {})
        if isinstance(known, Finding):
            findings.append(known)
            known = {}
        infos.append(_info(tree, cluster, known, addresses, own))
    return Clusters(tuple(infos), tuple(findings), selection.skipped)


def _vars(task: tuple[str, Cluster]) -> dict[str, Any] | Finding:
    """A cluster's platform and release. Runs in a worker."""
    root, cluster = task
    try:
        values = Evaluation.of(cluster, root, FolderAt(root), "rjsonnet").vars()
    except Refused as refused:
        return refused.finding
    return {name: values.get(name) for name in ("platform", "kube_prometheus_version")}


def _outcome(outcome: dict[str, Any] | Finding | WorkerError, cluster: Cluster) -> dict[str, Any] | Finding:
    if isinstance(outcome, WorkerError):
        message = f"the evaluation did not end well: {outcome}"
        return RULES["build/vars-invalid"].at(cluster.vars_file, message, subject=cluster.label, key="crash")
    return outcome


def _info(
    tree: TreeReader, cluster: Cluster, values: dict[str, Any], addresses: frozenset[Remote], settings: Settings
) -> ClusterInfo:
    try:
        revision = pinned_revision(tree, cluster, addresses).revision or "HEAD"
    except UserError:
        revision = None  # nothing is pinned; `build --kubeaid-ref pinned` reports the reason
    platform, release = values.get("platform"), values.get("kube_prometheus_version")
    version = kubernetes_version(cluster, settings)
    return ClusterInfo(
        cluster.name,
        cluster.dir,
        cluster.vars_file,
        platform if isinstance(platform, str) else cluster.general.provider,
        str(version.version),
        release if isinstance(release, str) else None,
        revision,
        application_names(tree, cluster),
        version.source,
        cluster.general.provider,
        cluster.general.path or None,
    )
