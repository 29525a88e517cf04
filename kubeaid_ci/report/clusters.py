"""The list of clusters, for people and for a CI matrix."""

import json
from collections.abc import Iterable

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


def matrix(clusters: Iterable[ClusterInfo]) -> str:
    """The JSON for a GitHub ``strategy.matrix``, on one line."""
    include = [{"cluster": cluster.name, "dir": cluster.dir} for cluster in clusters]
    return json.dumps({"include": include}, separators=(",", ":")) + "\n"


def _row(cluster: ClusterInfo) -> tuple[str, ...]:
    known = (cluster.platform, cluster.release, cluster.kubeaid_revision)
    return (cluster.name, cluster.dir, *(part or "-" for part in known), str(len(cluster.applications)))
