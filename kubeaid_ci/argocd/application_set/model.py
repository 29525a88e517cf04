"""An ApplicationSet as a typed value. What it asks for and is not computed here raises `UnsupportedError`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application_schema import APPLICATION_SET_SPEC
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.shapes import check, unknown_fields
from kubeaid_ci.k8s.strict_fields import mapping

Data = Mapping[str, Any]

_COMPUTED = ("list", "git", "matrix", "merge")
# They ask a cluster, a forge or a service, and Git does not have the answer.
_ASKING = ("clusters", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin")
# Changes of these in the cluster are kept, and then decide what an Application holds.
_DECIDING = ("/spec/source", "/spec/sources", "/spec/destination", "/spec/project", "/spec", "")


@dataclass(frozen=True, slots=True)
class ListGenerator:
    """One set of parameters for each element; `elements_yaml` is a YAML list of more."""

    elements: Sequence[Any]
    elements_yaml: str


@dataclass(frozen=True, slots=True)
class PathItem:
    """A pattern for folders or files."""

    pattern: str
    excludes: bool


@dataclass(frozen=True, slots=True)
class GitGenerator:
    """One set of parameters for each folder, or for each object in the files, of a repository."""

    url: str
    revision: str
    directories: tuple[PathItem, ...]
    files: tuple[PathItem, ...]
    prefix: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MatrixGenerator:
    """Each set of parameters of the first generator with each of the second."""

    generators: tuple["Generator", ...]


@dataclass(frozen=True, slots=True)
class MergeGenerator:
    """The sets of parameters of the first generator, those of the others merged in by key."""

    generators: tuple["Generator", ...]
    keys: tuple[str, ...]


Source = ListGenerator | GitGenerator | MatrixGenerator | MergeGenerator


@dataclass(frozen=True, slots=True)
class Generator:
    """An entry of ``generators``: mostly one source, each with its template. `raw` is the entry as written."""

    sources: tuple[tuple[Source, Data], ...]
    selector: Data | None
    raw: Data

    @classmethod
    def parse(cls, raw: Data) -> Self:
        """Read an entry whose shape was checked. Raises `UnsupportedError` for a generator that is not computed."""
        asking = [name for name in _ASKING if raw.get(name) is not None]
        if asking:
            raise UnsupportedError(f"the generator {asking[0]}")
        found = [name for name in _COMPUTED if raw.get(name) is not None]
        return cls(
            tuple((_source(name, raw[name]), raw[name].get("template") or {}) for name in found),
            raw.get("selector"),
            raw,
        )


@dataclass(frozen=True, slots=True)
class ApplicationSet:
    """An ApplicationSet. `options` are its goTemplateOptions."""

    name: str
    namespace: str | None
    generators: tuple[Generator, ...]
    template: Data
    in_go: bool
    options: tuple[str, ...] = ()
    template_patch: str | None = None
    api_version: str = field(default="argoproj.io/v1alpha1")

    @classmethod
    def parse(cls, body: Data) -> Self:
        """Read an ApplicationSet.

        Raises `UserError` for what Kubernetes refuses, and `UnsupportedError` for a field that is not known here.
        """
        spec = body.get("spec") or {}
        check(APPLICATION_SET_SPEC, spec, "spec")
        if unknown := next(unknown_fields(APPLICATION_SET_SPEC, spec, "spec"), None):
            raise UnsupportedError(f"the field {unknown}")
        if ignored_field := next(_kept(spec.get("ignoreApplicationDifferences") or ()), None):
            raise UnsupportedError(f"ignoreApplicationDifferences for {ignored_field}")
        metadata = mapping(body, "metadata")
        return cls(
            name=str(metadata.get("name") or ""),
            namespace=metadata.get("namespace"),
            generators=tuple(Generator.parse(raw or {}) for raw in spec.get("generators") or ()),
            template=spec.get("template") or {},
            in_go=spec.get("goTemplate") is True,
            options=tuple(spec.get("goTemplateOptions") or ()),
            template_patch=spec.get("templatePatch"),
            api_version=str(body.get("apiVersion")),
        )


def _source(name: str, raw: Data) -> Source:
    match name:
        case "list":
            return ListGenerator(raw.get("elements") or (), raw.get("elementsYaml") or "")
        case "git":
            return GitGenerator(
                url=raw.get("repoURL") or "",
                revision=raw.get("revision") or "",
                directories=_items(raw.get("directories")),
                files=_items(raw.get("files")),
                prefix=raw.get("pathParamPrefix") or "",
                values=raw.get("values") or {},
            )
        case "matrix":
            return MatrixGenerator(_nested(raw))
    return MergeGenerator(_nested(raw), tuple(raw.get("mergeKeys") or ()))


def _items(raw: Any) -> tuple[PathItem, ...]:
    return tuple(PathItem((item or {}).get("path") or "", (item or {}).get("exclude") is True) for item in raw or ())


def _nested(raw: Data) -> tuple[Generator, ...]:
    generators = tuple(Generator.parse(inner or {}) for inner in raw.get("generators") or ())
    for generator in generators:
        if not generator.sources:
            raise UserError("a generator of a matrix or merge generator makes no parameters")
        if len(generator.sources) > 1:
            raise UserError("an entry of a matrix or merge generator has more than one generator")
    return generators


def _kept(ignored: Sequence[Data]) -> Iterator[str]:
    """Return the fields that are kept as they are in the cluster and decide what an Application holds."""
    for entry in ignored:
        for pointer in entry.get("jsonPointers") or ():
            if pointer in _DECIDING or pointer.startswith(tuple(f"{field}/" for field in _DECIDING[:4])):
                yield pointer
        for path in entry.get("jqPathExpressions") or ():
            if not path.startswith((".metadata", ".spec.syncPolicy", ".spec.info", ".spec.ignoreDifferences")):
                yield path
