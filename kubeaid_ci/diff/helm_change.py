"""Effects on a cluster if its Argo CD includes another version of Helm."""

from collections.abc import Iterable, Mapping, Sequence

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.compare.objects import differences
from kubeaid_ci.compare.shown import path
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.dangers.rules import HELM_ENGINE
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.side_app import SideApp
from kubeaid_ci.render.task import Note

_MAX_OBJECTS, _MAX_FIELDS = 10, 5


def crossed(
    clusters: Sequence[Cluster],
    was: Mapping[str, ClusterHelm],
    now: Mapping[str, ClusterHelm],
    apps: Sequence[SideApp],
    renderer: Renderer,
) -> list[Finding]:
    """Return a finding for each cluster whose Helm treats charts differently after the change.

    To name the objects that change because of it, the Applications after the change are rendered once more, with the
    rules before it.
    """
    moved = [cluster for cluster in clusters if was[cluster.dir].rules is not now[cluster.dir].rules]
    found = []
    for cluster in moved:
        after = [app for app in apps if app.target.folder == cluster.dir and app.by_helm]
        before = [app.with_helm(was[cluster.dir].rules) for app in after]
        renderer.render(part for app in before for part, _ in app.parts if not isinstance(part, Note))
        changed = differences(_manifests(before, renderer), _manifests(after, renderer))
        real = [one for one in changed if one.counts]
        message = f"{was[cluster.dir]} is replaced by {now[cluster.dir]}, which treats nulls in values differently"
        severity = None if real else Severity.INFO
        found.append(
            HELM_ENGINE.at(
                cluster.path, f"{message}: {_listed(real)}", subject=cluster.name, severity=severity, key=message
            )
        )
    return found


def _manifests(apps: Iterable[SideApp], renderer: Renderer) -> list[Manifest]:
    return [manifest for app in apps for manifest in app.told(renderer)[0].manifests]


def _listed(changed: Sequence[Difference]) -> str:
    if not changed:
        return "no object changes because of it"
    names = [_named(one) for one in changed[:_MAX_OBJECTS]]
    more = f" and {len(changed) - _MAX_OBJECTS} more" if len(changed) > _MAX_OBJECTS else ""
    objects = "1 object changes" if len(changed) == 1 else f"{len(changed)} objects change"
    return f"{objects} because of it: {', '.join(names)}{more}"


def _named(one: Difference) -> str:
    fields = [path(delta.steps) for delta in one.deltas if not delta.noise]
    more = f", {len(fields) - _MAX_FIELDS} more" if len(fields) > _MAX_FIELDS else ""
    shown = f" ({', '.join(fields[:_MAX_FIELDS])}{more})" if fields else f" ({one.action})"
    return f"{one.manifest.app}: {one.manifest.key}{shown}"
