"""Lists the clusters of a config repo and picks those that are requested."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.build.evaluation import Evaluation, Refused
from kubeaid_ci.config_repo.cluster import Cluster, ClusterInfo
from kubeaid_ci.config_repo.folders import application_names, folders
from kubeaid_ci.config_repo.rules import VARS_INVALID
from kubeaid_ci.config_repo.selection import select
from kubeaid_ci.config_repo.versions import kubernetes_version
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.source_files import FolderRef
from kubeaid_ci.git.tree_reader import TreeReader
from kubeaid_ci.net.address import Remote
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.repositories.kubeaid import origin, pinned_revision
from kubeaid_ci.runtime.workers import Crashed, Done, Pool
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class Clusters(JsonResult):
    """Every cluster, findings about other folders, and why the rest is no cluster."""

    clusters: tuple[ClusterInfo, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()


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
    for outcome in Pool(jobs or os.cpu_count() or 1).map(_vars, tasks):
        match outcome:
            case Done(_, (_, cluster), known):
                values[cluster.dir] = known
            case Crashed(_, (_, cluster), error):
                message = f"the evaluation did not end well: {error}"
                values[cluster.dir] = VARS_INVALID.at(cluster.vars_file, message, subject=cluster.label, key="crash")
    tree, own = DiskTree(str(root)), settings or Settings()
    known_kubeaid = [origin(Path(kubeaid).resolve())] if kubeaid else []
    addresses = own.repositories.kubeaid.union(one for one in known_kubeaid if one)
    infos, findings = [], list(selection.findings)
    for cluster in selection.clusters:
        found = values.get(cluster.dir, {})
        if isinstance(found, Finding):
            findings.append(found)
            found = {}
        infos.append(_info(tree, cluster, found, addresses, own))
    return Clusters(tuple(infos), tuple(findings), selection.skipped)


def _vars(task: tuple[str, Cluster]) -> dict[str, Any] | Finding:
    """Return the platform and the release of a cluster, or why its vars cannot be read. Runs in a worker."""
    root, cluster = task
    try:
        values = Evaluation.of(cluster, root, FolderRef(root), "rjsonnet").vars()
    except Refused as refused:
        return refused.finding
    return {name: values.get(name) for name in ("platform", "kube_prometheus_version")}


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
