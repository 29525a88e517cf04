"""Policies to start with, for workloads that are not restricted in both directions.

Applied to the cluster they leave no workload without a policy, and every Service, monitored port and webhook that was
reachable stays so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import restricted_directions
from kubeaid_ci.check.network.needs import Egress, egress_of
from kubeaid_ci.check.network.networks import Traffic, traffic
from kubeaid_ci.check.network.starting_policy import egress, ingress
from kubeaid_ci.check.result import Suggestion
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import at
from kubeaid_ci.k8s.selectors import EVERYTHING, Operator, Selector, parse_selector
from kubeaid_ci.network.model import PodGroup
from kubeaid_ci.render.cluster_state import ClusterState

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
