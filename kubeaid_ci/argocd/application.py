"""An Argo CD Application: what to render, from where, and how."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from kubeaid_ci.argocd.application_schema import APPLICATION_SPEC
from kubeaid_ci.argocd.kustomize_source import KustomizeSource
from kubeaid_ci.argocd.sync import NO_POLICY, SyncPolicy
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.shapes import check
from kubeaid_ci.k8s.strict_fields import mapping, mappings, text, texts
from kubeaid_ci.net.address import Remote, without_credentials

GROUP = "argoproj.io"
APPLICATION_SET = "ApplicationSet "
"""Comes before the name of an ApplicationSet that is listed in place of its Applications, which are unknown."""
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253
_KUSTOMIZE_DETAILS = (
    "commonAnnotationsEnvsubst",
    "forceCommonLabels",
    "forceCommonAnnotations",
    "labelWithoutSelector",
    "labelIncludeTemplates",
)
"""Settings of a kustomization that only name how others are applied."""
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
    """Helm settings of a source. `values` is YAML; `values_object` is the same as data, and wins."""

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
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read ``spec.source.helm``; raises `UserError` naming the field that cannot be read."""
        values_object = fields.get("valuesObject")
        if (version := text(fields, "version")) not in ("", "v3", "v4"):
            raise UserError(f"Argo CD does not support the Helm version {version}; remove helm.version")
        return cls(
            release_name=text(fields, "releaseName"),
            namespace=text(fields, "namespace"),
            value_files=texts(fields, "valueFiles"),
            ignore_missing_value_files=fields.get("ignoreMissingValueFiles") is True,
            values=text(fields, "values"),
            values_object=None if values_object is None else mapping(fields, "valuesObject"),
            parameters=tuple(_parameter(entry, "value") for entry in mappings(fields, "parameters")),
            file_parameters=tuple(_parameter(entry, "path") for entry in mappings(fields, "fileParameters")),
            skip_crds=fields.get("skipCrds") is True,
            skip_tests=fields.get("skipTests") is True,
            skip_schema_validation=fields.get("skipSchemaValidation") is True,
            kube_version=_plain_version(text(fields, "kubeVersion")),
            api_versions=texts(fields, "apiVersions"),
        )


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """The selection of files in a folder of plain manifests. With Jsonnet settings some are evaluated."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read ``spec.source.directory``; raises `UserError` naming the field that cannot be read."""
        return cls(fields.get("recurse") is True, text(fields, "include"), text(fields, "exclude"))


@dataclass(frozen=True, slots=True)
class Source:
    """One place that an Application takes files from.

    `tool` is how the files are made into objects if the Application sets it: ``helm``, ``directory``, ``kustomize`` or
    ``plugin``. If it is empty Argo CD looks at the folder. ``hydrator`` is for objects that Argo CD itself commits to
    the branch that it syncs. `body` is the source as written.
    """

    url: str
    path: str = ""
    revision: str = ""
    chart: str = ""
    ref: str = ""
    tag_prefix: str = ""
    tool: str = ""
    helm: HelmSource = field(default_factory=HelmSource)
    directory: DirectorySource = field(default_factory=DirectorySource)
    kustomize: KustomizeSource = field(default_factory=KustomizeSource)
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    made_of: tuple["Source", ...] = ()
    """The source that Argo CD renders into this one, for a hydrator."""

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read one source; raises `UserError` naming the field that cannot be read.

        A tool that is set counts even if it has no settings, as in `ExplicitType` of Argo CD.
        """
        tools = [name for name in ("helm", "directory", "kustomize", "plugin") if fields.get(name) is not None]
        if len(tools) > 1:
            raise UserError(f"a source with {' and '.join(tools)}; Argo CD accepts one of them")
        return cls(
            url=text(fields, "repoURL"),
            path=text(fields, "path").strip("/"),
            revision=text(fields, "targetRevision"),
            chart=text(fields, "chart"),
            ref=text(fields, "ref"),
            tag_prefix=text(fields, "tagPrefix"),
            tool=tools[0] if tools else "",
            helm=HelmSource.parse(mapping(fields, "helm")),
            directory=DirectorySource.parse(mapping(fields, "directory")),
            kustomize=KustomizeSource.parse(mapping(fields, "kustomize")),
            body=fields,
        )

    @classmethod
    def hydrated(cls, hydrator: Mapping[str, Any]) -> Self:
        """Read ``spec.sourceHydrator``: the source is what Argo CD renders into a branch."""
        dry, synced = mapping(hydrator, "drySource"), mapping(hydrator, "syncSource")
        url = text(synced, "repoURL") or text(dry, "repoURL")
        made_of = Source.parse(dry)
        return cls(
            url, text(synced, "path").strip("/"), text(synced, "targetBranch"), tool="hydrator", made_of=(made_of,)
        )

    @property
    def remote(self) -> Remote | None:
        """The repository's address; None if it is not one, or one of an OCI registry."""
        return _remote(self.url)

    @property
    def host(self) -> str:
        """The host of the repository or of the chart registry; empty if the address has none."""
        remote = self.remote
        if remote is not None and remote.host:
            return remote.host
        _, separator, rest = self.url.rpartition("://")
        if not separator and not self.chart:
            return ""
        return rest.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()

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
        """Return the name as Argo CD writes it: ``web``, in any other namespace than its own ``team-a/web``."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def instance_name(self) -> str:
        """The name in variables and file names: ``team-a_web`` outside the namespace of Argo CD (`InstanceName`)."""
        # The namespace of an Application in another cluster begins with that cluster; the Argo CD there owns it.
        outside = self.namespace and "/" not in self.namespace
        return f"{self.namespace}_{self.name}" if outside else self.name


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
    has_several_sources: bool = False
    """True if the sources are those of ``spec.sources``, even if there is only one."""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read an Application; raises `UserError` naming a field of another type than Kubernetes accepts."""
        spec, destination = mapping(body, "spec"), mapping(mapping(body, "spec"), "destination")
        check(APPLICATION_SPEC, spec, "spec")
        name = text(mapping(body, "metadata"), "name")
        if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise UserError(
                f"metadata.name: Kubernetes refuses {name[:80]!r}; it allows lower-case letters, digits, - and ., and a"
                " letter or digit at each end"
            )
        return cls(
            name,
            text(destination, "namespace"),
            text(spec, "project"),
            _sources(spec),
            tuple(mappings(spec, "ignoreDifferences")),
            text(mapping(body, "metadata"), "namespace"),
            destination_cluster(text(destination, "server"), text(destination, "name")),
            SyncPolicy.parse(body),
            has_several_sources=bool(mappings(spec, "sources")) and spec.get("sourceHydrator") is None,
        )


@lru_cache(maxsize=1024)
def _remote(url: str) -> Remote | None:
    try:
        return Remote.parse(url)
    except UserError:
        return None


def _plain_version(written: str) -> str:
    """Return a version of Kubernetes as Argo CD hands it to Helm: numbers only (`ParseGeneric` of apimachinery)."""
    found = re.match(r"\s*v?((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+)(?![0-9])", written)
    if written and not found:
        raise UserError(f"helm.kubeVersion: {written!r} is not a version; write a version such as 1.34.0")
    return found[1] if found else ""


def _sources(spec: Mapping[str, Any]) -> tuple[Source, ...]:
    """Read the sources that count: those of a hydrator before several before one, as `GetSources` of Argo CD."""
    if spec.get("sourceHydrator") is not None:
        return (Source.hydrated(mapping(spec, "sourceHydrator")),)
    if several := mappings(spec, "sources"):
        sources = tuple(Source.parse(entry) for entry in several)
        if any(not (named.path or named.chart or named.ref) for named in sources):
            raise UserError(
                "one of spec.sources has none of path, chart and ref, which Argo CD refuses; set one of them"
            )
        _check_refs([named.ref for named in sources if named.ref])
        return sources
    single = mapping(spec, "source")
    if not single:
        raise UserError("an Application without a source; set spec.source or spec.sources")
    source = Source.parse({key: value for key, value in single.items() if not _is_unset(key, value)})
    if not (source.path or source.chart):
        raise UserError(
            "spec.source has neither path nor chart, which Argo CD refuses; write path: . for the top folder"
        )
    return (source,)


def _check_refs(refs: Sequence[str]) -> None:
    """Raise `UserError` as `GetRefSources` of Argo CD fails."""
    if odd := next((ref for ref in refs if not re.fullmatch(r"[a-zA-Z0-9_-]+", ref)), None):
        raise UserError(f"the ref {odd!r} of spec.sources has characters other than letters, digits, _ and -")
    if len(set(refs)) < len(refs):
        raise UserError("two of spec.sources have the same ref; give each its own")


def _is_unset(key: str, value: Any) -> bool:
    """Return whether a field of a single source has no settings, so that Argo CD drops it (`NormalizeSource`)."""
    if not isinstance(value, Mapping):
        return False
    match key:
        case "directory":
            jsonnet = value.get("jsonnet")
            return not any((*(value.get(name) for name in ("recurse", "include", "exclude")), *_values(jsonnet)))
        case "helm":
            return value.get("valuesObject") is None and not any(_values(value))
        case "kustomize":
            return not any(item for name, item in value.items() if name not in _KUSTOMIZE_DETAILS)
    return False


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(value.values()) if isinstance(value, Mapping) else ()


def destination_cluster(server: str, name: str) -> str:
    """Return the cluster of a destination: its address, else its name; empty for the cluster that Argo CD runs in.

    Argo CD ignores a slash at the end of an address. Letter case and port do not change where an address leads. Raises
    `UserError` if there are both.
    """
    if server and name:
        raise UserError("spec.destination has both server and name, and Argo CD accepts one; remove one of them")
    if not server:
        return "" if name in ("", "in-cluster") else name
    address = server.strip().rstrip("/").lower().removesuffix(":443")
    return "" if address in _IN_CLUSTER else address


def is_application(body: Mapping[str, Any], kind: str = "Application") -> bool:
    """Return whether an object is one of Argo CD's."""
    version = body.get("apiVersion")
    return body.get("kind") == kind and isinstance(version, str) and version.startswith(f"{GROUP}/")


def _parameter(fields: Mapping[str, Any], value: str) -> Parameter:
    name = text(fields, "name")
    if not name:
        raise UserError("a Helm parameter without a name")
    return Parameter(name, text(fields, value), fields.get("forceString") is True)
