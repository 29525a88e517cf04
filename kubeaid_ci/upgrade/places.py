"""The places in Application files that name a KubeAid revision, also by a value of the root chart (pure)."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.argocd.application import is_application
from kubeaid_ci.config_repo.versions import VERSION_LABEL, is_kubeaid
from kubeaid_ci.documents import Place, Text
from kubeaid_ci.net.address import Remote

VALUES_FILE = "values.yaml"
_NAME = r"\$?\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)"
_REFERENCE = re.compile(rf"\{{\{{-?\s*{_NAME}\s*(?:\|\s*(?:quote|squote|toString)\s*)?-?\}}\}}")
_USE = re.compile(_NAME)
# What a source gives to its chart may look like a source itself.
_NOT_SOURCES = frozenset({"helm", "kustomize", "directory", "plugin", "metadata", "status"})


@dataclass(frozen=True, slots=True)
class RootValues:
    """The values of a cluster's root chart. `content` is None if they are not known, or another source sets some."""

    path: str = ""
    content: Mapping[str, Any] | None = field(default=None, repr=False)

    def filled(self, text: str) -> str | None:
        """Return a text with its references to values replaced. None if that is not all that its actions do."""
        if self.content is None:
            return None
        found = [self._value(match[1]) for match in _REFERENCE.finditer(text)]
        rest = _REFERENCE.sub("", text)
        if "{{" in rest or any(one is None for one in found):
            return None
        values = iter(found)
        return _unquoted(_REFERENCE.sub(lambda _: str(next(values)), text))

    def _value(self, name: str) -> Any:
        value: Any = self.content
        for key in keys_of(name):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def reference(expression: str) -> tuple[str, ...] | None:
    """Return the keys of the value that an expression consists of; None if it is anything else."""
    found = _REFERENCE.fullmatch(_unquoted(expression))
    return keys_of(found[1]) if found else None


def uses(text: str, keys: tuple[str, ...]) -> int:
    """Return how often a template names a value, or the mapping that it is in."""
    names = [keys_of(found[1]) for found in _USE.finditer(text)]
    return sum(name[: len(keys)] == keys or keys[: len(name)] == name for name in names)


def keys_of(name: str) -> tuple[str, ...]:
    """Return the keys of ``.a.b``."""
    return tuple(name.removeprefix(".").split("."))


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


@dataclass(frozen=True, slots=True)
class RevisionPlace:
    """A scalar that names a KubeAid revision.

    `place` is None if the key is missing; `after` is then the address that it has to follow. `current` is None if the
    revision is empty, missing, or an expression whose value is not known. `expression` is the scalar as written if it
    has template actions. `chart` is the path of the source, empty for a label.
    """

    app: str
    place: Place | None
    current: str | None
    line: int | None
    expression: str | None = None
    chart: str = ""
    key: str = "targetRevision"
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class UnknownSource:
    """A source of another repository. `url` is None if it is an expression whose value is not known."""

    app: str
    url: str | None
    path: str
    line: int | None


@dataclass(frozen=True, slots=True)
class AppPlaces:
    """The places of one Application or ApplicationSet. `applies` are the folders of the config repo that it applies."""

    name: str
    is_set: bool
    sources: tuple[RevisionPlace, ...]
    labels: tuple[RevisionPlace, ...]
    others: tuple[UnknownSource, ...]
    applies: tuple[str, ...]


def places_of(text: Text, kubeaid: Collection[Remote], values: RootValues) -> Iterator[AppPlaces]:
    """Yield the Applications and ApplicationSets of a file. Raises `UserError` if it is no YAML.

    `kubeaid` are the addresses of the KubeAid repo; `values` are those of the root chart.
    """
    for document, body in enumerate(text.values):
        for path, one in _objects(body):
            if is_application(one) or is_application(one, "ApplicationSet"):
                yield _Reader(text, document, kubeaid, values).app(path, one)


def _objects(body: Any) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    if not isinstance(body, Mapping):
        return
    yield (), body
    kind = str(body.get("kind"))
    items = body.get("items") if kind.endswith("List") else None
    # The items of an ApplicationList need no kind of their own.
    own = {} if kind == "List" else {"apiVersion": body.get("apiVersion"), "kind": kind.removesuffix("List")}
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, Mapping):
            yield ("items", number), {**own, **item}


@dataclass(frozen=True, slots=True)
class _Reader:
    text: Text
    document: int
    kubeaid: Collection[Remote]
    values: RootValues

    def app(self, path: tuple[str | int, ...], body: Mapping[str, Any]) -> AppPlaces:
        name = self._known(_metadata(body).get("name"), (*path, "metadata", "name")) or ""
        found = list(self._sources((*path, "spec"), body.get("spec"), name))
        return AppPlaces(
            name,
            body.get("kind") == "ApplicationSet",
            tuple(place for place in found if isinstance(place, RevisionPlace)),
            tuple(self._labels(path, body, name)),
            tuple(source for source in found if isinstance(source, UnknownSource)),
            tuple(source.path for source in found if isinstance(source, UnknownSource) and source.path),
        )

    def _sources(self, path: tuple[str | int, ...], node: Any, app: str) -> Iterator[RevisionPlace | UnknownSource]:
        if isinstance(node, list):
            for number, item in enumerate(node):
                yield from self._sources((*path, number), item, app)
        if not isinstance(node, Mapping):
            return
        if "repoURL" in node and "chart" not in node:
            yield self._source(path, node, app)
        for key, value in node.items():
            if key not in _NOT_SOURCES:
                yield from self._sources((*path, key), value, app)

    def _source(self, path: tuple[str | int, ...], node: Mapping[str, Any], app: str) -> RevisionPlace | UnknownSource:
        at = Place(self.document, (*path, "repoURL"))
        url = self._known(node.get("repoURL"), at.path)
        chart = self._known(node.get("path"), (*path, "path")) or ""
        if url is None or not is_kubeaid(url, self.kubeaid):
            return UnknownSource(app, url, chart, self.text.line(at))
        # A git generator of an ApplicationSet names its revision in another way.
        key = "revision" if path[-1] == "git" else "targetRevision"
        return self._revision((*path, key), node, app, chart=chart, after=at)

    def _labels(self, path: tuple[str | int, ...], body: Mapping[str, Any], app: str) -> Iterator[RevisionPlace]:
        for above, one in _labelled(path, body):
            labels = _metadata(one).get("labels")
            if isinstance(labels, Mapping) and VERSION_LABEL in labels:
                yield self._revision((*above, "metadata", "labels", VERSION_LABEL), labels, app)

    def _revision(
        self,
        path: tuple[str | int, ...],
        holder: Mapping[str, Any],
        app: str,
        *,
        chart: str = "",
        after: Place | None = None,
    ) -> RevisionPlace:
        key, place = str(path[-1]), Place(self.document, path)
        if key not in holder:
            line = self.text.line(after) if after else None
            return RevisionPlace(app, None, None, line, chart=chart, key=key, after=after)
        current = self._known(holder[key], path) or None
        return RevisionPlace(app, place, current, self.text.line(place), self.text.expression(place), chart, key, after)

    def _known(self, value: Any, path: tuple[str | int, ...]) -> str | None:
        """Return a scalar as text: as written, or as the values of the root chart fill it. None if it is not known."""
        expression = self.text.expression(Place(self.document, path))
        if expression is not None:
            return self.values.filled(expression)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _labelled(
    path: tuple[str | int, ...], body: Mapping[str, Any]
) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield what has labels: the object, and the template of an ApplicationSet."""
    yield path, body
    spec = body.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if isinstance(template, Mapping):
        yield (*path, "spec", "template"), template


def _metadata(body: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
