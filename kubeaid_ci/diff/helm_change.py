"""Effects on a cluster if its Argo CD includes another version of Helm."""

from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.compare.display import path
from kubeaid_ci.compare.objects import differences
from kubeaid_ci.dangers.rules import HELM_ENGINE
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.cluster_state import ClusterState, SideApp
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.task import Note

_MAX_OBJECTS, _MAX_FIELDS = 10, 5


def crossed(old: ClusterState, new: ClusterState, renderer: Renderer) -> Iterator[Finding]:
    """Yield a finding for a cluster whose Helm treats charts differently after the change.

    To name the objects that change because of it, the Applications after the change are rendered again, with the
    rules before it.
    """
    if old.helm.rules is new.helm.rules:
        return
    after = [app for app in new.side_apps if app.by_helm]
    before = [app.with_helm(old.helm) for app in after]
    renderer.render(part for app in before for part, _ in app.parts if not isinstance(part, Note))
    real = [
        difference
        for difference in differences(_manifests(before, renderer), _manifests(after, renderer))
        if difference.counts
    ]
    message = f"{old.helm} is replaced by {new.helm}, which renders some charts differently"
    severity = None if real else Severity.INFO
    cluster = new.cluster
    yield HELM_ENGINE.at(
        cluster.path, f"{message}: {_listed(real)}", subject=cluster.name, severity=severity, key=message
    )


def _manifests(apps: Iterable[SideApp], renderer: Renderer) -> list[Manifest]:
    return [manifest for app in apps for manifest in app.result(renderer)[0].manifests]


def _listed(changed: Sequence[Difference]) -> str:
    if not changed:
        return "no object changes because of it"
    names = [_named(difference) for difference in changed[:_MAX_OBJECTS]]
    more = f" and {len(changed) - _MAX_OBJECTS} more" if len(changed) > _MAX_OBJECTS else ""
    objects = "1 object changes" if len(changed) == 1 else f"{len(changed)} objects change"
    return f"{objects} because of it: {', '.join(names)}{more}"


def _named(difference: Difference) -> str:
    fields = [path(delta.steps) for delta in difference.deltas if not delta.noise]
    more = f", {len(fields) - _MAX_FIELDS} more" if len(fields) > _MAX_FIELDS else ""
    details = f" ({', '.join(fields[:_MAX_FIELDS])}{more})" if fields else f" ({difference.action})"
    return f"{difference.manifest.app}: {difference.manifest.key}{details}"
