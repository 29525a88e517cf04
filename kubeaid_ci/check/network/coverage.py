"""The workloads that policies restrict: figures of the cluster and its namespaces, and workloads without a policy."""

from collections import Counter
from collections.abc import Iterator, Mapping

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.traffic import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.network.model import Direction, PodGroup
from kubeaid_ci.network.network import Network
from kubeaid_ci.network.reach import restricts
from kubeaid_ci.render.cluster_state import ClusterState

NAMESPACE_UNCOVERED = Rule(
    "network/namespace-uncovered",
    Severity.INFO,
    "New workloads in the namespace are open as long as only some have policies of their own. Add a NetworkPolicy with "
    "an empty podSelector that denies by default when all workloads have what they need.",
    is_posture=True,
)
WORKLOAD_WITHOUT_POLICY = Rule(
    "network/workload-without-policy",
    Severity.WARNING,
    "Without a policy every pod of the cluster can reach the workload, and an intruder in it can reach everything. Add "
    "policies for both directions; kubeaid-ci check --suggest network writes some to start with.",
    is_posture=True,
)
RULES = (NAMESPACE_UNCOVERED, WORKLOAD_WITHOUT_POLICY)

_COLUMNS = {(False, False): "none", (True, False): "ingress_only", (False, True): "egress_only", (True, True): "both"}
_MESSAGES = {
    (False, False): ("no policy restricts its ingress or egress", None),
    (True, False): ("a policy restricts its ingress, but none its egress", Severity.INFO),
    (False, True): ("a policy restricts its egress, but none its ingress", None),
}


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield namespaces and workloads that are not restricted in both directions."""
    yield from _namespaces(state, context)
    yield from _workloads(state, context)


def coverage(state: ClusterState, _: CheckContext) -> Mapping[str, Mapping[str, int]]:
    """Return how many workloads have no policy, one for ingress only, or one for both directions.

    What is left of `workloads` is restricted in egress only. Pods in the network of their node and pods that only an
    operator makes do not count. A policy that the cluster refuses, or that may not select the pods, covers nothing.
    """
    counts: Counter[str] = Counter()
    for namespace in coverage_by_namespace(state).values():
        counts.update(namespace)
    return {"network": {name: counts[name] for name in ("workloads", "none", "ingress_only", "both")}}


def coverage_by_namespace(state: ClusterState) -> Mapping[str, Mapping[str, int]]:
    """Return the figures of each namespace with workloads, ``egress_only`` included."""
    found: dict[str, Counter[str]] = {}
    for each in traffic(state):
        for pods in each.network.workloads:
            column = _COLUMNS[restricted_directions(each.network, pods)]
            found.setdefault(pods.namespace, Counter()).update(["workloads", column])
    return dict(sorted(found.items()))


def restricted_directions(network: Network, pods: PodGroup) -> tuple[bool, bool]:
    """Return whether ingress and egress of pods are certainly restricted."""
    ingress, egress = (restricts(network.policies_near(pods), pods, direction) is True for direction in Direction)
    return ingress, egress


def _namespaces(state: ClusterState, _: CheckContext) -> Iterator[Finding]:
    """Yield a finding with the figures of each namespace in which a workload is not restricted in both directions."""
    for namespace, figures in coverage_by_namespace(state).items():
        if figures["both"] < figures["workloads"]:
            names = {"none": "without a policy", "ingress_only": "ingress only", "egress_only": "egress only"}
            parts = [f"{figures[name]} {text}" for name, text in names.items() if figures[name]]
            message = (
                f"namespace {namespace}: {figures['both']} of {figures['workloads']} workloads are restricted in both "
                f"directions, {', '.join(parts)}"
            )
            yield NAMESPACE_UNCOVERED.at(
                state.cluster.path, message, subject=state.cluster.label, key=namespace, content=namespace
            )


def _workloads(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each workload that is not restricted in both directions; info if only egress is open."""
    for each in traffic(state):
        for pods in each.network.workloads:
            restricted = restricted_directions(each.network, pods)
            if restricted in _MESSAGES:
                text, severity = _MESSAGES[restricted]
                at = place(pods.manifest, state, context)
                yield WORKLOAD_WITHOUT_POLICY.at(
                    at.path, f"{pods}: {text}", subject=at.subject, line=at.line, severity=severity, key=str(pods)
                )
