"""Services that lead to a port which no policy opens."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.network.model import Policy
from kubeaid_ci.network.reach import opens
from kubeaid_ci.render.cluster_state import ClusterState

SERVICE_BLOCKED = Rule(
    "network/service-blocked",
    Severity.WARNING,
    "The policies for the pods restrict ingress, and no rule opens the port that the Service leads to, so it cannot be "
    "reached. Open the port of the pods, which may be another number than that of the Service, or remove the port.",
)
RULES = (SERVICE_BLOCKED,)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each port of a Service that is closed for everybody."""
    for each in traffic(state):
        for pods, offered in each.offered.items():
            policies = each.selecting(pods)
            for _, offer in offered:
                if opens(policies, pods, offer.port) is False:
                    at = place(offer.what, state, context, "spec", "ports")
                    key = f"{offer.what.key} {pods} {offer.port}"
                    message = f"{offer.what.key}: {offer.port} of {pods} is closed; {_opened(policies)}"
                    yield SERVICE_BLOCKED.at(at.path, message, subject=at.subject, line=at.line, key=key)


def _opened(policies: tuple[Policy, ...]) -> str:
    """Return what the policies open instead, for the message."""
    ports = {str(item) for policy in policies for rule in policy.ingress.allow for item in rule.ports or ()}
    names = ", ".join(sorted({str(policy.manifest.key) for policy in policies if policy.ingress.restricts}))
    return f"{names} opens {', '.join(sorted(ports)) or 'no port'}"
