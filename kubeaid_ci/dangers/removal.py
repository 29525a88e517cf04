"""Objects that stay in a cluster although they are removed from Git, by the rules of Argo CD."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from kubeaid_ci.argocd.sync import NO_POLICY, SyncPolicy, object_options, option_value
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.rendering import RenderedApp

_SET = ("argoproj.io", "ApplicationSet")


@dataclass(frozen=True, slots=True)
class Removals:
    """Decides what happens to objects that are removed from Git.

    `staying` has an entry for each Application that goes: why its objects stay in the cluster, or an empty text if
    Argo CD deletes them with it. `policies` are those that decide: after the change, or before it for one that goes.
    """

    staying: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, SyncPolicy] = field(default_factory=dict)

    @classmethod
    def of(cls, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp]) -> Self:
        """Read the Applications of one cluster, by name."""
        gone = [name for name in before if name not in after]
        staying = {name: _staying(name, before, after, frozenset()) for name in gone}
        return cls(staying, {name: app.sync for name, app in {**before, **after}.items()})

    def reason(self, manifest: Manifest) -> str:
        """Return why an object that leaves Git stays in the cluster; empty if Argo CD deletes it."""
        policy = self.policies.get(manifest.app, NO_POLICY)
        own = object_options(manifest.body)
        if manifest.app in self.staying:
            return self.staying[manifest.app] or _kept(own, policy, "Delete")
        return _kept(own, policy, "Prune")

    def is_confirmed(self, manifest: Manifest) -> bool:
        """True if Argo CD deletes the object only after a person has confirmed it."""
        option = "Delete" if manifest.app in self.staying else "Prune"
        options = (*object_options(manifest.body), *self.policies.get(manifest.app, NO_POLICY).options)
        return option_value(options, option) == "confirm"


def _kept(own: tuple[str, ...], policy: SyncPolicy, option: str) -> str:
    """An option of the object goes before one of its Application (Argo CD's docs, sync options)."""
    if option_value((*own, *policy.options), option) == "false":
        return f"{option}=false"
    return ""


def _staying(
    name: str, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp], above: frozenset[str]
) -> str:
    """Why the objects of an Application that goes stay: it is not deleted itself, or does not delete them."""
    app = before[name]
    if reason := _application_stays(app, before, after, above | {name}):
        return reason
    return "" if app.sync.cascades else f"Application {name} has no finalizer resources-finalizer.argocd.argoproj.io"


def _application_stays(
    app: RenderedApp, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp], above: frozenset[str]
) -> str:
    """Why the Application itself is not deleted; empty if it is."""
    holder, policy = app.holder, app.sync
    if policy.application_set and policy.keeps_applications and holder in after:
        names = {one.key.name for one in after[holder].manifests if (one.key.group, one.key.kind) == _SET}
        if policy.application_set in names:
            return f"ApplicationSet {policy.application_set} keeps its Applications ({policy.keeps_applications})"
    if policy.application_set:
        return ""  # deleted by the controller or with the set that owns it, whatever the Application's own options
    if holder in after:
        kept = _kept(policy.own_options, after[holder].sync, "Prune")
        return f"Application {app.app} stays: {kept}" if kept else ""
    if holder in before and holder not in above:
        kept = _staying(holder, before, after, above) or _kept(policy.own_options, before[holder].sync, "Delete")
        return f"Application {app.app} stays: {kept}" if kept else ""
    return ""
