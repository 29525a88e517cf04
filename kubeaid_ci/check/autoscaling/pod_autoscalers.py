"""Autoscalers of pods that cannot work: without requests or a target, or with another owner of their target."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.autoscaling.cluster_autoscaler import BOUNDS_INVALID, wrong_bounds
from kubeaid_ci.check.autoscaling.node_groups import MAX_SIZE, node_groups
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.pods import workload
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

REQUESTS_MISSING = Rule(
    "autoscaling/requests-missing",
    Severity.WARNING,
    "The autoscaler measures use as a part of the request, and a container of its target has none, so it never scales. "
    "Set the request of each container, or scale by another metric.",
)
TARGET_SHARED = Rule(
    "autoscaling/target-shared",
    Severity.WARNING,
    "Two autoscalers set the number of pods of one object, or one sets the request that the other measures by, so they "
    "undo each other. Remove one of them.",
)
TARGET_MISSING = Rule(
    "autoscaling/target-missing",
    Severity.WARNING,
    "The autoscaler names an object that no Application creates, so it scales nothing. Correct the name, or remove the "
    "autoscaler.",
)
REPLICAS_OVERWRITTEN = Rule(
    "autoscaling/replicas-overwritten",
    Severity.WARNING,
    "Git sets a number of replicas that an autoscaler changes, so each sync undoes the autoscaler. Leave replicas out, "
    "or add /spec/replicas to ignoreDifferences of the Application.",
)
RULES = (REQUESTS_MISSING, TARGET_SHARED, TARGET_MISSING, REPLICAS_OVERWRITTEN)

_HPA, _KEDA, _VPA = "HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler"
_GROUPS = {_HPA: "autoscaling", _KEDA: "keda.sh", _VPA: "autoscaling.k8s.io"}
_MEASURED = ("cpu", "memory")
Target = tuple[str, str, str, str]
"""Destination, namespace, kind and name."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """An autoscaler of pods and the object that it scales."""

    item: Applied
    target: Target

    @property
    def kind(self) -> str:
        """The kind of the autoscaler."""
        return self.item.manifest.key.kind

    @property
    def measured(self) -> list[tuple[str, str]]:
        """The resources measured as a part of the request, each with its container (empty: all)."""
        body = self.item.manifest.body
        found = [("cpu", "")] if at(body, "spec", "targetCPUUtilizationPercentage") is not None else []
        for metric in mappings(body, "spec", "metrics"):
            source = mapping(metric, "resource") or mapping(metric, "containerResource")
            by_request = at(source, "target", "averageUtilization") is not None
            if by_request or at(source, "targetAverageUtilization") is not None:
                found.append((text(source, "name"), text(source, "container")))
        return found


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each autoscaler of pods, and the sizes that Git and an autoscaler both set."""
    items = list(applied(state, context))
    objects: dict[Target, Applied] = {}
    for item in items:
        objects.setdefault(_place(item, item.manifest.key.kind, item.manifest.key.name), item)
    scalers = list(_scalers(items))
    defaults = _default_requests(items)
    for scaler in scalers:
        target = objects.get(scaler.target)
        if target is None:
            _, namespace, kind, name = scaler.target
            if name:
                key = str(scaler.item.manifest.key)
                message = f"{key}: no {kind} {namespace}/{name}"
                yield scaler.item.absence(state, TARGET_MISSING, message, key=key, namespace=namespace)
            continue
        yield from _requests(scaler, target, defaults)
        if scaler.kind != _VPA and at(target.manifest.body, "spec", "replicas") is not None:
            yield from _overwritten(target, scaler.item)
    yield from _shared(scalers)
    yield from _invalid_bounds(scalers)
    for group in node_groups(items):
        if group.high is not None and at(group.item.manifest.body, "spec", "replicas") is not None:
            yield from _overwritten(group.item, None)


def _scalers(items: Iterable[Applied]) -> Iterator[Scaler]:
    for item in items:
        key, body = item.manifest.key, item.manifest.body
        if _GROUPS.get(key.kind) == key.group:
            field = "targetRef" if key.kind == _VPA else "scaleTargetRef"
            reference = mapping(body, "spec", field)
            kind = text(reference, "kind") or "Deployment"
            yield Scaler(item, _place(item, kind, text(reference, "name")))


def _place(item: Applied, kind: str, name: str) -> Target:
    return item.app.destination, item.manifest.key.namespace, kind, name


def _default_requests(items: Iterable[Applied]) -> frozenset[tuple[str, str, str]]:
    """Return the resources that a LimitRange requests by default, with destination and namespace."""
    return frozenset(
        (item.app.destination, item.manifest.key.namespace, resource)
        for item in items
        if (item.manifest.key.group, item.manifest.key.kind) == ("", "LimitRange")
        for limit in mappings(item.manifest.body, "spec", "limits")
        if text(limit, "type") == "Container"
        for field in ("default", "defaultRequest", "max", "min")
        for resource in mapping(limit, field)
    )


def _requests(scaler: Scaler, target: Applied, defaults: frozenset[tuple[str, str, str]]) -> Iterator[Finding]:
    pods = workload(target.manifest)
    if pods is None:
        return
    for resource, only in scaler.measured:
        if (*scaler.target[:2], resource) in defaults or _requests_resource(pods.spec, resource):
            continue
        lacking = [
            text(container, "name")
            for container in (*pods.containers(), *pods.sidecars())
            if only in ("", text(container, "name")) and not _requests_resource(container, resource)
        ]
        if lacking:
            key = target.manifest.key
            what = f"no {resource} request in {', '.join(lacking)} of {key.kind} {key.name}"
            yield _finding(REQUESTS_MISSING, scaler.item, what)


def _requests_resource(container: Mapping[str, Any], resource: str) -> bool:
    """Return whether a container, or the pods as a whole, request a resource."""
    return any(at(container, "resources", field, resource) is not None for field in ("requests", "limits"))


def _overwritten(target: Applied, scaler: Applied | None) -> Iterator[Finding]:
    if _ignores_replicas(target.app, target):
        return
    count = at(target.manifest.body, "spec", "replicas")
    by = f"{scaler.manifest.key.kind} {scaler.manifest.key.name}" if scaler else f"the autoscaler ({MAX_SIZE})"
    yield _finding(REPLICAS_OVERWRITTEN, target, f"replicas {count} in Git, scaled by {by}")


def _ignores_replicas(app: RenderedApp, target: Applied) -> bool:
    for rule in app.ignore_differences:
        kind, group, name = text(rule, "kind"), text(rule, "group"), text(rule, "name")
        key = target.manifest.key
        if kind not in (key.kind, "*") or group not in (key.group, "*") or name not in ("", key.name):
            continue
        paths = [*texts(rule, "jsonPointers"), *texts(rule, "jqPathExpressions")]
        if any("replicas" in path for path in paths) or texts(rule, "managedFieldsManagers"):
            return True
    return False


def _shared(scalers: list[Scaler]) -> Iterator[Finding]:
    by_target: dict[Target, list[Scaler]] = {}
    for scaler in scalers:
        by_target.setdefault(scaler.target, []).append(scaler)
    for (_, namespace, kind, name), same in by_target.items():
        horizontal = [scaler for scaler in same if scaler.kind != _VPA]
        resources = {resource for scaler in horizontal for resource, _ in scaler.measured}
        vertical = [scaler for scaler in same if scaler.kind == _VPA and resources & _set_by(scaler)]
        if len(horizontal) > 1 or (horizontal and vertical):
            owners = [f"{one.kind} {one.item.manifest.key.name}" for one in (*horizontal, *vertical)]
            what = f"{kind} {namespace}/{name} is scaled by {named(owners, separator=' and ')}"
            yield _finding(TARGET_SHARED, same[0].item, what)


def _set_by(vertical: Scaler) -> set[str]:
    """Return the resources whose requests a VerticalPodAutoscaler sets."""
    body = vertical.item.manifest.body
    if text(body, "spec", "updatePolicy", "updateMode") == "Off":
        return set()
    policies = mappings(body, "spec", "resourcePolicy", "containerPolicies")
    named = [texts(policy, "controlledResources") for policy in policies if "controlledResources" in policy]
    return {resource for resources in named for resource in resources} if named else set(_MEASURED)


def _invalid_bounds(scalers: list[Scaler]) -> Iterator[Finding]:
    for scaler in scalers:
        spec = mapping(scaler.item.manifest.body, "spec")
        low, high = spec.get("minReplicas", 1), spec.get("maxReplicas")
        if (
            scaler.kind == _HPA
            and isinstance(low, int)
            and isinstance(high, int)
            and (wrong := wrong_bounds(low, high))
        ):
            yield _finding(BOUNDS_INVALID, scaler.item, f"minReplicas to maxReplicas: {wrong}")


def _finding(rule: Rule, item: Applied, what: str) -> Finding:
    key = str(item.manifest.key)
    return item.finding(rule, f"{key}: {what}", key=f"{key} {what}")
