"""Scrape targets whose policies keep Prometheus out."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.network.reach import connects
from kubeaid_ci.render.cluster_state import ClusterState

SCRAPE_BLOCKED = Rule(
    "network/scrape-blocked",
    Severity.WARNING,
    "Policies keep Prometheus from the port that a monitor has it scrape, so the metrics are missing and their alerts "
    "cannot fire. Allow the port for the pods of Prometheus, or remove the monitor.",
)
RULES = (SCRAPE_BLOCKED,)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
