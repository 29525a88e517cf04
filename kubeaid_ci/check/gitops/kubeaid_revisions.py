"""Applications of one cluster at several KubeAid revisions."""

from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.repositories import is_pinned, sources
from kubeaid_ci.dangers.reading import listed
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import text
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

KUBEAID_REVISIONS_DIFFER = Rule(
    "gitops/kubeaid-revisions-differ",
    Severity.WARNING,
    "KubeAid's charts are tested together at one release, and here they come from several. Move the Applications that "
    "the message names, for example with the command upgrade.",
)
RULES = (KUBEAID_REVISIONS_DIFFER,)
_LABEL = "kubeaid.io/version"


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield one finding for a cluster whose Applications pin several KubeAid revisions.

    The built monitoring counts by its label, because its source is the config repo. If all Applications agree, the
    version in the general settings file must be theirs.
    """
    pins = dict(_pins(state, context))
    revisions: dict[str, list[str]] = {}
    for name, (revision, _, _) in pins.items():
        revisions.setdefault(revision, []).append(name)
    if len(revisions) > 1:
        usual = max(revisions, key=lambda revision: (len(revisions[revision]), revision))
        odd = {revision: names for revision, names in revisions.items() if revision != usual}
        parts = [f"{listed(names)} at {revision}" for revision, names in sorted(odd.items())]
        message = (
            f"{len(revisions[usual])} Applications take KubeAid at {usual}, but {'; '.join(parts)};"
            f" move them: kubeaid-ci upgrade {state.cluster.dir} --to {usual}"
        )
        _, path, line = pins[next(iter(sorted(odd.items())))[1][0]]
        yield KUBEAID_REVISIONS_DIFFER.at(path, message, subject=state.cluster.label, line=line, key="revisions")
    elif revisions:
        yield from _general(state, context, next(iter(revisions)))


def _pins(state: ClusterState, context: CheckContext) -> Iterator[tuple[str, tuple[str, str, int | None]]]:
    """Yield the pinned KubeAid revision of each Application with the place that sets it."""
    for one in sources(state, context):
        if one.repository == "kubeaid" and is_pinned(one.source.revision):
            line = places.source_line(context.files, one.app, one.source, "targetRevision")
            yield one.app.app, (one.source.revision, one.app.path, line)
    labels = {
        manifest.key.name: text(manifest.body, "metadata", "labels", _LABEL)
        for manifest in state.manifests
        if manifest.key.kind == "Application"
    }
    for app in state.apps:
        if _is_monitoring(app, state) and is_pinned(label := labels.get(app.app, "")):
            line = places.application_line(context.files, app, "metadata", "labels", _LABEL)
            yield app.app, (label, app.path, line)


def _is_monitoring(app: RenderedApp, state: ClusterState) -> bool:
    return app.application is not None and any(one.path == state.cluster.output for one in app.application.sources)


def _general(state: ClusterState, context: CheckContext, revision: str) -> Iterator[Finding]:
    general = state.cluster.general
    version = general.kubeaid_version
    if not version or version.removeprefix("v") == revision.removeprefix("v"):
        return
    found = context.files.text(general.path) or ""
    line = places.text_line(found, rf"[Vv]ersion:\s*[\"']?{version}\b")
    message = f"names KubeAid {version}, but the Applications of the cluster take {revision}; set it to {revision}"
    yield KUBEAID_REVISIONS_DIFFER.at(
        general.path, message, subject=state.cluster.label, line=line, severity=Severity.INFO, key="general"
    )
