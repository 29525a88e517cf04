"""The built monitoring of clusters against what their vars produce, as ``build --check`` compares it."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.build.build import build_clusters
from kubeaid_ci.build.rules import PINNED_REVISION_MISSING
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.sources import is_pinned, sources
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.checkout import checkout_at
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Commit, Pinned, Revision, WorkTree
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.repositories import LocalRepositories

FAMILY = "build/"


@dataclass(frozen=True, slots=True)
class Monitored:
    """A cluster whose built monitoring is in Git, and the KubeAid revisions that its Applications take."""

    cluster: Cluster
    revisions: frozenset[str]


def monitored(state: ClusterState, context: CheckContext) -> Monitored | None:
    """Return the cluster if Git has its built monitoring."""
    if not state.cluster.has_output:
        return None
    named = (source.source.revision or "HEAD" for source in sources(state, context) if source.repository == "kubeaid")
    return Monitored(state.cluster, frozenset(named))


def check_monitoring(
    repositories: LocalRepositories, clusters: Iterable[Monitored], run: RunOptions
) -> tuple[Finding, ...]:
    """Return the findings of ``build --check``.

    A cluster that names no KubeAid revision for its monitoring is built at the one that its other Applications take,
    if they agree.
    """
    by_label = {cluster.cluster.label: cluster for cluster in clusters}
    if not by_label:
        return ()
    config, revision = repositories.config, repositories.config_place("").at.revision
    with nullcontext(config) if isinstance(revision, WorkTree) else checkout_at(config, revision.name) as folder:
        dirs = [cluster.cluster.dir for cluster in by_label.values()]
        ref = repositories.kubeaid_ref
        found = _findings(folder, repositories.kubeaid, dirs, ref, run)
        if not isinstance(ref, Pinned):
            return found
        unpinned = {finding.subject for finding in found if finding.rule == PINNED_REVISION_MISSING}
        others = _by_revision(repositories.kubeaid, (by_label[label] for label in unpinned if label in by_label))
        for name, labels in others.items():
            dirs = [by_label[label].cluster.dir for label in labels]
            again = _findings(folder, repositories.kubeaid, dirs, Commit(name), run)
            found = (*(finding for finding in found if finding.subject not in labels), *again)
        return found


def _findings(folder: Path, kubeaid: Path, dirs: list[str], ref: Revision, run: RunOptions) -> tuple[Finding, ...]:
    return build_clusters(
        folder,
        kubeaid,
        clusters=dirs,
        kubeaid_ref=ref,
        engine=run.settings.engine or "rjsonnet",
        check=True,
        jobs=run.jobs,
        cache=run.cache,
        timeout=run.timeout,
        kubeaid_addresses=run.settings.repositories.kubeaid,
    ).findings


def _by_revision(kubeaid: Path, clusters: Iterable[Monitored]) -> dict[str, list[str]]:
    """Return the labels of clusters by the one KubeAid revision of their Applications, as far as it exists."""
    repository = Repository.at(kubeaid)
    found: dict[str, list[str]] = {}
    for cluster in clusters:
        if repository is None or len(cluster.revisions) != 1:
            continue
        (revision,) = cluster.revisions
        commit = repository.default_branch() if revision == "HEAD" else repository.target(revision)
        if commit is not None:
            found.setdefault(revision if is_pinned(revision) else commit, []).append(cluster.cluster.label)
    return found
