"""A cluster as Git describes it: its Applications with every object that Argo CD would apply."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.scopes import Scopes
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.render.results import AppResult, Target, rendered_app
from kubeaid_ci.render.rules import HELM_VERSION_UNKNOWN
from kubeaid_ci.render.task import ChartTask, Note, Task
from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class SideApp:
    """An Application as it is rendered: its sources, each with the name of its chart.

    `by_helm` are those of its tasks whose outcome may depend on the version of Helm. `remarks` are findings that leave
    it its objects.
    """

    name: str
    parts: tuple[tuple[Task | Note, str], ...]
    target: Target
    revision: str | None
    by_helm: frozenset[Task]
    remarks: tuple[Note, ...] = ()

    def result(self, renderer: Renderer) -> AppResult:
        """Return the Application and its findings, of tasks that are rendered."""
        return rendered_app(self.name, self.parts, renderer, self.target, revision=self.revision, remarks=self.remarks)

    def with_helm(self, helm: ClusterHelm) -> Self:
        """Return the Application as this Helm renders it."""
        return replace(self, parts=tuple((self._task(part, helm), chart) for part, chart in self.parts))

    def _task(self, part: Task | Note, helm: ClusterHelm) -> Task | Note:
        return part.with_helm(helm) if isinstance(part, ChartTask) and part in self.by_helm else part


def unknown_helm(helm: ClusterHelm, apps: Iterable[SideApp], cluster: Cluster) -> Iterator[Finding]:
    """Yield a finding for a cluster whose Helm is only assumed, if any of its charts depends on that."""
    count = sum(bool(app.by_helm) for app in apps)
    if helm.doubt and count:
        message = (
            f"{helm.doubt}, so its charts are rendered as Helm {helm.version} does;"
            f" {count} of its Applications depend on it: set clusters.{cluster.name}.helm"
        )
        yield HELM_VERSION_UNKNOWN.at(cluster.path, message, subject=cluster.name)


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
