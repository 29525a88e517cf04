"""The result of rendering the Applications of clusters, and the plan of their sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from kubeaid_ci.argocd.application import Application, Source
from kubeaid_ci.argocd.sync import NO_POLICY, SyncPolicy
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.report.json_result import JsonResult

RepositoryName = Literal["config", "kubeaid", ""]
"""One of the two repositories; empty for any other."""


@dataclass(frozen=True, slots=True)
class ValuesLayer:
    """The YAML text of one set of values of a chart.

    `path` is the file that it is in, relative to its repository: a values file, or the file of the Application that has
    the values inline. `has_lines` is true if the lines of the text are those of the file.
    """

    path: str
    text: str
    has_lines: bool = True
    repository: RepositoryName = ""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source of an Application that has objects, located in a repository.

    `path` is the folder in the repository and `revision` what it is read at, None if the source cannot be rendered.
    `chart` is the name of the chart's folder, empty for plain manifests. Later layers of `values` win.
    """

    source: Source
    repository: RepositoryName = ""
    path: str = ""
    revision: str | None = None
    chart: str = ""
    values: tuple[ValuesLayer, ...] = field(default=(), repr=False)


class RenderStatus(StrEnum):
    """The status of an Application. `PARTIAL` means that another part of it is unknown."""

    RENDERED = "rendered"
    PARTIAL = "partial"
    UNVERIFIABLE = "unverifiable"
    FAILED = "failed"


class Failure(StrEnum):
    """Why an Application could not be rendered: its folder does not exist, a schema refuses its values, or else."""

    GONE = "gone"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Masked:
    """A value that the chart generates at each render, such as a random password; it is rendered as `MASK`."""

    key: ObjectId
    path: str
    field: str


@dataclass(frozen=True, slots=True)
class OtherRevision:
    """A path of the config repo that an Application takes from another revision than the one that is rendered.

    `tree` names the content of the path at the revision that is rendered.
    """

    revision: str
    path: str
    tree: str


@dataclass(frozen=True, slots=True)
class SourceHost:
    """The host of a source. `is_given` is true if the source is one of the two given repositories."""

    host: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class RenderedApp:
    """One Application of one cluster, and every object that Argo CD would apply for it.

    The objects come in the order of their files, CRDs first. Two with the same `digest` have the
    same objects, so they need no comparison. `revision` is that of the repository of its chart.

    `app` is the name, with the namespace of the Application if that is not Argo CD's own (`AppId`). `namespace` and
    `destination` are the namespace and the cluster that its objects go to, the latter empty for the cluster that
    Argo CD runs in. `holder` is the Application that holds this one, empty for the root.
    """

    cluster: str
    dir: str
    app: str
    status: RenderStatus
    namespace: str = ""
    revision: str | None = None
    manifests: tuple[Manifest, ...] = ()
    masked: tuple[Masked, ...] = ()
    ignore_differences: tuple[Mapping[str, Any], ...] = ()
    error: str | None = None
    failure: Failure | None = None
    cached: bool = False
    digest: str = ""
    destination: str = ""
    holder: str = ""
    sync: SyncPolicy = NO_POLICY
    other_revisions: tuple[OtherRevision, ...] = ()
    hosts: tuple[SourceHost, ...] = ()
    path: str = ""
    """The file that the Application is in, relative to the config repo."""
    application: Application | None = field(default=None, repr=False)
    sources: tuple[SourcePlan, ...] = field(default=(), repr=False)
    made: Manifest | None = field(default=None, repr=False)
    """The Application itself as an object of its holder, if an ApplicationSet makes it. It is not in `manifests`."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values under secret names that the cluster gives to its charts; `digest` represents them too."""


@dataclass(frozen=True, slots=True)
class Renderings(JsonResult):
    """The result of rendering several clusters, in order of cluster and Application."""

    apps: tuple[RenderedApp, ...]
    findings: tuple[Finding, ...]
    helm: str = ""
    """The version of Helm whose rules rendered charts by themselves; empty for clusters, each of which has its own."""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every object of every Application."""
        return tuple(manifest for app in self.apps for manifest in app.manifests)

    @property
    def failed(self) -> tuple[RenderedApp, ...]:
        """The Applications that could not be rendered."""
        return tuple(app for app in self.apps if app.status is RenderStatus.FAILED)
