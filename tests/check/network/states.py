"""Clusters from objects, without rendering."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import Manifest, objects
from kubeaid_ci.k8s.scopes import NO_SCOPES
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.semver.version import Version


def state(bodies: Iterable[dict[str, Any]], status: RenderStatus = RenderStatus.RENDERED) -> ClusterState:
    """A cluster with one Application that has these objects."""
    return with_manifests([found for body in bodies for found in objects("app/objects.yaml", body)], status)


def with_manifests(manifests: Iterable[Manifest], status: RenderStatus = RenderStatus.RENDERED) -> ClusterState:
    owned = tuple(replace(manifest, cluster="one", app="app") for manifest in manifests)
    app = RenderedApp("one", "one", "app", status, namespace="apps", manifests=owned)
    return ClusterState(
        Cluster("one", "one", None), Version.parse("1.34.0"), "default", (app,), {}, (), NO_SCOPES, ClusterHelm("4.1.4")
    )
