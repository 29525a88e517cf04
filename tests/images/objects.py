"""Objects as a rendering has them."""

from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus


def manifest(text: str, **more: Any) -> Manifest:
    """Return the object of a YAML text."""
    body = {**documents.load(text, where="test"), **more}
    body.setdefault("metadata", {"name": "x"})
    return Manifest(ObjectId.of(body), body, "templates/x.yaml", "one", "web", "web")


def app(*manifests: Manifest, cluster: str = "one", name: str = "web", status: str = "rendered") -> RenderedApp:
    """Return an Application of a cluster with these objects."""
    return RenderedApp(cluster, cluster, name, RenderStatus(status), manifests=manifests)


def deployment(container: str) -> Manifest:
    """Return a Deployment with one container, which is YAML in flow style without its braces."""
    text = f"{{apiVersion: apps/v1, kind: Deployment, spec: {{template: {{spec: {{containers: [{{{container}}}]}}}}}}}}"
    return manifest(text)
