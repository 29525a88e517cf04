"""The pod specifications in an object, in both its states."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers.reading import mapping, mappings, named
from kubeaid_ci.k8s.manifest import Manifest

_WITHOUT_PODS = frozenset(
    [("", kind) for kind in ("ConfigMap", "Namespace", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount")]
    + [("monitoring.coreos.com", "PrometheusRule")]
)
_OPERATED = ("Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler")
"""Kinds of the Prometheus Operator whose own specification is that of their pods; containers in it are patches."""
_GROUPS_WITHOUT_PODS = frozenset(
    f"{group}.k8s.io"
    for group in ("admissionregistration", "apiextensions", "networking", "rbac.authorization", "storage")
)
_LISTS = ("initContainers", "containers", "ephemeralContainers")
_LISTED = frozenset(_LISTS)
# The steps of Tekton, and the one container of a step of Argo Workflows.
_STEPS, _ALONE = ("steps", "sidecars"), ("container", "script")
_MAY_HOLD = frozenset(_STEPS + _ALONE)
_NESTED = (dict, list)
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class PodChange:
    """One pod specification as it was and as it will be, with the annotations of the pods.

    `old` is empty and `is_new` true if it did not exist.
    """

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    is_new: bool
    old_annotations: Mapping[str, Any]
    new_annotations: Mapping[str, Any]

    def containers(self) -> Iterator[tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]]:
        """Yield each container after the change: its name, the old container (empty if it is new), the new one."""
        old, new = containers(self.old), containers(self.new)
        for name, container in new.items():
            yield name, old.get(name), container


def containers(spec: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return every container of a pod specification by its name, which Kubernetes wants to be there once."""
    found = {name: item for field in _LISTS for name, item in named(mappings(spec, field)).items()}
    steps = {name: item for field in _STEPS for name, item in named(mappings(spec, field)).items() if "image" in item}
    return found | steps | {field: mapping(spec, field) for field in _ALONE if "image" in mapping(spec, field)}


class _Same:
    """A difference that is the same one where it is the same object: it holds mappings, which have no hash."""

    __slots__ = ("difference",)

    def __init__(self, difference: Difference) -> None:
        self.difference = difference

    def __hash__(self) -> int:
        return id(self.difference)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.difference is self.difference


def pods(difference: Difference) -> tuple[PodChange, ...]:
    """Return the pod specifications that the object will have, at whatever depth; none of one that goes."""
    return _pods(_Same(difference))


@lru_cache(maxsize=1)  # five checks ask for those of one object, one after the other
def _pods(of: _Same) -> tuple[PodChange, ...]:
    return tuple(_searched(of.difference))


def _searched(difference: Difference) -> Iterator[PodChange]:
    if difference.after is None or difference.after.key.group in _GROUPS_WITHOUT_PODS:
        return
    if (difference.after.key.group, difference.after.key.kind) in _WITHOUT_PODS:
        return
    before = {} if difference.before is None else _specs(difference.before)
    for path, (spec, annotated) in _specs(difference.after).items():
        old, old_annotated = before.get(path, ({}, {}))
        yield PodChange(old, spec, path not in before, old_annotated, annotated)


_Found = tuple[tuple[str, ...], tuple[Mapping[str, Any], Mapping[str, Any]]]


def _specs(manifest: Manifest) -> dict[tuple[str, ...], tuple[Mapping[str, Any], Mapping[str, Any]]]:
    found = dict(_found(manifest.body, (), {}))
    if manifest.key.group == "monitoring.coreos.com" and manifest.key.kind in _OPERATED:
        found |= {
            ("spec",): (mapping(manifest.body, "spec"), mapping(manifest.body, "spec", "podMetadata", "annotations"))
        }
    return found


def _found(value: Any, path: tuple[str, ...], annotated: Mapping[str, Any]) -> Iterator[_Found]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, _NESTED):
                yield from _found(item, (*path, str(place)), {})
    elif isinstance(value, dict):
        if _has_containers(value):
            yield path, (value, annotated)
        for name, below in value.items():
            if isinstance(below, _NESTED) and name not in _LISTED:
                own = mapping(value, "metadata", "annotations") if name == "spec" else {}
                yield from _found(below, (*path, str(name)), own)


def _has_containers(value: Mapping[str, Any]) -> bool:
    if not _LISTED.isdisjoint(value) and any(isinstance(value.get(field), list) for field in _LISTS):
        return True
    return not _MAY_HOLD.isdisjoint(value) and bool(containers(value))
