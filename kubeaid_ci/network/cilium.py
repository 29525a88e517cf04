"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy as Cilium reads them.

What Cilium or the schema of its CRD refuses raises `UserError` with the path of the field: such a policy restricts
nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import EVERYTHING, SELECTOR_SHAPE, parse_selector
from kubeaid_ci.k8s.shapes import DATA, FLAG, NUMBER, TEXT, ListOf, Shape, check
from kubeaid_ci.network.cilium_peers import PEER_SHAPES, peers, subject
from kubeaid_ci.network.kubernetes import is_port_name
from kubeaid_ci.network.model import LAST_PORT, Direction, Policy, PortRange, Protocol, Rule, Rules

_PORTS: Mapping[str, Shape] = {
    "toPorts": ListOf({"ports": ListOf({"port": TEXT, "endPort": NUMBER, "protocol": TEXT})}),
    "icmps": ListOf(DATA),
}
_INGRESS: Mapping[str, Shape] = {**_PORTS, **PEER_SHAPES["from"]}
_EGRESS: Mapping[str, Shape] = {**_PORTS, **PEER_SHAPES["to"]}
_SPEC: Mapping[str, Shape] = {
    "endpointSelector": SELECTOR_SHAPE,
    "nodeSelector": SELECTOR_SHAPE,
    "enableDefaultDeny": {"ingress": FLAG, "egress": FLAG},
    "ingress": ListOf(_INGRESS),
    "ingressDeny": ListOf(_INGRESS),
    "egress": ListOf(_EGRESS),
    "egressDeny": ListOf(_EGRESS),
}
_DIRECTIONS = ("ingress", "ingressDeny", "egress", "egressDeny")
_WORDS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}
_WITHOUT_PORTS = ("ICMP", "ICMPV6", "VRRP", "IGMP")
_MOST_PORTS = 40


def read_policies(manifest: Manifest) -> tuple[Policy, ...]:
    """Return the policies of an object: that of its `spec` and those of its `specs`.

    Raises `UserError` with the path of the field if Cilium refuses one of them, since it then uses none.
    """
    body = manifest.body
    check({"spec": _SPEC, "specs": ListOf(_SPEC)}, {"spec": body.get("spec"), "specs": body.get("specs")})
    specs = [("spec", body["spec"])] if body.get("spec") is not None else []
    specs += [(f"specs[{place}]", spec or {}) for place, spec in enumerate(body.get("specs") or ())]
    if not specs:
        raise UserError("neither spec nor specs has a rule")
    return tuple(_policy(manifest, spec, where) for where, spec in specs)


def _policy(manifest: Manifest, spec: Mapping[str, Any], where: str) -> Policy:
    namespace = manifest.key.namespace if manifest.key.kind == "CiliumNetworkPolicy" else ""
    has_endpoints, has_nodes = (spec.get(name) is not None for name in ("endpointSelector", "nodeSelector"))
    if has_endpoints is has_nodes:
        raise UserError(f"{where}: needs either an endpointSelector or a nodeSelector")
    if has_nodes and namespace:
        raise UserError(f"{where}.nodeSelector: only a CiliumClusterwideNetworkPolicy can select nodes")
    if not any(name in spec for name in _DIRECTIONS):
        raise UserError(f"{where}: needs at least one of {', '.join(_DIRECTIONS)}")
    ingress, egress = (_rules(spec, direction, where, namespace) for direction in Direction)
    if has_nodes:
        parse_selector(spec["nodeSelector"], f"{where}.nodeSelector")
    selected = subject(spec["endpointSelector"], f"{where}.endpointSelector", namespace) if has_endpoints else None
    namespaces, pods = selected or (EVERYTHING, EVERYTHING)
    return Policy(manifest, namespaces, pods, ingress, egress, selects_nodes=selected is None)


def _rules(spec: Mapping[str, Any], direction: Direction, where: str, namespace: str) -> Rules:
    """Return the rules for a direction. It is restricted by default if it has a rule, if only an empty one."""
    allow, deny = spec.get(direction) or (), spec.get(f"{direction}Deny") or ()
    explicit = (spec.get("enableDefaultDeny") or {}).get(direction)
    word = _WORDS[direction]
    return Rules(
        restricts=bool(allow or deny) if explicit is None else explicit,
        allow=tuple(
            read
            for place, rule in enumerate(allow)
            for read in _rule(rule or {}, word, f"{where}.{direction}[{place}]", namespace)
        ),
        deny=tuple(
            read
            for place, rule in enumerate(deny)
            for read in _rule(rule or {}, word, f"{where}.{direction}Deny[{place}]", namespace)
        ),
    )


def _rule(rule: Mapping[str, Any], word: str, where: str, namespace: str) -> Iterator[Rule]:
    """Yield what a rule matches: nothing if it names neither peers nor ports, nor if it is only about ICMP."""
    found = peers(rule, word, where, namespace)
    ports = [
        _ports(port or {}, f"{where}.toPorts[{outer}].ports[{inner}]")
        for outer, item in enumerate(rule.get("toPorts") or ())
        for inner, port in enumerate(_at_most(item or {}, f"{where}.toPorts[{outer}]"))
    ]
    if rule.get("icmps") and rule.get("toPorts"):
        raise UserError(f"{where}: icmps and toPorts cannot be combined; write two rules")
    if rule.get("icmps") or found == ():
        return
    if rule.get("toPorts"):
        with_numbers = tuple(port for port in ports if port is not None)
        if with_numbers:
            yield Rule(found, with_numbers)
    elif found is not None:
        yield Rule(found, None)


def _at_most(item: Mapping[str, Any], where: str) -> list[Any]:
    ports: list[Any] = item.get("ports") or []
    if len(ports) > _MOST_PORTS:
        raise UserError(f"{where}.ports: more than {_MOST_PORTS} ports")
    return ports


def _ports(port: Mapping[str, Any], where: str) -> PortRange | None:
    """Return the ports that an entry matches; None if its protocol has no ports."""
    written = (port.get("protocol") or "ANY").upper()
    if written not in ("ANY", *Protocol, *_WITHOUT_PORTS):
        raise UserError(f"{where}.protocol: {port.get('protocol')!r} is not a protocol")
    number = port.get("port")
    if not number:
        raise UserError(f"{where}.port: a port is needed, 0 for all of them")
    if written in _WITHOUT_PORTS:
        return None
    protocol = None if written == "ANY" else Protocol(written)
    if is_port_name(number.lower()):
        return PortRange(protocol, name=number.lower())
    first = int(number) if number.isascii() and number.isdigit() else LAST_PORT + 1
    last = port.get("endPort") or first
    if not 0 <= first <= LAST_PORT or last > LAST_PORT:
        raise UserError(f"{where}.port: {number!r} is neither a port between 0 and {LAST_PORT} nor the name of one")
    if first == 0:
        return PortRange(protocol)
    return PortRange(protocol, first, max(first, last))
