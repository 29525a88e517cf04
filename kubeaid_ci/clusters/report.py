"""The list of clusters, for people and for a CI matrix."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from kubeaid_ci.config_repo.cluster import ClusterInfo
from kubeaid_ci.config_repo.names import joined
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report

_HEADER = ("name", "folder", "platform", "Kubernetes", "release", "KubeAid", "Applications")


def report(clusters: tuple[ClusterInfo, ...], findings: tuple[Finding, ...], *, version: str) -> Report:
    """Return the report of ``kubeaid-ci clusters``."""
    return Report(
        "clusters",
        version,
        summary={"clusters": len(clusters)},
        results=clusters,
        findings=findings,
        table=Table(_HEADER, tuple(_row(cluster) for cluster in clusters)),
    )


def outputs(clusters: Sequence[ClusterInfo], *, shards: int | None = None) -> Mapping[str, str]:
    """Return the outputs for a CI system: the number of clusters, their names as JSON, and the matrix.

    A cluster whose name others have too is named by its folder.
    """
    names = _clear_names(clusters)
    return {"count": str(len(names)), "clusters": json.dumps(names), "matrix": matrix(clusters, shards=shards)}


def matrix(clusters: Sequence[ClusterInfo], *, shards: int | None = None) -> str:
    """Return the JSON for a GitHub ``strategy.matrix``, on one line: a job for each cluster, or at most `shards` jobs.

    A shard has the folders of its clusters as `cluster_names.joined` writes them.
    """
    names = _clear_names(clusters)
    include = [{"cluster": name, "dir": cluster.dir} for name, cluster in zip(names, clusters, strict=True)]
    if shards is not None:
        dealt = [clusters[first::shards] for first in range(min(shards, len(clusters)))]
        shares = (joined([cluster.dir for cluster in share]) for share in dealt)
        include = [{"shard": str(number), "clusters": share} for number, share in enumerate(shares, 1)]
    return json.dumps({"include": include}, separators=(",", ":"))


def _clear_names(clusters: Sequence[ClusterInfo]) -> list[str]:
    """Return names that mean one cluster on the command line, where a folder's name comes first."""
    names, folders = Counter(cluster.name for cluster in clusters), {cluster.dir for cluster in clusters}
    return [
        one.name if names[one.name] == 1 and (one.name == one.dir or one.name not in folders) else one.dir
        for one in clusters
    ]


def _row(cluster: ClusterInfo) -> tuple[str, ...]:
    version = cluster.kubernetes_version + (" (default)" if cluster.kubernetes_version_from == "default" else "")
    known = (cluster.platform, version, cluster.release, cluster.kubeaid_revision)
    return (cluster.name, cluster.dir, *(part or "-" for part in known), str(len(cluster.applications)))
