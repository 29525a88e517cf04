"""Peers and selectors of Cilium: labels with a source, namespaces as labels, entities, blocks of addresses.

https://docs.cilium.io/en/stable/security/policy/language/
"""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.selectors import SELECTOR_SHAPE, Operator, Requirement, Selector, check_label_key, parse_selector
from kubeaid_ci.k8s.shapes import DATA, TEXT, TEXTS, ListOf, Shape
from kubeaid_ci.network.kubernetes import parse_block
from kubeaid_ci.network.model import (
    NAMESPACE_NAME,
    BlockPeer,
    Entity,
    EntityPeer,
    Peer,
    PodPeer,
    UnknownPeer,
    namespace_named,
)

_NAMESPACE, _NAMESPACE_LABELS = "io.kubernetes.pod.namespace", "io.cilium.k8s.namespace.labels."
_SOURCES_OF_PODS = ("", "k8s", "any")
_RESERVED = {
    "host": Entity.NODES,
    "remote-node": Entity.NODES,
    "kube-apiserver": Entity.NODES,
    "world": Entity.WORLD,
    "world-ipv4": Entity.WORLD_IPV4,
    "world-ipv6": Entity.WORLD_IPV6,
    "all": Entity.ALL,
}
_ENTITIES: Mapping[str, Entity] = _RESERVED | {
    "cluster": Entity.CLUSTER,
    # Neither of them is a pod with labels, a node or an address outside.
    **dict.fromkeys(("init", "ingress", "health", "unmanaged", "none"), Entity.NOBODY),
}
_SETS = ListOf({"cidr": TEXT, "except": TEXTS, "cidrGroupRef": TEXT, "cidrGroupSelector": SELECTOR_SHAPE})
_ANY = ListOf(DATA)
_FIELDS: Mapping[str, Shape] = {
    "Endpoints": ListOf(SELECTOR_SHAPE),
    "Entities": TEXTS,
    "CIDR": TEXTS,
    "CIDRSet": _SETS,
    "Nodes": ListOf(SELECTOR_SHAPE),
    "Groups": _ANY,
    "Requires": ListOf(SELECTOR_SHAPE),
}
PEER_SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "from": {f"from{name}": shape for name, shape in _FIELDS.items()},
    "to": {f"to{name}": shape for name, shape in _FIELDS.items()} | {"toFQDNs": _ANY, "toServices": _ANY},
}
"""The fields of a rule that name peers, by the word that they begin with."""


def subject(value: Any, where: str, namespace: str) -> tuple[Selector, Selector] | None:
    """Return the namespaces and the pods that an endpointSelector selects; None if it selects no pods.

    The policy of a namespace selects only in that namespace, whatever namespace its labels name. Raises `UserError`.
    """
    if namespace and isinstance(value, Mapping) and isinstance(value.get("matchLabels"), Mapping):
        labels = {key: item for key, item in value["matchLabels"].items() if _split(key)[1] != _NAMESPACE}
        value = {**value, "matchLabels": labels}
    namespaces, pods, foreign = _parted(parse_selector(value, where, check_key=_check_key))
    if foreign:
        return None
    own = namespace_named(namespace).requirements if namespace else ()
    return Selector((*own, *namespaces)), Selector(pods)


def peers(rule: Mapping[str, Any], word: str, where: str, namespace: str) -> tuple[Peer, ...] | None:
    """Return the peers of a rule; None if it names none, which means all of them.

    An empty list selects nothing. `word` is ``from`` or ``to``. Raises `UserError`.
    """
    fields = [field for field in PEER_SHAPES[word] if rule.get(field) is not None]
    filled = [field for field in fields if rule[field] and not field.endswith("Requires")]
    if len(filled) > 1:
        raise UserError(f"{where}: {filled[0]} and {filled[1]} cannot be combined; write two rules")
    if not fields:
        return None
    found = [
        peer
        for field in filled
        for peer in _field(rule[field], field.removeprefix(word), f"{where}.{field}", namespace)
    ]
    if rule.get(f"{word}Requires"):
        # It narrows the other rules too and was removed in 1.19: what is let through depends on the version.
        return (UnknownPeer(f"{word}Requires"),)
    return tuple(found)


def _field(items: list[Any], kind: str, where: str, namespace: str) -> Iterator[Peer]:
    read: Mapping[str, Callable[[Any, str], Peer]] = {
        "Endpoints": lambda item, at: _endpoint(item, at, namespace),
        "Entities": _entity,
        "CIDR": _block,
        "CIDRSet": _block_set,
        "Nodes": lambda _item, _at: EntityPeer(Entity.NODES),
    }
    for place, item in enumerate(items):
        if kind in read:
            yield read[kind](item, f"{where}[{place}]")
        else:
            yield UnknownPeer(where.rpartition(".")[2], outside=kind != "Services")


def _endpoint(item: Any, where: str, namespace: str) -> Peer:
    namespaces, pods, foreign = _parted(parse_selector(item, where, check_key=_check_key))
    if foreign:
        return _reserved(foreign)
    own = namespace_named(namespace).requirements if namespace and not namespaces else ()
    return PodPeer(Selector((*own, *namespaces)), Selector(pods))


def _reserved(requirements: tuple[Requirement, ...]) -> Peer:
    if len(requirements) == 1 and requirements[0].operator is not Operator.DOES_NOT_EXIST:
        name = requirements[0].key.removeprefix("reserved:")
        return EntityPeer(_RESERVED.get(name, Entity.NOBODY))
    return UnknownPeer(", ".join(map(str, requirements)))


def _entity(item: Any, where: str) -> Peer:
    if item not in _ENTITIES:
        raise UserError(f"{where}: {item!r} is not an entity; it is one of {', '.join(sorted(_ENTITIES))}")
    return EntityPeer(_ENTITIES[item])


def _block(item: Any, where: str) -> Peer:
    try:
        return BlockPeer(
            ip_network(item, strict=False) if isinstance(item, str) and "/" not in item else parse_block(item, where)
        )
    except ValueError:
        raise UserError(f"{where}: {item!r} is neither an address nor a block of addresses") from None


def _block_set(item: Any, where: str) -> Peer:
    item = item or {}
    if item.get("cidrGroupRef") or item.get("cidrGroupSelector"):
        return UnknownPeer("cidrGroupRef", outside=True)
    block = parse_block(item.get("cidr"), f"{where}.cidr")
    excepted = tuple(parse_block(inner, f"{where}.except") for inner in item.get("except") or ())
    for inner in excepted:
        if inner.version != block.version or inner.network_address not in block:
            raise UserError(f"{where}.except: {inner} is not in {block}")
    return BlockPeer(block, excepted)


def _split(key: Any) -> tuple[str, str]:
    """Return the source and the key of a label: ``k8s`` and ``app`` of ``k8s:app``."""
    source, colon, rest = key.partition(":") if isinstance(key, str) else ("", "", key)
    return (source, rest) if colon else ("", key)


def _check_key(key: Any, where: str) -> str:
    source, rest = _split(key)
    name = check_label_key(rest, where)
    return name if source in _SOURCES_OF_PODS else f"{source}:{name}"


def _parted(
    selector: Selector,
) -> tuple[tuple[Requirement, ...], tuple[Requirement, ...], tuple[Requirement, ...]]:
    """Return the requirements about namespaces, about pods, and about what neither of them has."""
    namespaces: list[Requirement] = []
    pods: list[Requirement] = []
    foreign: list[Requirement] = []
    for requirement in selector.requirements:
        key, operator, values = requirement.key, requirement.operator, requirement.values
        if key == _NAMESPACE:
            namespaces.append(Requirement(NAMESPACE_NAME, operator, values))
        elif key.startswith(_NAMESPACE_LABELS):
            namespaces.append(Requirement(key.removeprefix(_NAMESPACE_LABELS), operator, values))
        else:
            (foreign if ":" in key else pods).append(requirement)
    return tuple(namespaces), tuple(pods), tuple(foreign)
