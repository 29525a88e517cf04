"""Committed manifests that are not what a build gives."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges import output
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.finding import Finding


def stale(
    cluster: Cluster, root: Path, written: Sequence[str], removed: Sequence[str], built: Mapping[str, str]
) -> Finding:
    """Return the finding about a cluster's committed manifests, below the config repo at `root`.

    `written` and `removed` are paths in the cluster's output folder, `built` has the SHA-256 of every built file.
    What was committed and what was built are part of the finding: another difference is another finding.
    """
    folder = root / cluster.output
    committed = {path: output.read(folder, path) for path in (*written, *removed)}
    lines = [f"{path}\0{digest_or_none(data)}\0{built.get(path)}" for path, data in sorted(committed.items())]
    content = output.digest("\n".join(lines).encode("utf-8", "surrogateescape"))
    counts = f"{len(written)} files to update, {len(removed)} to delete"
    message = f"manifests are out of date: {counts}"
    return RULES["build/stale"].at(cluster.output, message, subject=cluster.label, key="stale", content=content)


def digest_or_none(data: bytes | None) -> str:
    """Return the SHA-256 of a file, or a word if there is no file."""
    return "none" if data is None else output.digest(data)
