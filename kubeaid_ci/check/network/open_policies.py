"""Policies that let everything through in a direction that they seem to restrict."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import islice

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.traffic import Traffic, place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.k8s.pods import PodTemplate
from kubeaid_ci.k8s.selectors import Labels
from kubeaid_ci.network.model import (
    NAMESPACE_NAME,
    Direction,
    End,
    Outside,
    PodGroup,
    Policy,
    Port,
    PortRange,
    Protocol,
)
from kubeaid_ci.network.model import Rule as NetworkRule
from kubeaid_ci.network.reach import is_peer, permits
from kubeaid_ci.render.cluster_state import ClusterState

OPEN_TO_WORLD = Rule(
    "network/open-to-world",
    Severity.WARNING,
    "The policy allows traffic with any address, so it hardly restricts anything. Name the peers, or the ports that "
    "have to be open to everybody.",
    is_posture=True,
)
OPEN_TO_CLUSTER = Rule(
    "network/open-to-cluster",
    Severity.INFO,
    "The policy lets every pod of the cluster in on every port, so an intruder in any pod reaches the workload. Name "
    "the namespaces or pods that call it, or at least the ports.",
    is_posture=True,
)
RULES = (OPEN_TO_WORLD, OPEN_TO_CLUSTER)

# Two addresses of blocks that are reserved for documentation (RFC 5737, 3849, 9637): no list of real peers has both.
_WORLDS = tuple(
    tuple(Outside(ip_address(address)) for address in pair)
    for pair in (("203.0.113.77", "198.51.100.77"), ("2001:db8::77", "3fff::77"))
)
_SOME_PORT = Port(64999)
_MOST_PORTS = 20
_VERBS = {Direction.INGRESS: "accepts traffic from", Direction.EGRESS: "may connect to"}


@dataclass(frozen=True, slots=True)
class _Opening:
    pods: PodGroup
    direction: Direction
    rule: Rule
    ports: tuple[Port, ...]

    def text(self, policies: tuple[Policy, ...]) -> str:
        whom = "anywhere, the internet included," if self.rule is OPEN_TO_WORLD else "every pod of the cluster"
        more = " and more" if len(self.ports) > _MOST_PORTS else ""
        named = ", ".join(map(str, self.ports[:_MOST_PORTS]))
        ports = "every port" if self.ports == (_SOME_PORT,) else f"{named}{more}"
        names = ", ".join(sorted({str(policy.manifest.key) for policy in policies}))
        return f"{self.pods} {_VERBS[self.direction]} {whom} on {ports} ({names})"


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each workload and direction that policies restrict and at the same time open.

    Ports that have to be open to everybody are left out: those of load balancers, of ports on nodes and of webhooks.
    """
    for each in traffic(state):
        for pods in each.network.pods:
            policies = each.selecting(pods)
            for opening in _openings(pods, policies, each):
                opened_by = _opened_by(opening, policies)
                if opened_by:
                    at = place(opened_by[0].manifest, state, context, "spec", str(opening.direction))
                    egress = opening.direction is Direction.EGRESS
                    yield opening.rule.at(
                        at.path,
                        opening.text(opened_by),
                        subject=at.subject,
                        line=at.line,
                        severity=Severity.INFO if egress else None,
                        key=f"{pods} {opening.direction}",
                    )


def _openings(pods: PodGroup, policies: tuple[Policy, ...], each: Traffic) -> Iterator[_Opening]:
    for direction in Direction:
        if not any(policy.rules(direction).restricts for policy in policies) or pods.host_network:
            continue
        if _is_open_to_world(policies, pods, direction, _SOME_PORT):
            yield _Opening(pods, direction, OPEN_TO_WORLD, (_SOME_PORT,))
            continue
        if direction is Direction.EGRESS:
            continue  # what egress into the cluster reaches is for the policies of its targets
        if ports := tuple(islice(_ports_open_to_world(pods, policies, each), _MOST_PORTS + 1)):
            yield _Opening(pods, direction, OPEN_TO_WORLD, ports)
        if _is_open(policies, pods, direction, (_STRANGER,), _SOME_PORT):
            yield _Opening(pods, direction, OPEN_TO_CLUSTER, (_SOME_PORT,))


def _is_open(
    policies: tuple[Policy, ...], pods: PodGroup, direction: Direction, peers: tuple[End, ...], port: Port
) -> bool:
    return all(permits(policies, pods, direction, peer, port) is True for peer in peers)


def _is_open_to_world(policies: tuple[Policy, ...], pods: PodGroup, direction: Direction, port: Port) -> bool:
    """Return whether any address may be a peer, of IPv4 or of IPv6."""
    return any(_is_open(policies, pods, direction, world, port) for world in _WORLDS)


def _opened_by(opening: _Opening, policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    worlds = _WORLDS if opening.rule is OPEN_TO_WORLD else ((_STRANGER,),)
    return tuple(
        policy
        for policy in policies
        if policy.rules(opening.direction).restricts
        and any(
            _is_open((policy,), opening.pods, opening.direction, world, port)
            for port in opening.ports
            for world in worlds
        )
    )


def _ports_open_to_world(pods: PodGroup, policies: tuple[Policy, ...], each: Traffic) -> Iterator[Port]:
    """Yield the ports that rules for ingress open to any address, in order.

    Of a range only its first port is tried. Rules for other peers open nothing to the world, so they are left out:
    otherwise a policy of thousands of rules takes minutes.
    """
    ranges = [ports for policy in policies for rule in policy.ingress.allow for ports in rule.ports or ()]
    for_the_world = tuple(
        replace(policy, ingress=replace(policy.ingress, allow=tuple(filter(_may_be_for_world, policy.ingress.allow))))
        for policy in policies
    )
    for_everybody = _for_everybody(pods, each)
    for port in sorted({port for ports in ranges if (port := _first(pods, ports))} - for_everybody):
        if _is_open_to_world(for_the_world, pods, Direction.INGRESS, port):
            yield port


def _may_be_for_world(rule: NetworkRule) -> bool:
    return rule.peers is None or any(
        is_peer(peer, end) is not False for peer in rule.peers for world in _WORLDS for end in world
    )


def _first(pods: PodGroup, ports: PortRange) -> Port | None:
    protocol = ports.protocol or Protocol.TCP
    number = pods.ports.get((ports.name, protocol)) if ports.name else ports.first
    return Port(number, protocol) if number else None


def _for_everybody(pods: PodGroup, each: Traffic) -> set[Port]:
    found = {offer.port for service, offer in each.offered.get(pods, ()) if service.is_external}
    return found | {offer.port for offer in each.called.get(pods, ())} | set(pods.host_ports)


def _stranger() -> PodGroup:
    """Return pods without labels in a namespace that no policy names."""
    name = "a-namespace-that-no-policy-names"
    manifest = Manifest(ObjectId("", "Pod", name, "stranger"), {}, "")
    return PodGroup(manifest, PodTemplate((), {}, {}, {}), name, Labels(), Labels({NAMESPACE_NAME: name}))


_STRANGER = _stranger()
