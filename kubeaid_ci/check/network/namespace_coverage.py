"""The coverage of each namespace, as a finding."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import coverage_by_namespace
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

NAMESPACE_UNCOVERED = Rule(
    "network/namespace-uncovered",
    Severity.INFO,
    "New workloads in the namespace are open as long as only some have policies of their own. Add a NetworkPolicy with "
    "an empty podSelector that denies by default when all workloads have what they need.",
    is_posture=True,
)
RULES = (NAMESPACE_UNCOVERED,)


def check(state: ClusterState, _: CheckContext) -> Iterator[Finding]:
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
