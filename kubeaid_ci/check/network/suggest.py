"""Policies to start with, for workloads that are not restricted in both directions.

Applied to the cluster they leave no workload without a policy, and every Service, monitored port and webhook that was
reachable stays so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import restricted_directions
from kubeaid_ci.check.network.needs import (
    Egress,
    Source,
    egress_of,
    ingress_needs,
    outside_ports,
)
from kubeaid_ci.check.network.traffic import Traffic, traffic
from kubeaid_ci.check.result import Suggestion
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import at
from kubeaid_ci.k8s.selectors import EVERYTHING, Operator, Selector, parse_selector
from kubeaid_ci.network.model import NAMESPACE_NAME, PodGroup, Port, Protocol
from kubeaid_ci.render.cluster_state import ClusterState

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


FOLDER = "network-policies"
_LONGEST_NAME = 200
_NOT_IN_FILE_NAMES = re.compile(r"[^a-z0-9.-]+")
_SELECTORS = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
"""Kinds whose selector picks out their pods from all others of the namespace."""


def suggest(state: ClusterState, _: CheckContext) -> Iterator[Suggestion]:
    """Yield a file with a NetworkPolicy for each workload that is not restricted in both directions."""
    for each in traffic(state):
        called = egress_of(each)
        names = {(policy.manifest.key.namespace, policy.manifest.key.name) for policy in each.network.policies}
        for pods in sorted(each.network.workloads, key=str):
            restricted = restricted_directions(each.network, pods)
            if all(restricted):
                continue
            body, comments = _policy(pods, each, called, restricted, names)
            key = pods.manifest.key
            folder = (key.destination, key.namespace) if key.destination else (key.namespace,)
            parts = (*folder, f"{key.kind}-{body['metadata']['name']}")
            path = "/".join((state.cluster.path, FOLDER, *map(_file_name, parts)))
            text = "".join(f"# {_one_line(comment)}\n" for comment in comments) + documents.dump(body)
            yield Suggestion(state.cluster.label, f"{path}.yaml", text)


def _policy(
    pods: PodGroup, each: Traffic, called: Egress, restricted: tuple[bool, bool], names: set[tuple[str, str]]
) -> tuple[dict[str, Any], list[str]]:
    """Return the policy for the directions that are not restricted yet, and comments on it."""
    selector, selected = _selector(pods, each.network.pods_by_namespace[pods.namespace])
    comments = [f"{pods}: a policy to start with. Replace what is wider than the workload needs."]
    others = [str(group) for group in selected if group is not pods]
    if others:
        comments.append(f"It selects {', '.join(others)} too: no label distinguishes them.")
    spec: dict[str, Any] = {"podSelector": selector, "policyTypes": []}
    for is_restricted, name in zip(restricted, ("Ingress", "Egress"), strict=True):
        if not is_restricted:
            found = ingress(selected, each) if name == "Ingress" else egress(selected, called)
            spec["policyTypes"].append(name)
            spec[name.lower()] = found.rules
            comments += found.comments
    name = _unused(pods, spec["policyTypes"], names)
    metadata = {"name": name, "namespace": pods.namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}, comments


def _selector(pods: PodGroup, groups: Iterable[PodGroup]) -> tuple[dict[str, Any], list[PodGroup]]:
    """Return the first selector that selects no other pods of the namespace, and the pods that it selects.

    `groups` are the pods of the namespace.
    """
    near = [group for group in groups if not group.host_network]
    found: tuple[Selector, list[PodGroup]] = (EVERYTHING, near)
    for selector in _selectors(pods, near):
        if selector.matches(pods.labels) is True:
            found = (selector, [group for group in near if selector.matches(group.labels) is not False])
            if found[1] == [pods]:
                break
    return _written(found[0]), found[1]


def _selectors(pods: PodGroup, near: Iterable[PodGroup]) -> Iterator[Selector]:
    kind, labels = pods.manifest.key.kind, dict(sorted(pods.template.labels.items()))
    keys = {key for group in near if group is not pods for key in group.template.labels} - pods.labels.known.keys()
    absent = [{"key": key, "operator": "DoesNotExist"} for key in sorted(keys - pods.labels.runtime)]
    own = at(pods.manifest.body, "spec", "selector") if kind in _SELECTORS else None
    candidates = [own] if own else []
    candidates += [{"matchLabels": labels}] if labels else []
    for candidate in (*candidates, {"matchLabels": labels, "matchExpressions": absent}):
        try:
            yield parse_selector(candidate, "spec.selector")
        except UserError:
            continue  # the API server refuses these labels, and the workload with them


def _written(selector: Selector) -> dict[str, Any]:
    """Return a selector as Kubernetes writes it."""
    labels: dict[str, str] = {}
    expressions: list[dict[str, Any]] = []
    for requirement in selector.requirements:
        key, values = requirement.key, sorted(requirement.values)
        if requirement.operator is Operator.IN and len(values) == 1 and key not in labels:
            labels[key] = values[0]
        else:
            expression = {"key": key, "operator": str(requirement.operator)}
            expressions.append({**expression, "values": values} if values else expression)
    written = {"matchLabels": labels, "matchExpressions": expressions}
    return {name: value for name, value in written.items() if value}


def _unused(pods: PodGroup, types: list[str], names: set[tuple[str, str]]) -> str:
    """Return a name for the policy that no other policy of the namespace has, and take it."""
    base = _file_name(pods.manifest.key.name)[:_LONGEST_NAME]
    wanted = base if len(types) > 1 else f"{base}-{types[0].lower()}"
    options: Mapping[int, str] = {0: wanted, 1: f"{wanted}-{pods.manifest.key.kind.lower()}"}
    number = 0
    while (pods.namespace, options.get(number, f"{wanted}-{number}")) in names:
        number += 1
    name = options.get(number, f"{wanted}-{number}")
    names.add((pods.namespace, name))
    return name


def _file_name(text: str) -> str:
    """Return a part of a path, whatever the text has: no separator, no dot in front."""
    return _NOT_IN_FILE_NAMES.sub("-", text.lower()).strip(".-") or "unnamed"


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
