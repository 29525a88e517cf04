"""Policies that the cluster refuses."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import place, traffic
from kubeaid_ci.model.finding import Finding, Rule, Severity
from kubeaid_ci.model.fleet import ClusterState

POLICY_INVALID = Rule(
    "network/policy-invalid",
    Severity.ERROR,
    "The API server or Cilium refuses the policy, so the sync fails or the pods have no policy at all. Correct the "
    "field that the message names.",
)
RULES = (POLICY_INVALID,)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each policy that is refused."""
    for each in traffic(state):
        for invalid in each.network.invalid:
            at = place(invalid.manifest, state, context)
            message = f"{invalid.manifest.key} is refused: {invalid.error}"
            yield POLICY_INVALID.at(at.path, message, subject=at.subject, line=at.line, key=str(invalid.manifest.key))
