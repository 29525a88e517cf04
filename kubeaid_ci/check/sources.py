"""The repositories that the Applications of a cluster name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubeaid_ci.argocd.application import Source
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

_VERSION = re.compile(r"(?:refs/tags/.+|v?\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.+-]*[0-9A-Za-z])?)")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source, its Application, and which repository it is in: ``config``, ``kubeaid``, empty for any other."""

    app: RenderedApp
    source: Source
    repository: str


def sources(state: ClusterState, context: CheckContext) -> Iterator[NamedSource]:
    """Yield every source of every Application, those that are only there for their values included."""
    known = _known(state, context)
    for app in state.apps:
        for source in app.application.sources if app.application else ():
            planned = next((plan.repository for plan in app.sources if plan.source is source), "")
            remote = None if source.chart else source.remote
            yield NamedSource(app, source, planned or (known.get(remote, "") if remote else ""))


def root(state: ClusterState) -> RenderedApp | None:
    """Return the root Application; None if Git does not have it."""
    folder = f"{state.cluster.path}/argocd-apps"
    apps = [app for app in state.apps if not app.holder and app.application and app.path != folder]
    return next(
        (app for app in apps if app.application and any(source.path == folder for source in app.application.sources)),
        None,
    )


def is_pinned(revision: str) -> bool:
    """Return whether a revision is a version, a tag or a commit. A branch or a range of versions moves."""
    return any(pattern.fullmatch(revision) for pattern in (_VERSION, _COMMIT, _DIGEST))


def _known(state: ClusterState, context: CheckContext) -> dict[Remote, str]:
    known: dict[Remote, str] = {}
    for app in state.apps:
        for plan in app.sources:
            if plan.repository and plan.source.remote:
                known[plan.source.remote] = plan.repository
    known |= dict.fromkeys(state.cluster.general.kubeaid, "kubeaid")
    if context.origin:
        known[context.origin] = "config"
    if (named := root(state)) and named.application:
        folder = f"{state.cluster.path}/argocd-apps"
        known |= {
            source.remote: "config" for source in named.application.sources if source.path == folder and source.remote
        }
    return known
