"""Revisions and releases: they move, differ between Applications, or do not fit the cluster."""

import re
from collections.abc import Iterator, Mapping

from kubeaid_ci.argocd.application import Source
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.sources import NamedSource, is_pinned, sources
from kubeaid_ci.dangers.reading import listed
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import text
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

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
KUBEAID_REVISIONS_DIFFER = Rule(
    "gitops/kubeaid-revisions-differ",
    Severity.WARNING,
    "KubeAid's charts are tested together at one release, and here they come from several. Move the Applications that "
    "the message names, for example with the command upgrade.",
)
RELEASE_INCOMPATIBLE = Rule(
    "gitops/release-incompatible",
    Severity.WARNING,
    "The kube-prometheus release is not made for the cluster's version of Kubernetes, so rules and dashboards may read "
    "metrics that do not exist. Set kube_prometheus_version to a release that supports it.",
)
RULES = (UNPINNED, REVISIONS_MIXED, KUBEAID_REVISIONS_DIFFER, RELEASE_INCOMPATIBLE)

_LABEL = "kubeaid.io/version"
# Minor versions of Kubernetes 1 that a release supports, as the platform documents them; others are not judged.
_SUPPORTED: Mapping[str, tuple[int, int]] = {
    "v0.13": (26, 28),
    "v0.16": (32, 34),
    "v0.17": (33, 35),
    "v0.18": (33, 35),
}
_RELEASE = re.compile(r"kube_prometheus_version[\"']?\s*:\s*[\"'](v?\d+\.\d+)")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield what is wrong with the revisions of Applications and the release of the monitoring."""
    yield from _pinning(state, context)
    yield from _kubeaid(state, context)
    yield from _release(state, context)


def _pinning(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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


def _unpinned(source: NamedSource, context: CheckContext, label: str) -> Finding:
    revision = source.source.revision
    follows = {"": "the default branch, because targetRevision is not set", "HEAD": "the default branch (HEAD)"}
    what = (
        f"chart {source.source.chart} of {source.source.shown_url}" if source.source.chart else source.source.shown_url
    )
    message = f"{what} is not pinned: it follows {follows.get(revision, revision)}"
    line = places.source_line(context.files, source.app, source.source, "targetRevision")
    key = f"{source.source.shown_url} {source.source.path} {source.source.chart}"
    return UNPINNED.at(source.app.path, message, subject=f"{label}/{source.app.app}", line=line, key=key)


def _revision(source: Source) -> str:
    return source.revision or "HEAD"


def _kubeaid(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
    for source in sources(state, context):
        if source.repository == "kubeaid" and is_pinned(source.source.revision):
            line = places.source_line(context.files, source.app, source.source, "targetRevision")
            yield source.app.app, (source.source.revision, source.app.path, line)
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
    return app.application is not None and any(
        source.path == state.cluster.output for source in app.application.sources
    )


def _general(state: ClusterState, context: CheckContext, revision: str) -> Iterator[Finding]:
    general = state.cluster.general
    version = general.kubeaid_version
    if not version or version.removeprefix("v") == revision.removeprefix("v"):
        return
    found = context.files.text(general.path) or ""
    line = places.text_line(found, rf"[Vv]ersion:\s*[\"']?{re.escape(version)}")
    message = f"names KubeAid {version}, but the Applications of the cluster take {revision}; set it to {revision}"
    yield KUBEAID_REVISIONS_DIFFER.at(
        general.path, message, subject=state.cluster.label, line=line, severity=Severity.INFO, key="general"
    )


def _release(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding if the release of the vars file does not support a version of Kubernetes that Git states."""
    vars_file = state.cluster.vars_file
    found = context.files.text(vars_file) if vars_file else None
    match = _RELEASE.search(found) if found else None
    if not (vars_file and found and match) or state.version_from == "default":
        return
    release = f"v{match[1].removeprefix('v')}"
    first, last = _SUPPORTED.get(release, (0, 0))
    minor = state.version.release[1]
    if not last or first <= minor <= last:
        return
    fitting = [name for name, (low, high) in _SUPPORTED.items() if low <= minor <= high]
    advice = f"; {' and '.join(fitting)} support it" if fitting else ""
    message = f"kube-prometheus {release} supports Kubernetes 1.{first} to 1.{last}, the cluster has 1.{minor}{advice}"
    line = places.text_line(found, _RELEASE.pattern)
    yield RELEASE_INCOMPATIBLE.at(vars_file, message, subject=state.cluster.label, line=line, key="release")
