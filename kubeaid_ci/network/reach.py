"""Evaluates policies: the traffic that they permit. An answer is None if Git does not decide it."""

from collections.abc import Iterable
from ipaddress import IPv4Address

from kubeaid_ci.k8s.selectors import Answer, all_of, any_of, negated
from kubeaid_ci.network.model import (
    BlockPeer,
    Direction,
    End,
    Entity,
    EntityPeer,
    Node,
    Outside,
    Peer,
    PodGroup,
    PodPeer,
    Policy,
    Port,
    PortRange,
    Rule,
    UnknownPeer,
)


def selects(policy: Policy, pods: PodGroup) -> Answer:
    """Return whether a policy selects pods by their labels, even if they are in the network of the node."""
    namespace = policy.manifest.key.namespace
    if policy.selects_nodes or (namespace and namespace != pods.namespace):
        return False
    return all_of((policy.namespaces.matches(pods.namespace_labels), policy.pods.matches(pods.labels)))


def restricts(policies: Iterable[Policy], pods: PodGroup, direction: Direction) -> Answer:
    """Return whether pods get only the traffic that some policy allows. Pods in the network of the node get all."""
    if pods.host_network:
        return False
    return any_of(selects(policy, pods) for policy in policies if policy.rules(direction).restricts)


def connects(policies: Iterable[Policy], source: End, target: End, port: Port) -> Answer:
    """Return whether traffic from one end to the other passes the policies for both."""
    policies = tuple(policies)
    return all_of(
        (
            permits(policies, source, Direction.EGRESS, target, port),
            permits(policies, target, Direction.INGRESS, source, port),
        )
    )


def permits(policies: Iterable[Policy], subject: End, direction: Direction, other: End, port: Port) -> Answer:
    """Return whether the policies for one end permit traffic in a direction.

    `port` is that of the target: `subject` for ingress, `other` for egress. Traffic of a pod with itself is not
    considered.
    """
    if not isinstance(subject, PodGroup) or subject.host_network:
        return True
    target = subject if direction is Direction.INGRESS else other
    found = [(selects(policy, subject), policy.rules(direction)) for policy in policies]
    selecting = [(selected, rules) for selected, rules in found if selected is not False]

    def matched(selected: Answer, rules: tuple[Rule, ...]) -> Answer:
        return all_of((selected, any_of(_matches(rule, other, target, port) for rule in rules)))

    denied = any_of(matched(selected, rules.deny) for selected, rules in selecting)
    restricted = any_of(selected for selected, rules in selecting if rules.restricts)
    allowed = any_of(matched(selected, rules.allow) for selected, rules in selecting)
    return all_of((negated(denied), any_of((negated(restricted), allowed))))


def opens(policies: Iterable[Policy], pods: PodGroup, port: Port) -> Answer:
    """Return whether anybody at all may reach a port of pods, as far as the ports of rules decide."""
    if restricts(policies, pods, Direction.INGRESS) is not True:
        return True
    return any_of(
        True if rule.ports is None else any_of(_has(item, pods, port) for item in rule.ports)
        for policy in policies
        if selects(policy, pods) is not False
        for rule in policy.ingress.allow
    )


def _matches(rule: Rule, other: End, target: End, port: Port) -> Answer:
    peers = True if rule.peers is None else any_of(is_peer(peer, other) for peer in rule.peers)
    ports = True if rule.ports is None else any_of(_has(item, target, port) for item in rule.ports)
    return all_of((peers, ports))


def is_peer(peer: Peer, end: End) -> Answer:
    """Return whether an end is among peers. A pod in the network of its node counts as the node."""
    if isinstance(end, PodGroup) and end.host_network:
        end = Node()
    match peer:
        case PodPeer(namespaces, pods):
            if not isinstance(end, PodGroup):
                return False
            return all_of((namespaces.matches(end.namespace_labels), pods.matches(end.labels)))
        case BlockPeer(block, excepted):
            if isinstance(end, Outside):
                return end.address in block and not any(end.address in inner for inner in excepted)
            return None if isinstance(end, Node) else False
        case EntityPeer(entity):
            return _is_entity(entity, end)
        case UnknownPeer(outside=outside):
            return None if isinstance(end, Outside) or not outside else False


def _is_entity(entity: Entity, end: End) -> Answer:
    match entity:
        case Entity.ALL:
            return True
        case Entity.CLUSTER:
            return not isinstance(end, Outside)
        case Entity.NODES:
            # Which node, and whether it has the API server, is not known.
            return None if isinstance(end, Node) else False
        case Entity.WORLD:
            return isinstance(end, Outside)
        case Entity.WORLD_IPV4 | Entity.WORLD_IPV6:
            return isinstance(end, Outside) and isinstance(end.address, IPv4Address) is (entity is Entity.WORLD_IPV4)
        case Entity.NOBODY:
            return False


def _has(ports: PortRange, target: End, port: Port) -> Answer:
    if ports.protocol is not None and ports.protocol is not port.protocol:
        return False
    if not ports.name:
        return ports.first <= port.number <= ports.last
    if not isinstance(target, PodGroup):
        return None if isinstance(target, Node) else False
    number = target.ports.get((ports.name, port.protocol))
    if number is None and not target.template.is_complete:
        return None
    return number == port.number
