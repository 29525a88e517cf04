"""Effects of removed objects, and of objects that move to another namespace.

By the rules of Argo CD, some objects stay in the cluster although they are removed from Git.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from kubeaid_ci.argocd.application import APPLICATION_SET
from kubeaid_ci.argocd.sync import NO_POLICY, SyncPolicy, object_options, option_value
from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, annotations, at, body, mapping
from kubeaid_ci.dangers.stateful import lost_with
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.rendering import RenderedApp

_SET = ("argoproj.io", "ApplicationSet")
_HELM_POLICY = "helm.sh/resource-policy"
_ADMITS = "what it refused is admitted"
_ISSUES = "the certificates that it issued are not renewed"
_UNANSWERED = "what it changed or added in new objects is missing in them"
_PROTECTION = {
    ("policy", "PodDisruptionBudget"): "nodes may be drained of all its pods at once",
    ("autoscaling", "HorizontalPodAutoscaler"): "the number of pods no longer follows the load",
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): "what pods ask for no longer follows what they use",
    ("keda.sh", "ScaledObject"): "the number of pods no longer follows the load",
    ("", "LimitRange"): "containers without limits of their own have none",
    ("", "ResourceQuota"): "the namespace may use all there is",
    ("scheduling.k8s.io", "PriorityClass"): "pods that name it are refused",
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): _UNANSWERED,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _UNANSWERED,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _UNANSWERED,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _ADMITS,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _ADMITS,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _ADMITS,
    ("kyverno.io", "ClusterPolicy"): _ADMITS,
    ("kyverno.io", "Policy"): _ADMITS,
    ("cert-manager.io", "Certificate"): "it is not renewed any more",
    ("cert-manager.io", "ClusterIssuer"): _ISSUES,
    ("cert-manager.io", "Issuer"): _ISSUES,
    ("argoproj.io", "AppProject"): "its Applications do not sync any more",
}
_ADMISSION_GROUPS = frozenset({"constraints.gatekeeper.sh", "policies.kyverno.io", "templates.gatekeeper.sh"})
_NETWORK_GROUPS = frozenset(
    {"networking.k8s.io", "cilium.io", "crd.projectcalico.org", "projectcalico.org", "policy.networking.k8s.io"}
)
_MESH = frozenset({"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"})
_SECRETS = frozenset({"ClusterSecretStore", "OnePasswordItem", "SecretProviderClass", "SecretStore"})


@dataclass(frozen=True, slots=True)
class Removals:
    """Decides what happens to objects that are removed from Git.

    `staying` has an entry for each Application that goes: why its objects stay in the cluster, or an empty text if
    Argo CD deletes them with it. `policies` are those that decide: after the change, or before it for one that goes.
    """

    staying: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, SyncPolicy] = field(default_factory=dict)
    made: Mapping[ObjectId, str] = field(default_factory=dict)
    """Why an Application that an ApplicationSet makes and that goes stays itself; empty if it is deleted."""

    @classmethod
    def of(cls, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp]) -> Self:
        """Read the Applications of one cluster, by name."""
        gone = [name for name in before if name not in after]
        staying = {name: _staying(name, before, after, frozenset()) for name in gone}
        made = {
            app.made.key: _application_stays(app, before, after, frozenset({name}))
            for name in gone
            if (app := before[name]).made
        }
        return cls(staying, {name: app.sync for name, app in {**before, **after}.items()}, made)

    def reason(self, manifest: Manifest) -> str:
        """Return why an object that leaves Git stays in the cluster; empty if Argo CD deletes it."""
        if manifest.key in self.made:
            return self.made[manifest.key]
        policy = self.policies.get(manifest.app, NO_POLICY)
        own = object_options(manifest.body)
        if manifest.app in self.staying:
            return self.staying[manifest.app] or _not_deleted(manifest) or _kept_by(own, policy, "Delete")
        return _kept_by(own, policy, "Prune")

    def is_confirmed(self, manifest: Manifest) -> bool:
        """True if Argo CD deletes the object only after a person has confirmed it."""
        option = "Delete" if manifest.app in self.staying else "Prune"
        options = (*object_options(manifest.body), *self.policies.get(manifest.app, NO_POLICY).options)
        return option_value(options, option) == "confirm"


NO_REMOVALS = Removals()
"""Nothing is known of the Applications: an object's own annotation decides."""


def check(difference: Difference, removals: Removals = NO_REMOVALS) -> Iterator[Draft]:
    """Return the finding about a removed object. `removals` knows which objects stay in the cluster."""
    yield from _moved(difference)
    if difference.after is None and difference.before is not None:
        yield from _removed(difference, removals)


def _removed(difference: Difference, removals: Removals) -> Iterator[Draft]:
    key = difference.manifest.key
    reason = removals.reason(difference.manifest)
    if key.group == "argoproj.io" and key.kind in ("Application", "ApplicationSet"):
        yield _application(difference, reason)
    elif state := lost_with(difference.manifest):
        yield _state(state, reason, is_confirmed=removals.is_confirmed(difference.manifest))
    elif reason:
        return
    elif key.kind.endswith("Secret") or key.kind in _SECRETS:
        yield from _secret(difference)
    elif _guards_traffic(difference):
        yield Draft(rules.NETWORK_OPENED, "the policy is removed: the traffic that it kept out is let through")
    elif protection := _PROTECTION.get((key.group, key.kind)) or (_ADMITS if key.group in _ADMISSION_GROUPS else ""):
        yield Draft(rules.PROTECTION_REMOVED, f"it is removed: {protection}")
    elif (key.group, key.kind) == ("monitoring.coreos.com", "PrometheusRule"):
        yield Draft(rules.PROTECTION_REMOVED, "it is removed: its alerts will stop firing", Severity.INFO)


def _state(what: str, reason: str, *, is_confirmed: bool) -> Draft:
    if reason:
        message = f"it leaves Git and stays in the cluster ({reason}): nothing manages it any more"
        return Draft(rules.STATE_REMOVED, message, Severity.WARNING)
    condition = "once somebody confirms it" if is_confirmed else "where pruning is on"
    return Draft(rules.STATE_REMOVED, f"the sync deletes it, {condition}: {what}")


def _secret(difference: Difference) -> Iterator[Draft]:
    if difference.manifest.key.kind in _SECRETS:
        yield Draft(rules.SECRET_REMOVED, "the sync deletes it; secrets that come through it are not renewed any more")
    elif "helm.sh/hook" not in annotations(
        difference.before
    ):  # a hook's secret is removed with the hook, nothing else uses it
        yield Draft(rules.SECRET_REMOVED, "the sync deletes this secret; pods that use it will not start")


def _guards_traffic(difference: Difference) -> bool:
    key = difference.manifest.key
    policy = key.kind.endswith("NetworkPolicy") and key.group in _NETWORK_GROUPS
    return policy or (key.group == "security.istio.io" and key.kind in _MESH)


def _application(difference: Difference, reason: str) -> Draft:
    key, before = difference.manifest.key, body(difference.before)
    if reason:
        message = f"{key.kind} {key.name} leaves Git and stays in the cluster, with what it deployed ({reason})"
        return Draft(rules.APPLICATION_REMOVED, message, Severity.WARNING)
    if key.kind == "ApplicationSet":
        gone = at(before, "spec", "syncPolicy", "preserveResourcesOnDeletion") is not True
        name = f"ApplicationSet {key.name}, the Applications that it made"
    else:
        gone = SyncPolicy.parse(before).cascades
        name = f"Application {key.name}"
    if gone:
        return Draft(rules.APPLICATION_REMOVED, f"the sync deletes {name} and everything that it deployed")
    message = f"{name} is removed; what it deployed stays in the cluster, and nothing manages it any more"
    return Draft(rules.APPLICATION_REMOVED, message, Severity.WARNING)


def _moved(difference: Difference) -> Iterator[Draft]:
    before, after = difference.renamed_from, difference.after
    if before is not None and after is not None and before.key.namespace != after.key.namespace:
        old, new = before.key.namespace or "(none)", after.key.namespace or "(none)"
        yield Draft(rules.NAMESPACE_MOVED, f"deleted in namespace {old} and recreated in namespace {new}")


def _not_deleted(manifest: Manifest) -> str:
    """Return why Argo CD keeps an object when it deletes the Application (`shouldBeDeleted`); not for pruning."""
    if (manifest.key.group, manifest.key.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return "Argo CD deletes no CustomResourceDefinitions with an Application"
    policies = mapping(manifest.body, "metadata", "annotations").get(_HELM_POLICY)
    is_kept = isinstance(policies, str) and "keep" in (part.strip() for part in policies.split(","))
    return f"{_HELM_POLICY}: keep" if is_kept else ""


def _kept_by(own: tuple[str, ...], policy: SyncPolicy, option: str) -> str:
    """Return the option that keeps an object; its own overrides its Application's (Argo CD's docs, sync options)."""
    if option_value((*own, *policy.options), option) == "false":
        return f"{option}=false"
    return ""


def _staying(
    name: str, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp], above: frozenset[str]
) -> str:
    """Return why the objects of an Application that goes stay: it is not deleted itself, or does not delete them."""
    app = before[name]
    if reason := _application_stays(app, before, after, above | {name}):
        return reason
    return "" if app.sync.cascades else f"Application {name} has no finalizer resources-finalizer.argocd.argoproj.io"


def _application_stays(
    app: RenderedApp, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp], above: frozenset[str]
) -> str:
    """Return why the Application itself is not deleted; empty if it is."""
    holder, policy = app.holder, app.sync
    if policy.application_set:
        # Deleted by the controller or with the set that owns it, whatever the Application's own options.
        return _set_keeps(app, before, after, above)
    if holder in after:
        reason = _kept_by(policy.own_options, after[holder].sync, "Prune")
        return f"Application {app.app} stays: {reason}" if reason else ""
    if holder in before and holder not in above:
        reason = _staying(holder, before, after, above) or _kept_by(policy.own_options, before[holder].sync, "Delete")
        return f"Application {app.app} stays: {reason}" if reason else ""
    return ""


def _set_keeps(
    app: RenderedApp, before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp], above: frozenset[str]
) -> str:
    """Return why an ApplicationSet leaves an Application that it made; empty if it is deleted."""
    holder, policy = app.holder, app.sync
    if holder in after and _made_by(app, after[holder]):
        option = policy.keeps_applications
        return f"{policy.application_set} keeps its Applications ({option})" if option else ""
    was = _made_by(app, before[holder]) if holder in before else None
    own = object_options(was.body) if was else ()
    if holder in after:
        reason = _kept_by(own, after[holder].sync, "Prune")
    elif holder in before and holder not in above:
        reason = _staying(holder, before, after, above) or _kept_by(own, before[holder].sync, "Delete")
    else:
        reason = ""
    return f"{policy.application_set} stays: {reason}" if reason else ""


def _made_by(app: RenderedApp, holder: RenderedApp) -> Manifest | None:
    """Return the ApplicationSet of an Application among the objects of its holder; None if it does not exist."""
    name = app.sync.application_set.rpartition(APPLICATION_SET)[2]
    sets = (one for one in holder.manifests if (one.key.group, one.key.kind) == _SET)
    return next((one for one in sets if one.key.name == name), None)
