"""The policy to start with for one workload: the object, and comments that give the reason for each rule."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.check.network.needs import (
    Egress,
    Source,
    ingress_needs,
    outside_ports,
)
from kubeaid_ci.check.network.networks import Traffic
from kubeaid_ci.network.model import NAMESPACE_NAME, PodGroup, Port, Protocol

_ALL_NAMESPACES: dict[str, Any] = {"namespaceSelector": {}}
_DNS = {
    "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
_API_SERVER = (Port(443), Port(6443))
_NAMES = {
    Source.ANYBODY: "anybody",
    Source.CLUSTER: "pods of the cluster",
    Source.SCRAPER: "Prometheus",
    Source.NAMESPACE: "pods of the namespace",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a policy for one direction, and a comment on each."""

    rules: list[dict[str, Any]]
    comments: list[str]


def ingress(selected: Iterable[PodGroup], each: Traffic) -> Rules:
    """Return rules that let in what the selected pods are called for."""
    sources: dict[Port, Source] = {}
    reasons: dict[Port, str] = {}
    for need in (need for pods in selected for need in ingress_needs(pods, each)):
        if need.source < sources.get(need.port, max(Source) + 1):
            sources[need.port], reasons[need.port] = need.source, need.reason
    ports: dict[Source, list[Port]] = defaultdict(list)
    for port, source in sorted(sources.items()):
        ports[source].append(port)
    found = Rules([], [])
    for source, listed in sorted(ports.items()):
        peers = _peers(source, each)
        found.rules.append({**({"from": peers} if peers else {}), "ports": _ports(listed)})
        why = "; ".join(f"{port} ({reasons[port]})" for port in listed)
        found.comments.append(f"ingress from {_NAMES[source]}: {why}")
    if not found.rules:
        found.comments.append("no ingress: nothing calls it")
    return found


def egress(selected: Iterable[PodGroup], called: Egress) -> Rules:
    """Return rules that let the selected pods resolve names and call pods, the API server and the hosts they name."""
    pods = list(selected)
    found = Rules([{"to": [_DNS], "ports": _ports([Port(53, Protocol.UDP), Port(53)])}, {"to": [_ALL_NAMESPACES]}], [])
    found.comments.append("egress to DNS, and to pods of the cluster: their own policies decide")
    if any(called.calls_api_server(group) for group in pods):
        found.rules.append({"ports": _ports(_API_SERVER)})
        found.comments.append("egress to the API server, which has no pod to select: 443 and 6443 of any address")
    nodes = {port: reason for group in pods for port, reason in called.on_nodes.get(group.namespace, {}).items()}
    if nodes:
        found.rules.append({"ports": _ports(sorted(nodes))})
        found.comments.append(f"egress to nodes: {'; '.join(f'{port} ({why})' for port, why in sorted(nodes.items()))}")
    hosts = {number: host for group in pods for number, host in outside_ports(group, called).items()}
    if hosts:
        found.rules.append({"ports": _ports([Port(number) for number in sorted(hosts)])})
        found.comments.append(
            f"egress outside: {'; '.join(f'{number} ({host})' for number, host in sorted(hosts.items()))}"
        )
    found.comments.append("no egress outside the cluster besides: add the ports and addresses that it calls")
    return found


def _peers(source: Source, each: Traffic) -> list[dict[str, Any]]:
    match source:
        case Source.ANYBODY:
            return []
        case Source.CLUSTER:
            return [_ALL_NAMESPACES]
        case Source.NAMESPACE:
            return [{"podSelector": {}}]
        case Source.SCRAPER:
            return [_of(group) for group in each.scrapers]


def _of(group: PodGroup) -> dict[str, Any]:
    """Return the peer for pods of an operator, by the labels that it always sets."""
    wanted = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
    labels = {key: group.labels.known[key] for key in wanted if key in group.labels.known}
    namespace = {"matchLabels": {NAMESPACE_NAME: group.namespace}}
    return {"namespaceSelector": namespace, "podSelector": {"matchLabels": labels} if labels else {}}


def _ports(ports: Iterable[Port]) -> list[dict[str, Any]]:
    return [{"protocol": str(port.protocol), "port": port.number} for port in ports]
