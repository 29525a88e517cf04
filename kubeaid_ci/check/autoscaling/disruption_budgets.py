"""Disruption budgets that allow no eviction, so that no node can be drained, replaced or scaled down."""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, text
from kubeaid_ci.k8s.pods import pod_templates
from kubeaid_ci.k8s.selectors import Labels, Selector, parse_selector
from kubeaid_ci.render.cluster_state import ClusterState

DRAIN_BLOCKED = Rule(
    "autoscaling/drain-blocked",
    Severity.WARNING,
    "The disruption budget allows none of its pods to be evicted, so a node that runs one cannot be drained, upgraded "
    "or scaled down. Allow one eviction, or run more pods.",
)
RULES = (DRAIN_BLOCKED,)

_ONE_FOR_EACH_NODE = ("DaemonSet", "CronJob", "Job")
_LEAST = {
    ("autoscaling", "HorizontalPodAutoscaler"): "minReplicas",
    ("keda.sh", "ScaledObject"): "minReplicaCount",
}
_COUNTS: Mapping[str, tuple[str, ...]] = {
    "Cluster": ("spec", "instances"),
    "RabbitmqCluster": ("spec", "replicas"),
}


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each budget that blocks, for whatever pods, or for those that Git runs."""
    items = list(applied(state, context))
    least = _least_replicas(items)
    for item in items:
        key, spec = item.manifest.key, mapping(item.manifest.body, "spec")
        if (key.group, key.kind) != ("policy", "PodDisruptionBudget") or not spec:
            continue
        selected = _selected(item, items)
        if not selected:
            continue
        replicas = _sum(least.get(_place(rendered), _replicas(rendered)) for rendered in selected)
        if what := _blocks(spec.get("minAvailable"), spec.get("maxUnavailable"), replicas):
            names = ", ".join(f"{one.manifest.key.kind} {one.manifest.key.name}" for one in selected[:3])
            yield item.finding(DRAIN_BLOCKED, f"{key}: {what} of {names}", key=str(key), content=what)


def _selected(budget: Applied, items: list[Applied]) -> list[Applied]:
    """Return the objects whose pods a budget selects, without those that a drain ignores."""
    selector = at(budget.manifest.body, "spec", "selector")
    if not isinstance(selector, dict):
        return []
    try:
        parsed = parse_selector(selector, "selector")
    except UserError:
        return []
    return [
        item
        for item in items
        if item.manifest.key.namespace == budget.manifest.key.namespace
        and item.app.destination == budget.app.destination
        and item.manifest.key.kind not in _ONE_FOR_EACH_NODE
        and _has_pods(item, parsed)
    ]


def _has_pods(item: Applied, selector: Selector) -> bool:
    return any(
        selector.matches(Labels(pods.labels, complete=pods.is_complete)) is True
        for pods in pod_templates(item.manifest)
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _replicas(item: Applied) -> int | None:
    """Return how many pods an object runs; None if Git does not decide it."""
    count = at(item.manifest.body, *_COUNTS.get(item.manifest.key.kind, ("spec", "replicas")))
    if count is None:
        return 1
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _least_replicas(items: list[Applied]) -> dict[tuple[str, str, str, str], int]:
    """Return the smallest number of pods that an autoscaler keeps, by target."""
    found = {}
    for item in items:
        key = item.manifest.key
        if field := _LEAST.get((key.group, key.kind)):
            reference = mapping(item.manifest.body, "spec", "scaleTargetRef")
            low = at(item.manifest.body, "spec", field)
            kind = text(reference, "kind") or "Deployment"
            default = 0 if key.kind == "ScaledObject" else 1
            place = (item.app.destination, key.namespace, kind, text(reference, "name"))
            found[place] = low if isinstance(low, int) and not isinstance(low, bool) else default
    return found


def _place(item: Applied) -> tuple[str, str, str, str]:
    key = item.manifest.key
    return item.app.destination, key.namespace, key.kind, key.name


def _blocks(least: object, most: object, replicas: int | None) -> str:
    """Return why a budget allows no eviction; empty if it allows one. A percentage is rounded up by Kubernetes."""
    if most is not None:
        allowed = _share(most, replicas if replicas else 100)
        return f"maxUnavailable {most} allows no eviction" if allowed == 0 else ""
    required = _share(least, replicas) if replicas is not None else None
    if least == "100%":
        return "minAvailable 100% allows no eviction"
    if replicas and required is not None and required >= replicas:
        pods = "pod" if replicas == 1 else "pods"
        return f"minAvailable {least} allows no eviction of {replicas} {pods}"
    return ""


def _share(value: object, replicas: int | None) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit() and replicas is not None:
        return ceil(int(value[:-1]) * replicas / 100)
    return None
