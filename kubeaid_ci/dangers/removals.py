"""Consequences of removed objects, and of objects that move to another namespace."""

from collections.abc import Iterator

from kubeaid_ci.argocd.sync import SyncPolicy
from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Said, annotations, at, body
from kubeaid_ci.dangers.removal import Removals
from kubeaid_ci.dangers.stateful import lost_with
from kubeaid_ci.findings.finding import Severity

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
NO_REMOVALS = Removals()
"""Nothing is known of the Applications: an object's own annotation decides."""


def check(difference: Difference, removals: Removals = NO_REMOVALS) -> Iterator[Said]:
    """Return the finding about a removed object. `removals` knows which objects stay in the cluster."""
    yield from _moved(difference)
    if difference.after is None and difference.before is not None:
        yield from _removed(difference, removals)


def _removed(difference: Difference, removals: Removals) -> Iterator[Said]:
    key = difference.manifest.key
    kept = removals.reason(difference.manifest)
    if key.group == "argoproj.io" and key.kind in ("Application", "ApplicationSet"):
        yield _application(difference, kept)
    elif state := lost_with(difference.manifest):
        yield _state(state, kept, is_confirmed=removals.is_confirmed(difference.manifest))
    elif kept:
        return
    elif key.kind.endswith("Secret") or key.kind in _SECRETS:
        yield from _secret(difference)
    elif _guards_traffic(difference):
        yield Said(rules.NETWORK_OPENED, "the policy is removed: the traffic that it kept out is let through")
    elif protection := _PROTECTION.get((key.group, key.kind)) or (_ADMITS if key.group in _ADMISSION_GROUPS else ""):
        yield Said(rules.PROTECTION_REMOVED, f"it is removed: {protection}")
    elif (key.group, key.kind) == ("monitoring.coreos.com", "PrometheusRule"):
        yield Said(rules.PROTECTION_REMOVED, "it is removed: its alerts will stop firing", Severity.INFO)


def _state(what: str, kept: str, *, is_confirmed: bool) -> Said:
    if kept:
        message = f"it leaves Git and stays in the cluster ({kept}): nothing manages it any more"
        return Said(rules.STATE_REMOVED, message, Severity.WARNING)
    condition = "once somebody confirms it" if is_confirmed else "where pruning is on"
    return Said(rules.STATE_REMOVED, f"the sync deletes it, {condition}: {what}")


def _secret(difference: Difference) -> Iterator[Said]:
    if difference.manifest.key.kind in _SECRETS:
        yield Said(rules.SECRET_REMOVED, "the sync deletes it; secrets that come through it are not renewed any more")
    elif "helm.sh/hook" not in annotations(
        difference.before
    ):  # a hook's secret is removed with the hook, nothing else uses it
        yield Said(rules.SECRET_REMOVED, "the sync deletes this secret; pods that use it will not start")


def _guards_traffic(difference: Difference) -> bool:
    key = difference.manifest.key
    policy = key.kind.endswith("NetworkPolicy") and key.group in _NETWORK_GROUPS
    return policy or (key.group == "security.istio.io" and key.kind in _MESH)


def _application(difference: Difference, kept: str) -> Said:
    key, before = difference.manifest.key, body(difference.before)
    if kept:
        message = f"{key.kind} {key.name} leaves Git and stays in the cluster, with what it deployed ({kept})"
        return Said(rules.APPLICATION_REMOVED, message, Severity.WARNING)
    if key.kind == "ApplicationSet":
        gone = at(before, "spec", "syncPolicy", "preserveResourcesOnDeletion") is not True
        name = f"ApplicationSet {key.name}, the Applications that it made"
    else:
        gone = SyncPolicy.parse(before).cascades
        name = f"Application {key.name}"
    if gone:
        return Said(rules.APPLICATION_REMOVED, f"the sync deletes {name} and everything that it deployed")
    message = f"{name} is removed; what it deployed stays in the cluster, and nothing manages it any more"
    return Said(rules.APPLICATION_REMOVED, message, Severity.WARNING)


def _moved(difference: Difference) -> Iterator[Said]:
    before, after = difference.renamed_from, difference.after
    if before is not None and after is not None and before.key.namespace != after.key.namespace:
        old, new = before.key.namespace or "(none)", after.key.namespace or "(none)"
        yield Said(rules.NAMESPACE_MOVED, f"deleted in namespace {old} and recreated in namespace {new}")
