"""Hooks, jobs, scaling and finalizers: what starts, what stops, and what blocks a deletion."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, at, body, hook, is_kind, listed, mapping, text, texts
from kubeaid_ci.findings.finding import Severity

_SCALED = {
    "apps": ("Deployment", "ReplicaSet", "StatefulSet"),
    "monitoring.coreos.com": ("Alertmanager", "Prometheus", "ThanosRuler"),
    "argoproj.io": ("Rollout",),
}
_SUSPENDS = {
    ("argoproj.io", "CronWorkflow"): ("suspend",),
    ("batch", "CronJob"): ("suspend",),
    ("batch", "Job"): ("suspend",),
    ("postgresql.cnpg.io", "ScheduledBackup"): ("suspend",),
    ("velero.io", "Schedule"): ("paused",),
}
_LEAST = {
    ("autoscaling", "HorizontalPodAutoscaler"): ("minReplicas",),
    ("keda.sh", "ScaledObject"): ("maxReplicaCount",),
}
_RUNS = frozenset({"CronJob", "Job", "Pod", "Workflow"})
_LEVELS = ("restricted", "baseline", "privileged")
_MESH = ("istio.io/rev", "istio.io/dataplane-mode")
_ENFORCE = "pod-security.kubernetes.io/enforce"


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about new hooks and jobs, workloads scaled to nothing, finalizers, and weaker namespaces."""
    if difference.after is None:
        return
    yield from _started(difference)
    yield from _stopped(difference)
    yield from _finalizers(difference)
    yield from _namespace(difference)


def _started(difference: Difference) -> Iterator[Draft]:
    old, new = hook(difference.before), hook(difference.after)
    kind = difference.manifest.key.kind
    if new and new != old:
        was = f" instead of {old}" if old else ""
        yield Draft(rules.HOOK_ADDED, f"it is applied as a hook: {new}{was}", None if kind in _RUNS else Severity.INFO)
    elif difference.before is None and is_kind(difference, "batch", "CronJob") and _is_run(difference):
        yield Draft(rules.JOB_ADDED, f"it runs on a schedule: {text(body(difference.after), 'spec', 'schedule')}")
    elif difference.before is None and is_kind(difference, "batch", "Job") and _is_run(difference):
        yield Draft(rules.JOB_ADDED, "it runs once, with the sync")


def _is_run(difference: Difference) -> bool:
    """Return whether Argo CD applies the object; it does not apply Helm tests."""
    helm = mapping(body(difference.after), "metadata", "annotations").get("helm.sh/hook")
    return not isinstance(helm, str) or bool(hook(difference.after))


def _stopped(difference: Difference) -> Iterator[Draft]:
    if difference.before is None:
        return
    key = difference.manifest.key
    if key.kind in _SCALED.get(key.group, ()):
        old, new = (at(body(side), "spec", "replicas") for side in (difference.before, difference.after))
        if new == 0 and new is not False and old != 0:
            yield Draft(rules.SCALED_TO_ZERO, f"scaled to zero, from {1 if old is None else old}")
    for field in _SUSPENDS.get((key.group, key.kind), ()):
        suspended = [at(body(side), "spec", field) is True for side in (difference.before, difference.after)]
        if suspended == [False, True]:
            yield Draft(rules.SCALED_TO_ZERO, "it is suspended")
    for field in _LEAST.get((key.group, key.kind), ()):
        old, new = (at(body(side), "spec", field) for side in (difference.before, difference.after))
        if new == 0 and new is not False and old != 0:
            yield Draft(rules.SCALED_TO_ZERO, f"it may be scaled to zero: {field} is 0")


def _finalizers(difference: Difference) -> Iterator[Draft]:
    old, new = (set(texts(body(side), "metadata", "finalizers")) for side in (difference.before, difference.after))
    if difference.before is not None and (gone := old - new):
        yield Draft(
            rules.FINALIZER_CHANGED,
            f"it loses the finalizer {listed(list(gone))}: nothing cleans up when it is deleted",
        )
    if come := new - old:
        yield Draft(
            rules.FINALIZER_CHANGED,
            f"it gets the finalizer {listed(list(come))}: its deletion waits for a controller",
            Severity.INFO if difference.before is None else None,
        )


def _namespace(difference: Difference) -> Iterator[Draft]:
    labels_of = _labels_of_namespace(difference)
    if labels_of is None:
        return
    before, after = (mapping(body(side), *labels_of) for side in (difference.before, difference.after))
    old, new = text(before, _ENFORCE), text(after, _ENFORCE)
    if _level(new) > _level(old) and difference.before is not None:
        yield Draft(rules.POD_SECURITY_LOWERED, f"it admits pods of the level {new or 'privileged'}, until now {old}")
    elif difference.before is None and new == "privileged":
        yield Draft(rules.POD_SECURITY_LOWERED, "it admits privileged pods")
    if _in_mesh(before) and not _in_mesh(after):
        yield Draft(rules.PROTECTION_REMOVED, "its pods leave the mesh: nothing encrypts or limits their traffic")


def _labels_of_namespace(difference: Difference) -> tuple[str, ...] | None:
    """Return where the labels of a namespace are: in the namespace, or in the Application that creates it."""
    if is_kind(difference, "", "Namespace"):
        return "metadata", "labels"
    if is_kind(difference, "argoproj.io", "Application"):
        return "spec", "syncPolicy", "managedNamespaceMetadata", "labels"
    return None


def _in_mesh(labels: Mapping[str, Any]) -> bool:
    return labels.get("istio-injection") == "enabled" or any(labels.get(name) for name in _MESH)


def _level(name: str) -> int:
    return _LEVELS.index(name) if name in _LEVELS else len(_LEVELS) - 1
