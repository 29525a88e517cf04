"""Traffic that is let through, and services that are reached from outside."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, annotations, body, both, is_kind, listed, mappings, text, texts
from kubeaid_ci.k8s.manifest import Manifest

_OTHER_POLICIES = {
    "policy.networking.k8s.io": ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy"),
    "security.istio.io": ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"),
    "cilium.io": ("CiliumClusterwideNetworkPolicy", "CiliumNetworkPolicy"),
    "crd.projectcalico.org": ("GlobalNetworkPolicy", "NetworkPolicy"),
    "projectcalico.org": ("GlobalNetworkPolicy", "NetworkPolicy"),
}
# Annotations that make a cloud load balancer internal, with the values that do so.
_INSIDE = re.compile(r"internal|private-?network|disable-public-network|load-balancer-type$|scheme$", re.IGNORECASE)
_INSIDE_VALUES = frozenset({"true", "internal", "0.0.0.0/0", "private"})
_MOST_PAIRS = 50_000
_OUTSIDE = {"LoadBalancer": 2, "NodePort": 1}


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about wider network policies and services."""
    if difference.after is not None:
        yield from _policy(difference)
        yield from _service(difference)


def _policy(difference: Difference) -> Iterator[Draft]:
    key = difference.manifest.key
    if difference.before is None:
        return
    old, new = both(difference, "spec")
    others = mappings(body(difference.before), "specs") != mappings(body(difference.after), "specs")
    if key.kind in _OTHER_POLICIES.get(key.group, ()) and (old != new or others):
        yield Draft(rules.NETWORK_OPENED, "the policy changes, and may let more through")
    elif is_kind(difference, "networking.k8s.io", "NetworkPolicy"):
        if _spelled(old.get("podSelector")) != _spelled(new.get("podSelector")):
            yield Draft(rules.NETWORK_OPENED, "the policy covers other pods than before")
        for direction, field in (("Ingress", "ingress"), ("Egress", "egress")):
            if direction in _types(old) and direction not in _types(new):
                yield Draft(rules.NETWORK_OPENED, f"the policy no longer restricts {field}")
            elif direction in _types(old) and _pairs(new, field) > _MOST_PAIRS:
                yield Draft(rules.NETWORK_OPENED, f"its rules for {field} are too many to be compared; read them")
            elif direction in _types(old) and (more := _more(old, new, field)):
                yield Draft(
                    rules.NETWORK_OPENED,
                    f"the policy allows more {field} ({len(more)} new rule{'s' if len(more) > 1 else ''})",
                )


def _more(old: Mapping[str, Any], new: Mapping[str, Any], field: str) -> set[str]:
    """Return the traffic that is newly allowed; all of it if the old rules are too many to compare."""
    return _let_through(new, field) - (_let_through(old, field) if _pairs(old, field) <= _MOST_PAIRS else set())


def _pairs(spec: Mapping[str, Any], field: str) -> int:
    """Return the number of pairs of peer and port."""
    return sum(len(_peers(rule, field)) * len(_ports_of(rule)) for rule in mappings(spec, field))


def _peers(rule: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    return mappings(rule, "from" if field == "ingress" else "to") or [{}]


def _ports_of(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return mappings(rule, "ports") or [{}]


def _types(spec: Mapping[str, Any]) -> set[str]:
    """Return the directions that a policy restricts; as Kubernetes fills in where it names none."""
    return set(texts(spec, "policyTypes")) or ({"Ingress", "Egress"} if spec.get("egress") else {"Ingress"})


def _let_through(spec: Mapping[str, Any], field: str) -> set[str]:
    """Return one text for each peer and port; an empty list of either means all."""
    found = set()
    for rule in mappings(spec, field):
        peers = [_spelled(peer) for peer in _peers(rule, field)]
        ports = [_spelled({"protocol": "TCP", **port} if port else {}) for port in _ports_of(rule)]
        found |= {f"{peer} {port}" for peer in peers for port in ports}
    return found


def _spelled(value: Any) -> str:
    return json.dumps(_sorted(value), sort_keys=True, default=str)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _sorted(item) for name, item in value.items() if item is not None}
    return sorted(map(_spelled, value)) if isinstance(value, list) else value


def _service(difference: Difference) -> Iterator[Draft]:
    if not is_kind(difference, "", "Service"):
        return
    old, new = both(difference, "spec")
    kind, was = text(new, "type") or "ClusterIP", text(old, "type") or "ClusterIP"
    if _OUTSIDE.get(kind, 0) > _OUTSIDE.get(was, 0):
        yield Draft(rules.EXPOSED, f"it is reached from outside the cluster: its type is {kind}")
    if come := set(texts(new, "externalIPs")) - set(texts(old, "externalIPs")):
        yield Draft(rules.EXPOSED, f"it takes the traffic for {listed(list(come))}")
    if kind == "LoadBalancer" == was:
        before, after = (set(texts(spec, "loadBalancerSourceRanges")) for spec in (old, new))
        if before and (not after or after - before):
            more = listed(list(after - before)) or "anywhere"
            yield Draft(rules.EXPOSED, f"its load balancer takes traffic from {more}")
    if kind in _OUTSIDE and kind == was and (ports := _ports(new) - _ports(old)):
        yield Draft(rules.EXPOSED, f"more ports are reached from outside the cluster: {listed(list(ports))}")
    if kind == "LoadBalancer" == was and (outside := _inside(difference.before) - _inside(difference.after)):
        yield Draft(rules.EXPOSED, f"its load balancer may be reached from everywhere: {listed(list(outside))} is gone")
    if text(new, "externalName") and text(new, "externalName") != text(old, "externalName"):
        yield Draft(rules.EXPOSED, f"its name leads to {text(new, 'externalName')}")


def _ports(spec: Mapping[str, Any]) -> set[str]:
    return {f"{port.get('port')}/{text(port, 'protocol') or 'TCP'}" for port in mappings(spec, "ports")}


def _inside(manifest: Manifest | None) -> set[str]:
    """Return the annotations that keep a load balancer to the cloud's own network."""
    found = annotations(manifest).items()
    return {str(name) for name, value in found if _INSIDE.search(str(name)) and str(value).lower() in _INSIDE_VALUES}
