"""Policies that select no pods."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import Traffic, place, traffic
from kubeaid_ci.check.network.operators import is_operated, may_make_pods
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import EVERYTHING, Selector
from kubeaid_ci.network.model import PodGroup, Policy
from kubeaid_ci.network.network import NOT_READ
from kubeaid_ci.network.reach import selects
from kubeaid_ci.render.cluster_state import ClusterState

POLICY_SELECTS_NOTHING = Rule(
    "network/policy-selects-nothing",
    Severity.WARNING,
    "No pod has the labels that the policy selects, so it restricts nothing and the pods that it is meant for are "
    "open. Correct the selector or the namespace, or remove the policy.",
)
RULES = (POLICY_SELECTS_NOTHING,)

_SELECTORS = {"NetworkPolicy": "podSelector"}


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each policy that selects neither rendered pods nor pods that an operator makes.

    A policy in a namespace of an Application that could not be rendered is left out: that Application may have the
    pods, and rendering reports it. A policy of Calico is reported only if its namespace has no pods at all.
    """
    for each in traffic(state):
        for manifest in each.manifests:
            if _is_in_empty_namespace(manifest, each):
                at = place(manifest, state, context, "metadata", "namespace")
                message = f"{manifest.key} selects no pods: the namespace {manifest.key.namespace} has no pods"
                key = str(manifest.key)
                yield POLICY_SELECTS_NOTHING.at(at.path, message, subject=at.subject, line=at.line, key=key)
        for policy in each.network.policies:
            if policy.selects_nodes or _may_select(policy, each):
                continue
            at = place(
                policy.manifest, state, context, "spec", _SELECTORS.get(policy.manifest.key.kind, "endpointSelector")
            )
            message = f"{policy.manifest.key} selects no pods: {_reason(policy, each)}"
            key = f"{policy.manifest.key} {policy.pods}"
            yield POLICY_SELECTS_NOTHING.at(at.path, message, subject=at.subject, line=at.line, key=key)


def _is_in_empty_namespace(manifest: Manifest, each: Traffic) -> bool:
    key = manifest.key
    if (key.group, key.kind) not in NOT_READ or not key.namespace or key.namespace in each.unknown:
        return False
    return key.namespace not in each.network.pods_by_namespace and not any(
        other.key.namespace == key.namespace and is_operated(other) for other in each.manifests
    )


def _may_select(policy: Policy, each: Traffic) -> bool:
    namespace = policy.manifest.key.namespace
    if any(_selects(policy, pods) for pods in _near(policy, each)):
        return True
    if not policy.pods.requirements and namespace in each.namespaces:
        return True  # a default for pods to come
    if namespace in each.unknown or (not namespace and each.unknown):
        return True
    return any(may_make_pods(manifest, policy) for manifest in each.manifests)


def _near(policy: Policy, each: Traffic) -> tuple[PodGroup, ...]:
    """Return the pods of the policy's namespace, all pods if it has none."""
    namespace = policy.manifest.key.namespace
    return each.network.pods_by_namespace.get(namespace, ()) if namespace else each.network.pods


def _selects(policy: Policy, pods: PodGroup) -> bool:
    """Return whether a policy selects pods, or has a label in common with the known ones of an operator's pods."""
    answer = selects(policy, pods)
    if answer is not None or not policy.pods.requirements:
        return answer is not False
    return any(requirement.matches(pods.labels) for requirement in policy.pods.requirements)


def _reason(policy: Policy, each: Traffic) -> str:
    here = [pods for pods in _near(policy, each) if policy.namespaces.matches(pods.namespace_labels)]
    namespace = policy.manifest.key.namespace
    where = f"the namespace {namespace}" if namespace else "the selected namespaces"
    if not here:
        return f"{where} has no pods{_elsewhere(policy, each.network.pods)}"
    for requirement in policy.pods.requirements:
        others = Selector(tuple(other for other in policy.pods.requirements if other is not requirement))
        nearest = next((pods for pods in here if others.requirements and others.matches(pods.labels)), None)
        if nearest:
            value = nearest.labels.known.get(requirement.key)
            has = f"{requirement.key}={value}" if value is not None else f"no label {requirement.key}"
            return f"none in {where} has {policy.pods}; {nearest} has {has}"
    return f"none in {where} has {policy.pods}{_elsewhere(policy, each.network.pods)}"


def _elsewhere(policy: Policy, pods: Iterable[PodGroup]) -> str:
    """Return the namespaces that have pods with these labels, for the message."""
    if policy.namespaces == EVERYTHING or not policy.pods.requirements:
        return ""
    found = sorted({group.namespace for group in pods if policy.pods.matches(group.labels)})
    return f"; such pods are in {', '.join(found)}" if found else ""
