"""Small objects to compare."""

from typing import Any

from kubeaid_ci.k8s.manifest import Manifest, ObjectId


def manifest(kind: str, name: str, path: str = "", *, group: str = "v1", **body: Any) -> Manifest:
    whole = {"apiVersion": group, "kind": kind, "metadata": {"name": name}, **body}
    return Manifest(ObjectId.of(whole), whole, path or f"{name}.yaml")


def rules(name: str, groups: dict[str, list[dict[str, Any]]]) -> Manifest:
    spec = {"groups": [{"name": group, "rules": rules} for group, rules in groups.items()]}
    return manifest("PrometheusRule", name, group="monitoring.coreos.com/v1", spec=spec)


def alert(name: str, expr: Any, **labels: str) -> dict[str, Any]:
    return {"alert": name, "expr": expr, "labels": labels}
