"""What goes with an object that is removed, and objects that another namespace holds from now on."""

from collections.abc import Iterator

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.reading import Said, annotations, at, body, sync_options, texts
from kubeaid_ci.checks.dangers.stateful import lost_with
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.finding import Severity

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
_FINALIZER = "resources-finalizer.argocd.argoproj.io"


def check(difference: Difference) -> Iterator[Said]:
    """What is lost with an object that goes."""
    yield from _moved(difference)
    if difference.after is None and difference.before is not None:
        yield from _removed(difference)


def _removed(difference: Difference) -> Iterator[Said]:
    key = difference.manifest.key
    kept = "Prune=false" in sync_options(difference.before)
    if key.group == "argoproj.io" and key.kind in ("Application", "ApplicationSet"):
        yield _application(difference)
    elif state := lost_with(difference.manifest):
        yield _state(state, kept=kept)
    elif kept:
        return
    elif key.kind.endswith("Secret") or key.kind in _SECRETS:
        yield from _secret(difference)
    elif _guards_traffic(difference):
        yield Said(rules.NETWORK_OPENED, "the policy is removed: the traffic that it kept out is let through")
    elif protection := _PROTECTION.get((key.group, key.kind)) or (_ADMITS if key.group in _ADMISSION_GROUPS else ""):
        yield Said(rules.PROTECTION_REMOVED, f"it is removed: {protection}")
    elif (key.group, key.kind) == ("monitoring.coreos.com", "PrometheusRule"):
        yield Said(rules.PROTECTION_REMOVED, "it is removed: its alerts do not fire any more", Severity.INFO)


def _state(what: str, *, kept: bool) -> Said:
    if kept:
        message = "it leaves Git, and stays in the cluster because of Prune=false: nothing cares for it from then on"
        return Said(rules.STATE_REMOVED, message, Severity.WARNING)
    return Said(rules.STATE_REMOVED, f"the sync deletes it, where pruning is on: {what}")


def _secret(difference: Difference) -> Iterator[Said]:
    if difference.manifest.key.kind in _SECRETS:
        yield Said(rules.SECRET_REMOVED, "the sync deletes it; secrets that come through it are not renewed any more")
    elif "helm.sh/hook" not in annotations(difference.before):  # that of a hook goes with the hook, nobody else uses it
        yield Said(rules.SECRET_REMOVED, "the sync deletes this secret; pods that use it will not start")


def _guards_traffic(difference: Difference) -> bool:
    key = difference.manifest.key
    policy = key.kind.endswith("NetworkPolicy") and key.group in _NETWORK_GROUPS
    return policy or (key.group == "security.istio.io" and key.kind in _MESH)


def _application(difference: Difference) -> Said:
    key, before = difference.manifest.key, body(difference.before)
    if key.kind == "ApplicationSet":
        gone = at(before, "spec", "syncPolicy", "preserveResourcesOnDeletion") is not True
        name = f"ApplicationSet {key.name}, the Applications that it made"
    else:
        gone = any(entry.startswith(_FINALIZER) for entry in texts(before, "metadata", "finalizers"))
        name = f"Application {key.name}"
    if gone:
        return Said(rules.APPLICATION_REMOVED, f"the sync deletes {name} and everything that it deployed")
    message = f"{name} is removed; what it deployed stays in the cluster, and nothing cares for it from then on"
    return Said(rules.APPLICATION_REMOVED, message, Severity.WARNING)


def _moved(difference: Difference) -> Iterator[Said]:
    before, after = difference.renamed_from, difference.after
    if before is not None and after is not None and before.key.namespace != after.key.namespace:
        old, new = before.key.namespace or "(none)", after.key.namespace or "(none)"
        yield Said(rules.NAMESPACE_MOVED, f"it is deleted in namespace {old} and created anew in namespace {new}")
