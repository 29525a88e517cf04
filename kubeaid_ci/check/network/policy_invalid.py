"""Policies that the cluster refuses."""

import re
from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

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
            at = place(invalid.manifest, state, context, *_fields(invalid.error))
            message = f"{invalid.manifest.key} is refused: {invalid.error}"
            yield POLICY_INVALID.at(at.path, message, subject=at.subject, line=at.line, key=str(invalid.manifest.key))


def _fields(error: str) -> list[str | int]:
    """Return the path of the field that an error begins with: ``spec.ingress[0]`` as spec, ingress, 0."""
    parts = re.findall(r"[^.\[\]]+", error.partition(":")[0])
    return [int(part) if part.isdigit() else part for part in parts]
