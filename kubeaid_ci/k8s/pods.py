"""The pods that an object makes: built-in workloads, and custom resources whose operator makes pods.

Built-in kinds and those of `_WHOLE_TEMPLATES` give the whole specification of their pods. Other custom resources give
parts of it, which their operator completes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.k8s.fields import at, mapping, mappings, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.operated_pods import OPERATED, OperatedKind

Path = tuple[str, ...]
"""Fields from the object to a value in it; an index of a list is written as a number."""

_TEMPLATE: Path = ("spec", "template", "spec")
_BUILT_IN: Mapping[str, Mapping[str, Path]] = {
    "": {"Pod": ("spec",), "PodTemplate": ("template", "spec"), "ReplicationController": _TEMPLATE},
    "apps": dict.fromkeys(("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"), _TEMPLATE),
    "batch": {"CronJob": ("spec", "jobTemplate", "spec", "template", "spec"), "Job": _TEMPLATE},
    "extensions": dict.fromkeys(("DaemonSet", "Deployment", "ReplicaSet"), _TEMPLATE),
}
_WHOLE_TEMPLATES: Mapping[tuple[str, str], Path] = {
    ("argoproj.io", "Rollout"): _TEMPLATE,
    ("apps.kruise.io", "CloneSet"): _TEMPLATE,
    ("apps.kruise.io", "DaemonSet"): _TEMPLATE,
    ("apps.kruise.io", "StatefulSet"): _TEMPLATE,
    ("serving.knative.dev", "Service"): _TEMPLATE,
}
"""Custom resources whose controller makes pods from the template, as that of a Deployment does."""

_SPEC_OF_PODS = frozenset({"Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"})
"""Kinds of the Prometheus Operator: `spec` has the fields of a pod specification; containers in it are patches."""

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
_NESTED = (dict, list)
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """The pods that an object makes.

    `path` leads to `spec` in the body of the object. `labels` and `annotations` are those of the pods: all of them if
    `is_complete`, else only those known in advance. `is_complete` is False if an operator adds to the specification,
    which is empty if the operator decides all of it. `operated` is True for kinds whose pod labels are known
    (`operated_pods`).
    """

    path: Path
    spec: Mapping[str, Any]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    is_complete: bool = True
    operated: bool = False

    @property
    def host_network(self) -> bool:
        """True if the pods share the network of their node."""
        return self.spec.get("hostNetwork") is True

    def containers(self) -> list[Mapping[str, Any]]:
        """Return the containers that run as long as the pod, init containers excluded."""
        return mappings(self.spec, "containers")

    def sidecars(self) -> list[Mapping[str, Any]]:
        """Return the init containers that run as long as the pod."""
        return [entry for entry in mappings(self.spec, "initContainers") if entry.get("restartPolicy") == "Always"]

    def all_containers(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield every container with the list that it is in: init, main, ephemeral."""
        for field in CONTAINER_LISTS:
            for container in mappings(self.spec, field):
                yield field, container


def workload(manifest: Manifest) -> PodTemplate | None:
    """Return the pods of an object that gives their whole specification; None for every other object."""
    path = template_path(manifest.key.group, manifest.key.kind)
    if path is None or not isinstance(at(manifest.body, *path), dict):
        return None
    return _template(manifest.body, path)


def pod_templates(manifest: Manifest) -> tuple[PodTemplate, ...]:
    """Return the pods that an object makes; empty if it makes none.

    A custom resource has one for each part that is a pod specification, at whatever depth, and one for its operator if
    its kind is one of `OPERATED`.
    """
    whole = workload(manifest)
    if whole:
        return (whole,)
    group = manifest.key.group
    if "." not in group or group.endswith(".k8s.io"):
        return ()
    return tuple(_custom(manifest))


def template_path(group: str, kind: str) -> Path | None:
    """Return the path of the pod specification in objects of a kind; None if the kind has none of its own."""
    return _BUILT_IN.get(group, {}).get(kind) or _WHOLE_TEMPLATES.get((group, kind))


def _template(body: Mapping[str, Any], path: Path) -> PodTemplate:
    above = path[:-1]
    return PodTemplate(
        path,
        mapping(body, *path),
        text_map(body, *above, "metadata", "labels"),
        text_map(body, *above, "metadata", "annotations"),
    )


def _custom(manifest: Manifest) -> Iterator[PodTemplate]:
    key, body = manifest.key, manifest.body
    operated = OPERATED.get((key.group, key.kind))
    labels, annotations = _of_operator(operated, body, key.name)
    if operated:
        of_pods = key.group == "monitoring.coreos.com" and key.kind in _SPEC_OF_PODS
        spec = mapping(body, "spec") if of_pods else {}
        yield PodTemplate(("spec",), spec, labels, annotations, is_complete=False, operated=True)
        if of_pods:
            return
    for path, spec, metadata in _nested(body, (), {}):
        yield PodTemplate(
            path,
            spec,
            text_map(metadata, "labels") | labels,
            text_map(metadata, "annotations") | annotations,
            is_complete=False,
            operated=operated is not None,
        )


def _of_operator(
    operated: OperatedKind | None, body: Mapping[str, Any], name: str
) -> tuple[dict[str, str], dict[str, str]]:
    if operated is None:
        return {}, {}
    annotations = text_map(body, *operated.own_annotations) if operated.own_annotations else {}
    return operated.pod_labels(body, name), annotations


def _nested(value: Any, path: Path, metadata: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any], Any]]:
    """Yield every mapping that has a list of containers, with its path and the metadata next to it."""
    if len(path) > _DEEPEST:
        return
    if isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, _NESTED):
                yield from _nested(item, (*path, str(place)), {})
    elif isinstance(value, dict):
        if any(mappings(value, field) for field in CONTAINER_LISTS):
            yield path, value, metadata
        for field, below in value.items():
            if isinstance(below, _NESTED) and field not in CONTAINER_LISTS:
                own = mapping(value, "metadata") if field == "spec" and path else {}
                yield from _nested(below, (*path, str(field)), own)
