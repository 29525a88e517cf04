"""What is promised of suggested policies, computed by the evaluator of policies."""

from collections.abc import Iterator
from ipaddress import ip_address

from kubeaid_ci import documents
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import coverage
from kubeaid_ci.check.network.suggest import suggest
from kubeaid_ci.check.network.traffic import Traffic, traffic
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.network.model import End, Node, Outside, PodGroup, Port
from kubeaid_ci.network.reach import connects
from kubeaid_ci.network.scrapes import scrapers
from kubeaid_ci.render.cluster_state import ClusterState
from tests.check.network.states import with_manifests

WORLD = Outside(ip_address("203.0.113.7"))


def applied(state: ClusterState) -> ClusterState:
    """The cluster with the suggested policies."""
    suggested = [
        documents.load(suggestion.text, where=suggestion.path) for suggestion in suggest(state, CheckContext())
    ]
    return with_manifests([*state.manifests, *(found for body in suggested for found in objects("", body))])


def check(state: ClusterState, name: str) -> int:
    """Check what the suggested policies do to a cluster, and return the number of connections looked at."""
    after = applied(state)
    figures = coverage(after, CheckContext())["network"]
    assert figures["both"] == figures["workloads"], f"{name}: {figures}"
    (before_traffic,), (after_traffic,) = traffic(state), traffic(after)
    assert after_traffic.network.invalid == before_traffic.network.invalid, name
    compared = 0
    for source, target, port in wanted(before_traffic):
        if connects(before_traffic.network.policies, source, target, port) is not False:
            answer = connects(after_traffic.network.policies, source, target, port)
            assert answer is not False, f"{name}: {source} no longer reaches {target} at {port}"
            compared += 1
    return compared


def wanted(each: Traffic) -> Iterator[tuple[End, End, Port]]:
    """The connections to Services from all pods, to monitored ports from Prometheus, to webhooks from the API server."""
    pods = [group for group in each.network.pods if not group.host_network]
    for service, offer in (pair for pairs in each.offered.values() for pair in pairs):
        sources: list[PodGroup] = pods
        if offer.pods.host_network:
            sources = [group for group in pods if group.namespace == offer.pods.namespace]
        yield from ((source, offer.pods, offer.port) for source in sources if source is not offer.pods)
        if service.is_external:
            yield from ((source, offer.pods, offer.port) for source in (WORLD, Node()))
    for offer in (offer for offers in each.scraped.values() for offer in offers):
        yield from ((source, offer.pods, offer.port) for source in scrapers(each.network.pods))
    for offer in (offer for offers in each.called.values() for offer in offers):
        yield Node(), offer.pods, offer.port
