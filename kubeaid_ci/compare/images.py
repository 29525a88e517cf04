"""The container images that manifests ask for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.k8s.manifest import Manifest, own_images

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_WITHOUT_PODS = frozenset({"ConfigMap", "CustomResourceDefinition", "PrometheusRule", "Secret"})
"""Kinds that have no pods, and are large: they are not searched."""


def images(manifests: Iterable[Manifest]) -> set[str]:
    """Return every image of a pod specification, at any depth, and those that custom resources name for their pods."""
    return {
        image
        for manifest in manifests
        if manifest.key.kind not in _WITHOUT_PODS
        for image in (*_in_pods(manifest.body), *own_images(manifest).values())
    }


def image_changes(old: Iterable[Manifest], new: Iterable[Manifest]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the images that are new and those that are gone, each sorted."""
    before, after = images(old), images(new)
    return tuple(sorted(after - before)), tuple(sorted(before - after))


def _in_pods(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_pods(item)
    elif isinstance(value, dict):  # not Mapping, because its isinstance check is slow and runs for every value
        for field, below in value.items():
            if field in _CONTAINERS and isinstance(below, list):
                yield from _of_containers(below)
            elif field == "volumes" and isinstance(below, list):
                yield from _of_volumes(below)
            else:
                yield from _in_pods(below)


def _of_containers(containers: list[Any]) -> Iterator[str]:
    for container in containers:
        image = container.get("image") if isinstance(container, Mapping) else None
        if isinstance(image, str) and image:
            yield image


def _of_volumes(volumes: list[Any]) -> Iterator[str]:
    for volume in volumes:
        image = volume.get("image") if isinstance(volume, Mapping) else None
        reference = image.get("reference") if isinstance(image, Mapping) else None
        if isinstance(reference, str) and reference:
            yield reference
