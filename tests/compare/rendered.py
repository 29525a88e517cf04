"""Rendered objects to compare, with the one of a workload that has a bit of everything."""

import copy
from typing import Any

from kubeaid_ci.argocd.sync import SyncPolicy
from kubeaid_ci.compare.difference import Difference, ObjectChange
from kubeaid_ci.compare.display import object_change
from kubeaid_ci.compare.ignores import standing
from kubeaid_ci.compare.objects import differences
from kubeaid_ci.dangers.reading import mappings
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus


def at(body: dict[str, Any], *, app: str = "web", cluster: str = "prod") -> Manifest:
    return Manifest(ObjectId.of(body), body, "templates/x.yaml", cluster, app)


def obj(kind: str, name: str = "x", *, api: str = "v1", namespace: str = "n", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} | fields.pop("metadata", {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def container(name: str = "main", **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": "registry.example.com/web:1.0.0", **fields}


def workload(
    kind: str = "Deployment", *, api: str = "apps/v1", pod: Any = None, spec: Any = None, **fields: Any
) -> Any:
    pod = {"containers": [container()]} | (pod or {})
    return obj(kind, api=api, spec={"template": {"spec": pod}} | (spec or {}), **fields)


def changed(body: dict[str, Any], *path: str | int, to: Any) -> dict[str, Any]:
    """A copy with another value at a path."""
    made = copy.deepcopy(body)
    place: Any = made
    for step in path[:-1]:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    place[path[-1]] = to
    return made


def found(before: Any, after: Any) -> tuple[Difference, ...]:
    """The differences of objects given by their bodies, Applications with what they ignore among them."""
    sides = [side if isinstance(side, list) else [side] for side in (before, after)]
    old, new = ([at(body) for body in side] for side in sides)
    return differences(old, new, ignores=standing(*map(applications, sides)))


def applications(bodies: list[dict[str, Any]]) -> dict[str, RenderedApp]:
    """The Applications among objects, by name."""
    return {
        body["metadata"]["name"]: RenderedApp(
            "prod",
            "prod",
            body["metadata"]["name"],
            RenderStatus.RENDERED,
            ignore_differences=tuple(mappings(body, "spec", "ignoreDifferences")),
            sync=SyncPolicy.parse(body),
        )
        for body in bodies
        if body["kind"] == "Application"
    }


def changes(before: Any, after: Any, *, noise: bool = False) -> list[ObjectChange]:
    return [object_change(one, noise=noise) for one in found(before, after) if one.counts or noise]


def paths(before: Any, after: Any) -> list[str]:
    """The paths of the fields that count."""
    return [field.path for change in changes(before, after) for field in change.fields]
