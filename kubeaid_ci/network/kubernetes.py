"""NetworkPolicy of Kubernetes as the API server reads it.

Defaults and limits are those of `pkg/apis/networking` of Kubernetes: what the API server refuses raises `UserError`
with the path of the field, since a policy that is refused restricts nothing.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import SELECTOR_SHAPE, parse_selector
from kubeaid_ci.k8s.shapes import COUNT, NUMBER, TEXT, TEXTS, ListOf, Shape, check
from kubeaid_ci.network.model import (
    LAST_PORT,
    Block,
    BlockPeer,
    Direction,
    Peer,
    PodPeer,
    Policy,
    PortRange,
    Protocol,
    Rule,
    Rules,
    namespace_named,
)

_PEER: Mapping[str, Shape] = {
    "podSelector": SELECTOR_SHAPE,
    "namespaceSelector": SELECTOR_SHAPE,
    "ipBlock": {"cidr": TEXT, "except": TEXTS},
}
_PORTS = ListOf({"protocol": TEXT, "port": COUNT, "endPort": NUMBER})
_SHAPE: Mapping[str, Shape] = {
    "podSelector": SELECTOR_SHAPE,
    "policyTypes": TEXTS,
    "ingress": ListOf({"from": ListOf(_PEER), "ports": _PORTS}),
    "egress": ListOf({"to": ListOf(_PEER), "ports": _PORTS}),
}
_PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
_TYPES = ("Ingress", "Egress")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](-?[a-z0-9])*")
_LONGEST_PORT_NAME = 15  # RFC 6335


def read_policy(manifest: Manifest) -> Policy:
    """Return what a NetworkPolicy means.

    Raises `UserError` with the path of the field if the API server refuses it.
    """
    body = manifest.body
    check({"spec": _SHAPE}, {"spec": body.get("spec")})
    spec: Mapping[str, Any] = body.get("spec") or {}
    types = _policy_types(spec)
    # The API server refuses a wrong rule of a direction too that policyTypes leaves out.
    ingress, egress = (_rules(spec, direction, manifest.key.namespace) for direction in Direction)
    return Policy(
        manifest,
        namespace_named(manifest.key.namespace),
        parse_selector(spec.get("podSelector"), "spec.podSelector"),
        ingress if "Ingress" in types else Rules(),
        egress if "Egress" in types else Rules(),
    )


def _policy_types(spec: Mapping[str, Any]) -> set[str]:
    """Return the policy types; without any, ingress is one, and egress if there are rules for it."""
    types = [item or "" for item in spec.get("policyTypes") or ()]
    for item in types:
        if item not in _TYPES:
            raise UserError(f"spec.policyTypes: {item!r} is not a policy type; it is Ingress or Egress")
    if len(types) > len(_TYPES):
        raise UserError("spec.policyTypes: more than two")
    return set(types) or ({"Ingress", "Egress"} if spec.get("egress") else {"Ingress"})


def _rules(spec: Mapping[str, Any], direction: Direction, namespace: str) -> Rules:
    return Rules(
        restricts=True,
        allow=tuple(
            _rule(rule or {}, f"spec.{direction}[{place}]", _PEERS[direction], namespace)
            for place, rule in enumerate(spec.get(direction) or ())
        ),
    )


def _rule(rule: Mapping[str, Any], where: str, field: str, namespace: str) -> Rule:
    """Return a rule. An empty list of peers or of ports means all of them, as an absent one does."""
    peers = tuple(
        _peer(peer or {}, f"{where}.{field}[{place}]", namespace) for place, peer in enumerate(rule.get(field) or ())
    )
    ports = tuple(_ports(port or {}, f"{where}.ports[{place}]") for place, port in enumerate(rule.get("ports") or ()))
    return Rule(peers or None, ports or None)


def _peer(peer: Mapping[str, Any], where: str, namespace: str) -> Peer:
    pods, namespaces, block = (peer.get(name) for name in ("podSelector", "namespaceSelector", "ipBlock"))
    if block is not None:
        if pods is not None or namespaces is not None:
            raise UserError(f"{where}: ipBlock cannot be combined with a selector; write two peers")
        return _block(block, f"{where}.ipBlock")
    if pods is None and namespaces is None:
        raise UserError(f"{where}: a peer needs a podSelector, a namespaceSelector or an ipBlock")
    return PodPeer(
        namespace_named(namespace) if namespaces is None else parse_selector(namespaces, f"{where}.namespaceSelector"),
        parse_selector(pods, f"{where}.podSelector"),
    )


def _block(block: Mapping[str, Any], where: str) -> BlockPeer:
    outer = parse_block(block.get("cidr"), f"{where}.cidr")
    excepted = []
    for place, item in enumerate(block.get("except") or ()):
        inner = parse_block(item, f"{where}.except[{place}]")
        # The versions are compared first: subnet_of() raises for two of them.
        if inner.version != outer.version or inner == outer or not inner.subnet_of(outer):  # type: ignore[arg-type]
            raise UserError(f"{where}.except[{place}]: {item} is not a part of {block.get('cidr')}")
        excepted.append(inner)
    return BlockPeer(outer, tuple(excepted))


def parse_block(value: Any, where: str) -> Block:
    """Read a block of addresses such as ``10.0.0.0/8``; bits behind the prefix are ignored. Raises `UserError`."""
    address, slash, length = value.partition("/") if isinstance(value, str) else ("", "", "")
    try:
        # Python takes a mask such as /255.0.0.0 and an address without a prefix too.
        if slash and length.isascii() and length.isdigit() and "%" not in address:
            return ip_network(value, strict=False)
    except ValueError:
        pass
    raise UserError(f"{where}: {value!r} is not a block of addresses such as 10.0.0.0/8")


def _ports(port: Mapping[str, Any], where: str) -> PortRange:
    written = port.get("protocol") or Protocol.TCP
    if written not in tuple(Protocol):
        raise UserError(f"{where}.protocol: {written!r} is not a protocol; it is one of TCP, UDP, SCTP")
    protocol, number, last = Protocol(written), port.get("port"), port.get("endPort")
    if number is None:
        if last is not None:
            raise UserError(f"{where}.endPort: needs a port")
        return PortRange(protocol)
    if isinstance(number, str):
        if not is_port_name(number):
            raise UserError(f"{where}.port: {number!r} is not the name of a port")
        if last is not None:
            raise UserError(f"{where}.endPort: needs a port that is a number")
        return PortRange(protocol, name=number)
    if not 1 <= number <= LAST_PORT:
        raise UserError(f"{where}.port: {number} is not between 1 and {LAST_PORT}")
    if last is not None and not number <= last <= LAST_PORT:
        raise UserError(f"{where}.endPort: {last} is not between {number} and {LAST_PORT}")
    return PortRange(protocol, number, number if last is None else last)


def is_port_name(value: str) -> bool:
    """Return whether a string is an IANA service name in lower case."""
    return len(value) <= _LONGEST_PORT_NAME and _PORT_NAME.fullmatch(value) is not None
