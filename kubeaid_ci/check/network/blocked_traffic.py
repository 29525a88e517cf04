"""Traffic that policies block though an object of the cluster asks for it: ports of Services, and scrapes."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.traffic import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.network.model import Policy
from kubeaid_ci.network.reach import connects, opens
from kubeaid_ci.render.cluster_state import ClusterState

SERVICE_BLOCKED = Rule(
    "network/service-blocked",
    Severity.WARNING,
    "The policies for the pods restrict ingress, and no rule opens the port that the Service leads to, so it cannot be "
    "reached. Open the port of the pods, which may be another number than that of the Service, or remove the port.",
)
SCRAPE_BLOCKED = Rule(
    "network/scrape-blocked",
    Severity.WARNING,
    "Policies keep Prometheus from the port that a monitor has it scrape, so the metrics are missing and their alerts "
    "cannot fire. Allow the port for the pods of Prometheus, or remove the monitor.",
)
RULES = (SERVICE_BLOCKED, SCRAPE_BLOCKED)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each port of a Service that is closed, and each that Prometheus cannot scrape."""
    yield from _services(state, context)
    yield from _scrapes(state, context)


def _services(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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


def _scrapes(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each monitored port that no Prometheus of the cluster can reach."""
    for each in traffic(state):
        sources = each.scrapers
        for offer in (offer for offers in each.scraped.values() for offer in offers) if sources else ():
            policies = each.network.policies_near(offer.pods, *sources)
            answers = [connects(policies, source, offer.pods, offer.port) for source in sources]
            if all(answer is False for answer in answers):
                at = place(offer.what, state, context, "spec")
                message = f"{offer.what.key}: policies keep {sources[0]} from {offer.port} of {offer.pods}"
                yield SCRAPE_BLOCKED.at(
                    at.path,
                    message,
                    subject=at.subject,
                    line=at.line,
                    key=f"{offer.what.key} {offer.pods} {offer.port}",
                )
