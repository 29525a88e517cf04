"""Lists the clusters of a config repo and picks those that are asked for."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges import config_repo
from kubeaid_ci.edges.config_repo import NotACluster
from kubeaid_ci.edges.sources import FolderAt
from kubeaid_ci.edges.workers import Pool, WorkerError
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.evaluation import Evaluation, Refused
from kubeaid_ci.jobs.kubeaid_source import origin, pinned_revision
from kubeaid_ci.model.cluster import Cluster, ClusterInfo
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.remote import Remote


@dataclass(frozen=True, slots=True)
class Selection:
    """The clusters to work on, what is wrong with other folders, and what is merely no cluster."""

    clusters: tuple[Cluster, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clusters:
    """Every cluster, what is wrong with other folders, and why the rest is no cluster."""

    clusters: tuple[ClusterInfo, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()


def select(
    root: Path, names: Sequence[str] = (), *, folders: Sequence[Cluster | NotACluster] | None = None
) -> Selection:
    """The clusters of a config repo that `names` names by cluster or folder (none: all), sorted by name.

    `folders` are those of another revision than the one on disk. A folder that cannot be a cluster is
    a finding, unless others are asked for by name. Raises `UserError` for a name that is none, with the
    nearest ones.
    """
    clusters, findings, skipped = [], [], []
    for folder in config_repo.folders(root) if folders is None else folders:
        match folder:
            case NotACluster(directory, reason, wrong=True):
                if not names or directory in names:
                    findings.append(_invalid(directory, reason))
            case NotACluster(_, reason):
                skipped.append(reason)
            case Cluster():
                clusters.append(folder)
    invalid = {finding.subject for finding in findings}
    chosen = [_named(name, clusters) for name in names if name not in invalid] if names else [clusters]
    unique = {cluster.dir: cluster for some in chosen for cluster in some}
    ordered = sorted(unique.values(), key=lambda cluster: (cluster.name, cluster.dir))
    return Selection(tuple(ordered), tuple(findings), tuple(skipped))


def list_clusters(
    config_repo: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
) -> Clusters:
    """What each cluster of a config repo is: name, folder, platform, release, KubeAid revision, Applications.

    `kubeaid` is a KubeAid checkout, to know its address and so which sources point at it; it is not
    needed. A vars file that cannot be evaluated is a finding, and leaves platform and release open.
    """
    root = Path(config_repo).resolve()
    selection = select(root, clusters)
    remote = origin(Path(kubeaid).resolve()) if kubeaid else None
    values: dict[int, dict[str, Any] | Finding] = {}
    tasks = [(str(root), cluster) for cluster in selection.clusters]
    for number, outcome in Pool(jobs or os.cpu_count() or 1).map(_vars, tasks):
        values[number] = _outcome(outcome, selection.clusters[number])
    infos, findings = [], list(selection.findings)
    for number, cluster in enumerate(selection.clusters):
        match values[number]:
            case Finding() as finding:
                findings.append(finding)
                infos.append(_info(root, cluster, {}, remote))
            case known:
                infos.append(_info(root, cluster, known, remote))
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
        return RULES["build/vars-invalid"].at(cluster.vars_file, message, subject=cluster.name, key="crash")
    return outcome


def _info(root: Path, cluster: Cluster, values: dict[str, Any], remote: Remote | None) -> ClusterInfo:
    try:
        revision = pinned_revision(root, cluster, remote).revision or "HEAD"
    except UserError:
        revision = None  # nothing is pinned; `build --kubeaid-ref pinned` says why
    platform, release = values.get("platform"), values.get("kube_prometheus_version")
    return ClusterInfo(
        cluster.name,
        cluster.dir,
        cluster.vars_file,
        platform if isinstance(platform, str) else None,
        release if isinstance(release, str) else None,
        revision,
        config_repo.application_names(root, cluster),
    )


def _named(name: str, clusters: Sequence[Cluster]) -> list[Cluster]:
    wanted = name.rstrip("/").removeprefix("k8s/")
    found = [one for one in clusters if one.dir == wanted] or [one for one in clusters if one.name == wanted]
    if len(found) > 1:
        folders = ", ".join(one.path for one in found)
        raise UserError(f"{name}: names {len(found)} clusters: {folders}; name the folder")
    if not found:
        known = sorted({one.name for one in clusters} | {one.dir for one in clusters})
        close = difflib.get_close_matches(wanted, known, 3, 0.5) or known[:10]
        raise UserError(f"{name}: no such cluster; there are: {', '.join(close) or 'none'}")
    return found


def _invalid(directory: str, reason: str) -> Finding:
    return RULES["build/vars-invalid"].at(f"k8s/{directory}", reason, subject=directory, key="folder")
