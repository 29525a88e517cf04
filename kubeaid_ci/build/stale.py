"""Committed manifests that are not what a build gives."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.build import output
from kubeaid_ci.build.rules import STALE
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import PINNED, Revision
from kubeaid_ci.git.source_files import FolderRef
from kubeaid_ci.net.address import Remote
from kubeaid_ci.repositories.kubeaid import BUILD, KubeAid, resolve


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
    counts = f"{len(written)} {'file' if len(written) == 1 else 'files'} to update, {len(removed)} to delete"
    message = f"manifests are out of date: {counts}"
    return STALE.at(cluster.output, message, subject=cluster.label, key="stale", content=content)


def with_pinned(
    findings: Sequence[Finding],
    root: Path,
    ref: Revision,
    config: Path,
    clusters: Sequence[Cluster],
    *,
    addresses: frozenset[Remote] = frozenset(),
) -> tuple[Finding, ...]:
    """Return findings of which the stale ones name both KubeAid revisions, if the cluster pins another one.

    `root` is the KubeAid repo, `addresses` are those it has besides its origin, and `ref` is the revision that all
    clusters were built from.
    """
    stale_ones = {one.subject for one in findings if one.rule.id == STALE.id}
    about = tuple(cluster for cluster in clusters if cluster.label in stale_ones)
    repository = Repository.at(root)
    if not about or repository is None:
        return tuple(findings)
    used = resolve(root, ref, config, about)
    pinned = resolve(root, PINNED, config, about, addresses=addresses)
    advice = {one.label: _other_revision(repository, used[one.dir], pinned[one.dir], one) for one in about}
    return tuple(
        replace(one, message=one.message + advice[one.subject]) if one.subject in stale_ones else one
        for one in findings
    )


def _other_revision(
    repository: Repository, used: KubeAid | Finding, pinned: KubeAid | Finding, cluster: Cluster
) -> str:
    """Return what to add to a message if a cluster pins other KubeAid files than it was built from."""
    if isinstance(used, Finding) or isinstance(pinned, Finding):
        return ""
    is_dirty = isinstance(used.at, FolderRef) and repository.is_dirty(BUILD)
    if not is_dirty and (used.tree or repository.tree("HEAD", BUILD)) == pinned.tree:
        return ""
    command = f"kubeaid-ci build {shlex.quote(cluster.dir)} --check --kubeaid-ref pinned"
    revision = f"{used.revision}-dirty" if is_dirty else used.revision
    what = f"built from KubeAid {revision}, but the cluster pins {pinned.revision}"
    return f"; {what}: to compare with that, run {command}"


def digest_or_none(data: bytes | None) -> str:
    """Return the SHA-256 of a file, or a word if there is no file."""
    return "none" if data is None else output.digest(data)
