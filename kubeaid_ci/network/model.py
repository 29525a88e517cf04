"""Pods, and the policies that restrict their traffic, whichever API wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.pods import PodTemplate
from kubeaid_ci.k8s.selectors import EVERYTHING, Labels, Selector, equal

Block = IPv4Network | IPv6Network
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label with its own name that Kubernetes gives each namespace."""
LAST_PORT = 65535


class Direction(StrEnum):
    """A direction of traffic, as the pods see it."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Protocol(StrEnum):
    """A protocol that has ports."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A port that traffic goes to."""

    number: int
    protocol: Protocol = Protocol.TCP

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"


@dataclass(frozen=True, slots=True, eq=False)
class PodGroup:
    """The pods of one template. Two groups are never equal, whatever their labels.

    `declared` are the ports that the containers declare, `ports` those with a name, by name and protocol, and
    `host_ports` those that the node forwards. `is_workload` is False for pods that only an operator makes.
    """

    manifest: Manifest
    template: PodTemplate
    namespace: str
    labels: Labels
    namespace_labels: Labels
    ports: Mapping[tuple[str, Protocol], int] = field(default_factory=dict)
    declared: tuple["Port", ...] = ()
    host_ports: tuple["Port", ...] = ()
    is_workload: bool = True

    @property
    def host_network(self) -> bool:
        """True if the pods share the network of their node, so that no policy applies to them."""
        return self.template.host_network

    def __str__(self) -> str:
        key = self.manifest.key
        return f"{key.kind} {self.namespace}/{key.name}"


@dataclass(frozen=True, slots=True)
class Outside:
    """An address outside the cluster."""

    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster, or what runs in its network, such as the API server."""


End = PodGroup | Outside | Node
"""One end of a connection."""


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods that match a selector, in namespaces that match another one."""

    namespaces: Selector
    pods: Selector = EVERYTHING


@dataclass(frozen=True, slots=True)
class BlockPeer:
    """Addresses of a block, except those of others. Addresses of pods do not count: they change."""

    block: Block
    excepted: tuple[Block, ...] = ()


class Entity(StrEnum):
    """An entity of Cilium; those that make no difference here are one."""

    ALL = "all"
    CLUSTER = "cluster"
    WORLD = "world"
    WORLD_IPV4 = "world-ipv4"
    WORLD_IPV6 = "world-ipv6"
    NODES = "nodes"
    NOBODY = "none"


@dataclass(frozen=True, slots=True)
class EntityPeer:
    """A group of peers that has a name."""

    entity: Entity


@dataclass(frozen=True, slots=True)
class UnknownPeer:
    """Peers that Git does not know, such as the addresses of a DNS name. `outside` if they are outside the cluster."""

    field: str
    outside: bool = False


Peer = PodPeer | BlockPeer | EntityPeer | UnknownPeer


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports of a protocol (of every protocol if it is None): a range, or the port that the target calls `name`."""

    protocol: Protocol | None = None
    first: int = 1
    last: int = LAST_PORT
    name: str = ""

    @property
    def is_every_port(self) -> bool:
        """True if it leaves out no port of its protocol."""
        return not self.name and self.first <= 1 and self.last >= LAST_PORT

    def __str__(self) -> str:
        protocol = self.protocol or "any protocol"
        if self.is_every_port:
            return f"every port/{protocol}"
        number = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.name or number}/{protocol}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Traffic: from or to any of the peers, to any of the ports. None means every peer, or every port."""

    peers: tuple[Peer, ...] | None = None
    ports: tuple[PortRange, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a policy for one direction.

    If `restricts` is true the pods get only the traffic that some policy allows. Traffic that a rule of `deny` matches
    is dropped whatever is allowed.
    """

    restricts: bool = False
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: the pods that it selects, and what it does to their traffic.

    An object may hold several. `selects_nodes` is True for a policy of Cilium's host firewall: it selects no pods.
    """

    manifest: Manifest
    namespaces: Selector
    pods: Selector
    ingress: Rules = Rules()
    egress: Rules = Rules()
    selects_nodes: bool = False

    def rules(self, direction: Direction) -> Rules:
        """Return the rules for a direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress


def namespace_named(name: str) -> Selector:
    """Return the selector of one namespace by its name."""
    return Selector((equal(NAMESPACE_NAME, name),))
