"""The edits of a cluster's files that move it to another KubeAid revision (pure)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.config_repo.cluster import APPLICATIONS, Cluster
from kubeaid_ci.config_repo.general_settings import KUBEAID_VERSION
from kubeaid_ci.documents import Place, Text
from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote
from kubeaid_ci.upgrade.places import (
    VALUES_FILE,
    AppPlaces,
    RevisionPlace,
    RootValues,
    UnknownSource,
    places_of,
    reference,
    uses,
)
from kubeaid_ci.upgrade.result import PlaceKind, PlaceStatus, RevisionEdit

_OVERRIDES = ("valueFiles", "parameters", "fileParameters", "values", "valuesObject")
_HINT = b"argoproj.io"


@dataclass(frozen=True, slots=True)
class Request:
    """The revision to move to, the addresses of the KubeAid repo, and the Applications to move (none: all)."""

    to: str
    kubeaid: frozenset[Remote]
    apps: frozenset[str] = frozenset()
    moves_monitoring: bool = True
    """False if the built manifests stay as they are: then their Application keeps its label."""

    def wants(self, app: AppPlaces) -> bool:
        """Return whether to move an Application."""
        return not self.apps or app.name in self.apps


@dataclass(frozen=True, slots=True)
class ClusterEdits:
    """The new content of a cluster's files by path, and every place that names a revision.

    `unknown` are sources of other repositories by file; `unreadable` has errors by file.
    """

    files: Mapping[str, bytes]
    edits: tuple[RevisionEdit, ...]
    unknown: tuple[tuple[str, UnknownSource], ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    apps: Mapping[str, tuple[AppPlaces, ...]] = field(default_factory=dict)
    """The Applications of each file."""


def edits_of(cluster: Cluster, files: Mapping[str, bytes], request: Request) -> ClusterEdits:
    """Return the edits of a cluster. `files` are those of its folder, without the built manifests, by path."""
    return _Editor(cluster, files, request).edits()


@dataclass(frozen=True, slots=True)
class _Wanted:
    place: RevisionPlace
    kind: PlaceKind


@dataclass(slots=True)
class _Editor:
    cluster: Cluster
    files: Mapping[str, bytes]
    request: Request
    apps: dict[str, tuple[AppPlaces, ...]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    results: dict[str, bytes] = field(default_factory=dict)
    found: list[RevisionEdit] = field(default_factory=list)
    has_values: bool = False

    def edits(self) -> ClusterEdits:
        """Edit the values of the root chart, then sources, then labels of Applications whose sources all move."""
        self._read()
        by_file = {path: [each for app in apps for each in self._wanted(app)] for path, apps in self.apps.items()}
        self._edit_values(by_file)
        for kind in (PlaceKind.SOURCE, PlaceKind.LABEL):
            left = {(one.path, one.app) for one in self.found if one.status is PlaceStatus.LEFT}
            for path, places in by_file.items():
                self._edit(
                    path, [wanted for wanted in places if wanted.kind is kind and not self._is_of_values(wanted)], left
                )
        if not self.request.apps:
            self._edit_general()
        found = tuple(sorted(self.found, key=lambda edit: (edit.path, edit.line or 0, edit.kind)))
        unknown = tuple((path, source) for path, apps in self.apps.items() for app in apps for source in app.others)
        return ClusterEdits(self.results, found, unknown, self.unreadable, self.apps)

    def _is_of_values(self, wanted: "_Wanted") -> bool:
        """Return whether a place is changed, or left, by way of the values of the root chart."""
        place = wanted.place
        return bool(place.expression and reference(place.expression) and place.current != self.request.to)

    def _read(self) -> None:
        values = self._root_values()
        self.has_values = values.content is not None
        for path, data in self.files.items():
            if not path.endswith((".yaml", ".yml")) or _HINT not in data:
                continue
            try:
                found = tuple(places_of(Text(data.decode(), path), self.request.kubeaid, values))
            except (UserError, UnicodeDecodeError) as error:
                self.unreadable[path] = str(error)
                continue
            if found:
                self.apps[path] = found

    def _root_values(self) -> RootValues:
        path = f"{self.cluster.path}/{APPLICATIONS}/{VALUES_FILE}"
        if path not in self.files or self._are_values_overridden():
            return RootValues(path)
        try:
            values = Text(self.files[path].decode(), path).values
        except (UserError, UnicodeDecodeError):
            return RootValues(path)
        return RootValues(path, values[0] if len(values) == 1 and isinstance(values[0], Mapping) else None)

    def _are_values_overridden(self) -> bool:
        """Return whether the root Application gives values to its chart besides those of the chart itself."""
        root = f"{self.cluster.path}/{APPLICATIONS}"
        for path, data in self.files.items():
            if _HINT in data and path.endswith((".yaml", ".yml")):
                try:
                    bodies = Text(data.decode(), path).values
                except (UserError, UnicodeDecodeError):
                    continue
                if any(_overrides(source, root) for body in bodies for source in _sources(body)):
                    return True
        return False

    def _wanted(self, app: AppPlaces) -> Iterator[_Wanted]:
        if not self.request.wants(app):
            return
        yield from (_Wanted(place, PlaceKind.SOURCE) for place in app.sources)
        applies_monitoring = self.cluster.output in app.applies
        if app.sources or (applies_monitoring and self.request.moves_monitoring):
            yield from (_Wanted(place, PlaceKind.LABEL) for place in app.labels)

    def _edit(self, path: str, wanted: Sequence[_Wanted], left_apps: Collection[tuple[str, str]] = ()) -> None:
        """Edit scalars of one file. Labels of Applications that have a source left are left too."""
        to, source = self.request.to, self.results.get(path, self.files[path]).decode()
        moving = [edit.place for edit in wanted if edit.place.current != to]
        reasons = {id(place): "a source of it is left" for place in moving if (path, place.app) in left_apps}
        scalars = [place.place for place in moving if place.place and id(place) not in reasons]
        edited = Text(source, path).set(scalars, to)
        changed = edited.text
        for place in moving:
            if place.place is None and place.after is not None:
                added = Text(changed, path).add_after(place.after, place.key, to)
                changed = added.text
                reasons |= {id(place): reason for reason in added.left.values()}
            elif place.place in edited.left:
                expression = f"{place.expression} is a template expression" if place.expression else ""
                reasons[id(place)] = expression or edited.left[place.place]
        if changed != source:
            self.results[path] = changed.encode()
        for each in wanted:
            self._note(path, each, reasons.get(id(each.place), ""))

    def _note(self, path: str, wanted: _Wanted, reason: str) -> None:
        place, status = wanted.place, PlaceStatus.MOVED
        if place.current == self.request.to:
            status, reason = PlaceStatus.CURRENT, ""
        elif reason:
            status = PlaceStatus.LEFT
        self.found.append(
            RevisionEdit(wanted.kind, place.app, path, place.line, place.current, status, place.chart, reason)
        )

    def _edit_values(self, by_file: Mapping[str, Sequence[_Wanted]]) -> None:
        """Edit the values of the root chart that revisions and labels name, unless something else uses them too."""
        wanted: dict[tuple[str, ...], list[tuple[str, _Wanted]]] = {}
        for file, edit in ((file, edit) for file, edits in by_file.items() for edit in edits):
            if self._is_of_values(edit) and (keys := reference(edit.place.expression or "")):
                wanted.setdefault(keys, []).append((file, edit))
        path = f"{self.cluster.path}/{APPLICATIONS}/{VALUES_FILE}"
        text = Text(self.files.get(path, b"").decode("utf-8", "replace"), path)
        for keys, found in wanted.items():
            text, reason = self._with_value(text, keys, [edit for _, edit in found])
            for file, edit in found:
                self._note(file, edit, reason)
        if path in self.files and text.source.encode() != self.files[path]:
            self.results[path] = text.source.encode()

    def _with_value(self, text: Text, keys: tuple[str, ...], wanted: Sequence[_Wanted]) -> tuple[Text, str]:
        """Return the values with one of them set, or the reason why it is left."""
        name, below = f".Values.{'.'.join(keys)}", f"{self.cluster.path}/{APPLICATIONS}/"
        if not self.has_values:
            return text, f"{name} is not set in {text.where}, or other values may override it"
        templates = [data.decode("utf-8", "replace") for file, data in self.files.items() if file.startswith(below)]
        if sum(uses(each, keys) for each in templates) != len(wanted):
            return text, f"{name} is used for something else too"
        edited = text.set([Place(0, keys)], self.request.to)
        reason = next((f"{name}: {reason}" for reason in edited.left.values()), "")
        return Text(edited.text, text.where), reason

    def _edit_general(self) -> None:
        """Set the version in the general settings file, in every place that has one."""
        path = self.cluster.general.path
        if path not in self.files:
            return
        try:
            text = Text(self.files[path].decode(), path)
            content = text.values[0] if text.values else None
        except (UserError, UnicodeDecodeError) as error:
            self.unreadable[path] = str(error)
            return
        places = []
        for keys in KUBEAID_VERSION:
            value, is_there = _at(content, keys)
            if is_there and (value is None or isinstance(value, str | int | float)):
                place = Place(0, keys)
                current = None if value in (None, "") else str(value)
                places.append(_Wanted(RevisionPlace("", place, current, text.line(place)), PlaceKind.SETTINGS))
        self._edit(path, places)


def _at(content: Any, keys: tuple[str, ...]) -> tuple[Any, bool]:
    for key in keys:
        if not isinstance(content, Mapping) or key not in content:
            return None, False
        content = content[key]
    return content, True


def _sources(body: Any) -> Iterator[Mapping[str, Any]]:
    spec = body.get("spec") if isinstance(body, Mapping) else None
    if isinstance(spec, Mapping):
        several = spec.get("sources")
        for one in (spec.get("source"), *(several if isinstance(several, list) else ())):
            if isinstance(one, Mapping):
                yield one


def _overrides(source: Mapping[str, Any], root: str) -> bool:
    helm = source.get("helm")
    path = source.get("path")
    same = isinstance(path, str) and path.strip("/") == root
    return same and isinstance(helm, Mapping) and any(helm.get(name) for name in _OVERRIDES)
