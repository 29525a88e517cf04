"""Policies that select no pods."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import Traffic, place, traffic
from kubeaid_ci.check.network.operators import may_make_pods
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.selectors import EVERYTHING, Selector
from kubeaid_ci.network.model import PodGroup, Policy
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
    pods, and rendering reports it.
    """
    for each in traffic(state):
        for policy in each.network.policies:
            if policy.selects_nodes or _may_select(policy, each):
                continue
            at = place(
                policy.manifest, state, context, "spec", _SELECTORS.get(policy.manifest.key.kind, "endpointSelector")
            )
            message = f"{policy.manifest.key} selects no pods: {_reason(policy, each)}"
            key = f"{policy.manifest.key} {policy.pods}"
            yield POLICY_SELECTS_NOTHING.at(at.path, message, subject=at.subject, line=at.line, key=key)


def _may_select(policy: Policy, each: Traffic) -> bool:
    if any(_selects(policy, pods) for pods in each.network.pods):
        return True
    namespace = policy.manifest.key.namespace
    if namespace in each.unknown or (not namespace and each.unknown):
        return True
    return any(may_make_pods(manifest, policy) for manifest in each.manifests)


def _selects(policy: Policy, pods: PodGroup) -> bool:
    """Return whether a policy selects pods, or has a label in common with the known ones of an operator's pods."""
    answer = selects(policy, pods)
    if answer is not None or not policy.pods.requirements:
        return answer is not False
    return any(requirement.matches(pods.labels) for requirement in policy.pods.requirements)


def _reason(policy: Policy, each: Traffic) -> str:
    here = [pods for pods in each.network.pods if policy.namespaces.matches(pods.namespace_labels)]
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
