"""The list of clusters, for people and for a CI matrix."""

import json
from collections.abc import Mapping, Sequence

from kubeaid_ci.model.cluster import ClusterInfo
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.report import Report, Table

_HEADER = ("name", "folder", "platform", "release", "KubeAid", "Applications")


def report(clusters: tuple[ClusterInfo, ...], findings: tuple[Finding, ...], *, version: str) -> Report:
    """The report of ``kubeaid-ci clusters``."""
    return Report(
        "clusters",
        version,
        summary={"clusters": len(clusters)},
        results=clusters,
        findings=findings,
        table=Table(_HEADER, tuple(_row(cluster) for cluster in clusters)),
    )


def outputs(clusters: Sequence[ClusterInfo], *, shards: int | None = None) -> Mapping[str, str]:
    """The outputs for a CI system: how many clusters there are, their names as JSON, and the matrix."""
    names = [cluster.name for cluster in clusters]
    return {"count": str(len(names)), "clusters": json.dumps(names), "matrix": matrix(clusters, shards=shards)}


def matrix(clusters: Sequence[ClusterInfo], *, shards: int | None = None) -> str:
    """The JSON for a GitHub ``strategy.matrix``, on one line: a job for each cluster, or at most `shards` jobs.

    A shard's clusters are dealt like cards and named by their folders, with blanks between.
    """
    include = [{"cluster": cluster.name, "dir": cluster.dir} for cluster in clusters]
    if shards is not None:
        dealt = [clusters[first::shards] for first in range(min(shards, len(clusters)))]
        names = (" ".join(cluster.dir for cluster in share) for share in dealt)
        include = [{"shard": str(number), "clusters": share} for number, share in enumerate(names, 1)]
    return json.dumps({"include": include}, separators=(",", ":"))


def _row(cluster: ClusterInfo) -> tuple[str, ...]:
    known = (cluster.platform, cluster.release, cluster.kubeaid_revision)
    return (cluster.name, cluster.dir, *(part or "-" for part in known), str(len(cluster.applications)))
