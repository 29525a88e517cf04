"""Workloads that any pod can reach, or that can reach anything."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import restricted_directions
from kubeaid_ci.check.network.networks import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

WORKLOAD_WITHOUT_POLICY = Rule(
    "network/workload-without-policy",
    Severity.WARNING,
    "Without a policy every pod of the cluster can reach the workload, and an intruder in it can reach everything. Add "
    "policies for both directions; kubeaid-ci check --suggest network writes some to start with.",
    is_posture=True,
)
RULES = (WORKLOAD_WITHOUT_POLICY,)

_MESSAGES = {
    (False, False): ("no policy restricts its ingress or egress", None),
    (True, False): ("a policy restricts its ingress, but none its egress", Severity.INFO),
    (False, True): ("a policy restricts its egress, but none its ingress", None),
}


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
