"""An ArgoCD Application: what to render, from where, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.fields import mapping, mappings, text, texts
from kubeaid_ci.model.kustomize_source import KustomizeSource
from kubeaid_ci.model.remote import Remote, without_credentials
from kubeaid_ci.model.sync_policy import NO_POLICY, SyncPolicy

GROUP = "argoproj.io"
APPLICATION_SET = "ApplicationSet "
"""Comes before the name of an ApplicationSet that is listed in place of its Applications, which are unknown."""
_IN_CLUSTER = frozenset(
    f"https://kubernetes.default{suffix}" for suffix in ("", ".svc", ".svc.cluster.local", ".svc.cluster.local.")
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value set by name, as ``helm --set`` does (``--set-string`` where `is_text`)."""

    name: str
    value: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class HelmSource:
    """How a chart is rendered. `values` is YAML; `values_object` is the same as data, and wins."""

    release_name: str = ""
    namespace: str = ""
    value_files: tuple[str, ...] = ()
    ignore_missing_value_files: bool = False
    values: str = ""
    values_object: Mapping[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    file_parameters: tuple[Parameter, ...] = ()
    skip_crds: bool = False
    skip_tests: bool = False
    skip_schema_validation: bool = False
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read ``spec.source.helm``; raises `UserError` naming the field that cannot be read."""
        values_object = said.get("valuesObject")
        return cls(
            release_name=text(said, "releaseName"),
            namespace=text(said, "namespace"),
            value_files=texts(said, "valueFiles"),
            ignore_missing_value_files=said.get("ignoreMissingValueFiles") is True,
            values=text(said, "values"),
            values_object=None if values_object is None else mapping(said, "valuesObject"),
            parameters=tuple(_parameter(one, "value") for one in mappings(said, "parameters")),
            file_parameters=tuple(_parameter(one, "path") for one in mappings(said, "fileParameters")),
            skip_crds=said.get("skipCrds") is True,
            skip_tests=said.get("skipTests") is True,
            skip_schema_validation=said.get("skipSchemaValidation") is True,
            kube_version=text(said, "kubeVersion"),
            api_versions=texts(said, "apiVersions"),
        )


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """Which files of a folder of plain manifests are applied. Jsonnet's settings say that some are evaluated."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read ``spec.source.directory``; raises `UserError` naming the field that cannot be read."""
        return cls(said.get("recurse") is True, text(said, "include"), text(said, "exclude"))


@dataclass(frozen=True, slots=True)
class Source:
    """One place that an Application takes files from.

    `tool` is how the files are made into objects where that is said: ``helm``, ``directory``,
    ``kustomize`` or ``plugin``; ArgoCD looks at the folder where it is empty.
    """

    url: str
    path: str = ""
    revision: str = ""
    chart: str = ""
    ref: str = ""
    tool: str = ""
    helm: HelmSource = field(default_factory=HelmSource)
    directory: DirectorySource = field(default_factory=DirectorySource)
    kustomize: KustomizeSource = field(default_factory=KustomizeSource)

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read one source; raises `UserError` naming the field that cannot be read."""
        tools = [name for name in ("helm", "directory", "kustomize", "plugin") if said.get(name)]
        if len(tools) > 1:
            raise UserError(f"a source with {' and '.join(tools)}; ArgoCD takes one of them")
        return cls(
            url=text(said, "repoURL"),
            path=text(said, "path").strip("/"),
            revision=text(said, "targetRevision"),
            chart=text(said, "chart"),
            ref=text(said, "ref"),
            tool=tools[0] if tools else "",
            helm=HelmSource.parse(mapping(said, "helm")),
            directory=DirectorySource.parse(mapping(said, "directory")),
            kustomize=KustomizeSource.parse(mapping(said, "kustomize")),
        )

    @property
    def remote(self) -> Remote | None:
        """The repository's address; nothing where it is none, or one of an OCI registry."""
        try:
            return Remote.parse(self.url)
        except UserError:
            return None

    @property
    def shown_url(self) -> str:
        """The address as written, fit for messages."""
        return without_credentials(self.url)


@dataclass(frozen=True, slots=True, order=True)
class AppId:
    """The identity of an Application. `cluster` is the folder of the cluster whose repository part it is in.

    `namespace` is empty for the namespace of Argo CD itself.
    """

    cluster: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """The name as Argo CD writes it: ``web``, in any other namespace than its own ``team-a/web``."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Application:
    """One Application.

    `namespace` is where its objects go, `destination` the cluster, empty for the one that Argo CD runs in.
    `own_namespace` is that of the Application itself, as written. `ignore_differences` is as written.
    """

    name: str
    namespace: str
    project: str
    sources: tuple[Source, ...]
    ignore_differences: tuple[Mapping[str, Any], ...] = ()
    own_namespace: str = ""
    destination: str = ""
    sync: SyncPolicy = NO_POLICY

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read an Application; raises `UserError` naming the field that cannot be read."""
        spec, destination = mapping(body, "spec"), mapping(mapping(body, "spec"), "destination")
        several = mappings(spec, "sources")
        single = mapping(spec, "source")
        sources = several or ([single] if single else [])
        if not sources:
            raise UserError("an Application without a source; set spec.source or spec.sources")
        return cls(
            text(mapping(body, "metadata"), "name"),
            text(destination, "namespace"),
            text(spec, "project"),
            tuple(Source.parse(one) for one in sources),
            tuple(mappings(spec, "ignoreDifferences")),
            text(mapping(body, "metadata"), "namespace"),
            destination_cluster(text(destination, "server"), text(destination, "name")),
            SyncPolicy.parse(body),
        )


def destination_cluster(server: str, name: str) -> str:
    """Return the cluster of a destination: its address, else its name; empty for the cluster that Argo CD runs in.

    Argo CD ignores a slash at the end of an address. Letter case and port do not change where an address leads.
    """
    if not server:
        return "" if name in ("", "in-cluster") else name
    address = server.strip().rstrip("/").lower().removesuffix(":443")
    return "" if address in _IN_CLUSTER else address


def is_application(body: Mapping[str, Any], kind: str = "Application") -> bool:
    """Whether an object is one of ArgoCD's."""
    version = body.get("apiVersion")
    return body.get("kind") == kind and isinstance(version, str) and version.startswith(f"{GROUP}/")


def _parameter(said: Mapping[str, Any], value: str) -> Parameter:
    name = text(said, "name")
    if not name:
        raise UserError("a Helm parameter without a name")
    return Parameter(name, text(said, value), said.get("forceString") is True)
