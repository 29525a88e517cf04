"""Revisions that move, differ, or contradict each other."""

from collections.abc import Iterator

from kubeaid_ci.argocd.application import Source
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.repositories import NamedSource, is_pinned, sources
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

UNPINNED = Rule(
    "gitops/unpinned",
    Severity.WARNING,
    "The source follows a branch or a range, so what the cluster runs changes without a commit in its config repo. "
    "Set targetRevision to a release or a commit.",
)
REVISIONS_MIXED = Rule(
    "gitops/revisions-mixed",
    Severity.ERROR,
    "Argo CD refuses an Application that takes one repository at two revisions. Set one targetRevision for all its "
    "sources from that repository, or split the Application.",
)
RULES = (UNPINNED, REVISIONS_MIXED)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield sources that are not pinned, and Applications with one repository at two revisions."""
    named = list(sources(state, context))
    for one in named:
        is_repository = bool(one.source.chart or (one.source.remote and not one.source.remote.is_local))
        if is_repository and one.repository != "config" and not is_pinned(one.source.revision):
            yield _unpinned(one, context, state.cluster.label)
    for app in state.apps:
        revisions: dict[object, Source] = {}
        for source in app.application.sources if app.application else ():
            remote = None if source.chart else source.remote
            first = revisions.setdefault(remote, source) if remote else source
            if _revision(first) != _revision(source):
                message = (
                    f"takes {source.shown_url} at {_revision(first)} and at {_revision(source)}, which Argo CD refuses"
                )
                line = places.source_line(context.files, app, source, "targetRevision")
                yield REVISIONS_MIXED.at(
                    app.path, message, subject=f"{state.cluster.label}/{app.app}", line=line, key="mixed"
                )
                break


def _unpinned(one: NamedSource, context: CheckContext, label: str) -> Finding:
    revision = one.source.revision
    follows = {"": "the default branch, because targetRevision is not set", "HEAD": "the default branch (HEAD)"}
    what = f"chart {one.source.chart} of {one.source.shown_url}" if one.source.chart else one.source.shown_url
    message = f"{what} is not pinned: it follows {follows.get(revision, revision)}"
    line = places.source_line(context.files, one.app, one.source, "targetRevision")
    key = f"{one.source.shown_url} {one.source.path} {one.source.chart}"
    return UNPINNED.at(one.app.path, message, subject=f"{label}/{one.app.app}", line=line, key=key)


def _revision(source: Source) -> str:
    return source.revision or "HEAD"
