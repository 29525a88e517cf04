"""Render tasks and results. Plain values, so they can be pickled and cached."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kubeaid_ci.argocd.application import Parameter
from kubeaid_ci.git.revision import TreeRevision
from kubeaid_ci.helm.version import ClusterHelm, rules_name
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.k8s.rendered import Rendered, Varying, as_json
from kubeaid_ci.render.kustomize import Kustomize
from kubeaid_ci.render.rendering import Failure, ValuesLayer


@dataclass(frozen=True, slots=True)
class FilesAt:
    """Files of a repository on this machine: those below `folders` at a commit, or in the work tree."""

    root: str
    revision: TreeRevision
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartTask:
    """A chart to render as ``helm template``; `tree` names the content of its folder.

    `helm` names the rules of a version of Helm, as `HelmRules.since` (empty: the newest, or the same for all).
    `helm_version` is the exact version, if templates may depend on it.
    `where` is the Application's file, set only if the Application has parameters.
    """

    at: FilesAt
    folder: str
    tree: str
    name: str
    namespace: str
    kube_version: str
    api_versions: tuple[str, ...]
    layers: tuple[ValuesLayer, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    file_parameters: tuple[Parameter, ...] = ()
    skip_crds: bool = False
    skip_tests: bool = False
    skip_schema_validation: bool = False
    lint: bool = False
    """Also note the messages of Helm's linter."""
    helm: str = ""
    helm_version: str = ""
    where: str = ""

    @property
    def scan(self) -> "ScanTask":
        """The chart by itself."""
        return ScanTask(self.at, self.folder, self.tree)

    def with_helm(self, helm: ClusterHelm) -> "ChartTask":
        """Return the task for a Helm; its exact version is set only if the task has one."""
        exact = helm.version if self.helm_version else ""
        return replace(self, helm=rules_name(helm.version), helm_version=exact)


@dataclass(frozen=True, slots=True)
class ScanTask:
    """A chart whose templates are read and not rendered."""

    at: FilesAt
    folder: str
    tree: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of scanning a chart's templates.

    `uses_api_versions` are API versions that the rendering depends on; None: any of them. `defines` are those that
    its CRDs may add to a cluster.
    """

    uses_api_versions: tuple[str, ...] | None = None
    defines: tuple[str, ...] = ()
    by_helm: bool = True
    """True if it may render differently with another version of Helm."""
    by_exact_helm: bool = False
    """True if it may render differently with any other version of Helm, because a template names the version."""
    argocd: str = ""
    """The version of the Argo CD that it installs, as its Chart.yaml has it; empty for any other chart."""


@dataclass(frozen=True, slots=True)
class FilesTask:
    """A chart whose files are given, by path from its own folder; the folder of `chart` names them in messages."""

    chart: ChartTask
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class FolderTask:
    """Plain manifests to read: the path of each, and the file that it leads to. `tree` names their content."""

    at: FilesAt
    files: tuple[tuple[str, str], ...]
    tree: str


@dataclass(frozen=True, slots=True)
class KustomizeTask:
    """A kustomization to build; `where` is its file.

    `paths` are the files that it reaches, `tree` names their content; `texts` are kustomizations by path.
    """

    at: FilesAt
    folder: str
    where: str
    paths: tuple[str, ...]
    tree: str
    texts: tuple[tuple[str, str], ...]
    program: Kustomize
    keeps_origins: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A finding about a source, by the id of its rule."""

    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    failure: Failure = Failure.OTHER
    """The message for an Application whose objects are unknown."""


Bodies = dict[str, dict[str, Any]]
"""Objects by their text. Many clusters hold the same large definitions: these are read, kept and compared once."""


def as_lines(about: Any, objects: Iterable[str]) -> bytes:
    """Objects that are JSON already, each on a line, below a line of what is known about them."""
    return "\n".join([as_json(about), *objects]).encode("utf-8", "surrogatepass")


def from_lines(data: bytes, bodies: Bodies) -> tuple[Any, list[dict[str, Any]]]:
    """Return what `as_lines` was given: one text, one object."""
    about, *texts = data.decode("utf-8", "surrogatepass").split("\n")
    return json.loads(about), [bodies.get(text) or bodies.setdefault(text, json.loads(text)) for text in texts]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a source."""

    objects: list[Rendered] = field(default_factory=list)
    varying: list[Varying] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    chart: str = ""
    failed: bool = False
    secrets: frozenset[str] = frozenset()
    """The values that the cluster gives under secret names."""

    def packed(self) -> bytes:
        """Return the outcome as bytes, for the way between processes and for the cache."""
        about = [
            [item.path for item in self.objects],
            [[varying.path, asdict(varying.key), varying.field, varying.shaped] for varying in self.varying],
            [asdict(note) for note in self.notes],
            self.chart,
            self.failed,
            sorted(self.secrets),
        ]
        return as_lines(about, (item.json or as_json(item.body) for item in self.objects))

    @classmethod
    def unpacked(cls, data: bytes, bodies: Bodies) -> "Outcome":
        """Return the outcome that `packed` gave; `bodies` are those of all outcomes."""
        (paths, varying, notes, chart, failed, secrets), objects = from_lines(data, bodies)
        return cls(
            [Rendered(path, body) for path, body in zip(paths, objects, strict=True)],
            [Varying(path, ObjectId(**key), where, shaped) for path, key, where, shaped in varying],
            [Note(**{**note, "failure": Failure(note["failure"])}) for note in notes],
            chart,
            failed,
            frozenset(secrets),
        )


Task = ChartTask | FolderTask | KustomizeTask
