"""Traffic that is let through, and names and ports under which an application is reached."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.reading import (
    Said,
    annotations,
    at,
    body,
    both,
    is_kind,
    listed,
    mapping,
    mappings,
    text,
    texts,
)
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.finding import Severity

_OTHER_POLICIES = {
    "cilium.io": ("CiliumClusterwideNetworkPolicy", "CiliumNetworkPolicy"),
    "crd.projectcalico.org": ("GlobalNetworkPolicy", "NetworkPolicy"),
    "projectcalico.org": ("GlobalNetworkPolicy", "NetworkPolicy"),
}
_GUARD = re.compile(r"/(?:auth-|whitelist|allowlist|denylist|.*middlewares$)")
_OUTSIDE = {"LoadBalancer": 2, "NodePort": 1}


def check(difference: Difference) -> Iterator[Said]:
    """Wider network policies, services and routes."""
    if difference.after is None:
        yield from _hosts(difference)
        return
    yield from _policy(difference)
    yield from _service(difference)
    yield from _hosts(difference)


def _policy(difference: Difference) -> Iterator[Said]:
    key = difference.manifest.key
    if difference.before is None:
        return
    old, new = both(difference, "spec")
    if key.kind in _OTHER_POLICIES.get(key.group, ()) and old != new:
        yield Said(rules.NETWORK_OPENED, "the policy changes, and may let more through")
    elif is_kind(difference, "networking.k8s.io", "NetworkPolicy"):
        if _spelled(old.get("podSelector")) != _spelled(new.get("podSelector")):
            yield Said(rules.NETWORK_OPENED, "the policy covers other pods than before")
        for direction, field in (("Ingress", "ingress"), ("Egress", "egress")):
            if direction in _types(old) and direction not in _types(new):
                yield Said(rules.NETWORK_OPENED, f"the policy no longer restricts {field}")
            elif direction in _types(old) and (more := _let_through(new, field) - _let_through(old, field)):
                yield Said(
                    rules.NETWORK_OPENED,
                    f"the policy lets more {field} through: {len(more)} other rule{'s' if len(more) > 1 else ''}",
                )


def _types(spec: Mapping[str, Any]) -> set[str]:
    """The directions that a policy restricts; as Kubernetes fills in where it names none."""
    return set(texts(spec, "policyTypes")) or ({"Ingress", "Egress"} if spec.get("egress") else {"Ingress"})


def _let_through(spec: Mapping[str, Any], field: str) -> set[str]:
    """One text for each peer and port; an empty list of either means all."""
    found = set()
    for rule in mappings(spec, field):
        peers = mappings(rule, "from" if field == "ingress" else "to") or [{}]
        ports = mappings(rule, "ports") or [{}]
        found |= {_spelled([peer, {"protocol": "TCP", **port} if port else {}]) for peer in peers for port in ports}
    return found


def _spelled(value: Any) -> str:
    return json.dumps(_sorted(value), sort_keys=True, default=str)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _sorted(item) for name, item in value.items() if item is not None}
    return sorted(map(_spelled, value)) if isinstance(value, list) else value


def _service(difference: Difference) -> Iterator[Said]:
    if not is_kind(difference, "", "Service"):
        return
    old, new = both(difference, "spec")
    kind, was = text(new, "type") or "ClusterIP", text(old, "type") or "ClusterIP"
    if _OUTSIDE.get(kind, 0) > _OUTSIDE.get(was, 0):
        yield Said(rules.EXPOSED, f"it is reached from outside the cluster: its type is {kind}")
    if come := set(texts(new, "externalIPs")) - set(texts(old, "externalIPs")):
        yield Said(rules.EXPOSED, f"it takes the traffic for {listed(list(come))}")
    if kind == "LoadBalancer" == was:
        before, after = (set(texts(spec, "loadBalancerSourceRanges")) for spec in (old, new))
        if before and (not after or after - before):
            more = listed(list(after - before)) or "anywhere"
            yield Said(rules.EXPOSED, f"its load balancer takes traffic from {more}")
    if text(new, "externalName") and text(new, "externalName") != text(old, "externalName"):
        yield Said(rules.EXPOSED, f"its name leads to {text(new, 'externalName')}")


def _hosts(difference: Difference) -> Iterator[Said]:
    old, new = _served(body(difference.before)), _served(body(difference.after))
    if (
        not is_kind(difference, "networking.k8s.io", "Ingress")
        and difference.manifest.key.group != "gateway.networking.k8s.io"
    ):
        return
    if come := new - old:
        yield Said(rules.EXPOSED, f"it is reached under {listed(list(come))}")
    if gone := old - new:
        yield Said(rules.EXPOSED, f"it is no longer reached under {listed(list(gone))}")
    if (
        difference.before
        and difference.after
        and at(body(difference.before), "spec", "tls")
        and not at(body(difference.after), "spec", "tls")
    ):
        yield Said(rules.EXPOSED, "it is reached without TLS")
    yield from _ports(difference)
    yield from _guards(difference)


def _served(value: Mapping[str, Any]) -> set[str]:
    """The names of an Ingress's rules or of a route; all of them is ``*``."""
    spec = mapping(value, "spec")
    hosts = {text(rule, "host") or "*" for rule in mappings(spec, "rules") if "http" in rule or "host" in rule}
    listeners = {text(listener, "hostname") or "*" for listener in mappings(spec, "listeners")}
    return hosts | listeners | set(texts(spec, "hostnames")) | ({"*"} if mapping(spec, "defaultBackend") else set())


def _guards(difference: Difference) -> Iterator[Said]:
    """Annotations by which an ingress controller asks who comes, and those that put configuration into it."""
    if difference.before is None or difference.after is None:
        return
    old, new = annotations(difference.before), annotations(difference.after)
    if gone := [name for name in map(str, old) if _GUARD.search(name) and old[name] != new.get(name)]:
        yield Said(rules.EXPOSED, f"it may let in others than before: {listed(gone)}")
    if come := [name for name in map(str, new) if name.endswith("-snippet") and old.get(name) != new[name]]:
        yield Said(rules.EXPOSED, f"it brings configuration of its own to the ingress controller: {listed(come)}")


def _ports(difference: Difference) -> Iterator[Said]:
    if not is_kind(difference, "gateway.networking.k8s.io", "Gateway") or difference.after is None:
        return
    old, new = (
        {str(item.get("port")) for item in mappings(body(side), "spec", "listeners")}
        for side in (difference.before, difference.after)
    )
    if come := new - old:
        yield Said(rules.EXPOSED, f"it listens on {listed(list(come))}", Severity.INFO)
