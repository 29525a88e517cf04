"""A cluster as Git describes it: its Applications with every object that Argo CD would apply."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.scopes import Scopes
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.render.side_app import SideApp
from kubeaid_ci.render.source_plan import SourcePlan, ValuesLayer
from kubeaid_ci.semver.version import Version

__all__ = ["ClusterState", "RenderedApp", "SourcePlan", "ValuesLayer"]


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster whose Applications are rendered, with the repositories at one pair of revisions.

    `version` is that of Kubernetes, and `version_from` where it is from: ``settings``, ``general`` or ``default``.
    `app_findings` are the findings of rendering by `RenderedApp.app`, `findings` those about the cluster as a whole.
    `scopes` are those of its custom resources.
    """

    cluster: Cluster
    version: Version
    version_from: str
    apps: tuple[RenderedApp, ...]
    app_findings: Mapping[str, tuple[Finding, ...]]
    findings: tuple[Finding, ...]
    scopes: Scopes
    helm: ClusterHelm
    side_apps: tuple[SideApp, ...] = field(default=(), repr=False)
    """The tasks of the Applications, in the order of `apps`."""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every object of every Application."""
        return tuple(manifest for app in self.apps for manifest in app.manifests)
