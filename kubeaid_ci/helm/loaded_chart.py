"""A chart with its subcharts, as Helm loads it."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubeaid_ci.helm import requirements

Values = dict[str, Any]
_CHARTS = "charts/"


@dataclass(frozen=True, slots=True)
class Declared:
    """A dependency in Chart.yaml. `imports` are pairs: a path in the subchart's values and one in the chart's."""

    name: str
    version: str
    alias: str
    condition: str
    tags: tuple[str, ...]
    imports: tuple[tuple[str, str], ...]

    @property
    def called(self) -> str:
        """The name that the values use."""
        return self.alias or self.name


@dataclass(slots=True)
class LoadedChart:
    """A chart in a folder below the top chart's (empty for that). `declared` is None if Chart.yaml has none."""

    folder: str
    name: str
    version: str
    defaults: Values
    declared: tuple[Declared, ...] | None
    subcharts: "list[LoadedChart]"

    def copy(self, *, name: str = "", blank: bool = False) -> "LoadedChart":
        """The same tree, to be changed; with another name, or without default values."""
        return replace(
            self,
            name=name or self.name,
            defaults={} if blank else self.defaults,
            subcharts=[subchart.copy(blank=blank) for subchart in self.subcharts],
        )

    @property
    def names(self) -> set[str]:
        """The paths of all subcharts by the names that values use: ``name/name``."""
        inner = {f"{subchart.name}/{name}" for subchart in self.subcharts for name in subchart.names}
        return inner | {subchart.name for subchart in self.subcharts}


def load(files: Mapping[str, bytes], read: Callable[[bytes], Values], folder: str = "") -> LoadedChart:
    """Load a chart from its files by path. `read` makes the values of a values.yaml, and may raise."""
    metadata = requirements.read(files, posixpath.join(folder, "Chart.yaml"))
    values = files.get(posixpath.join(folder, "values.yaml"), b"")
    return LoadedChart(
        folder,
        _text(metadata, "name"),
        _text(metadata, "version"),
        read(values) if values.strip() else {},
        _declared(files, folder, metadata),
        [load(files, read, inner) for inner in _folders(files, folder)],
    )


def _folders(files: Mapping[str, bytes], folder: str) -> Iterable[str]:
    """The folders of a chart's subcharts. Helm passes over names that start with a dot or an underscore."""
    start = posixpath.join(folder, _CHARTS)
    names = {path[len(start) :].partition("/")[0] for path in files if path.startswith(start)}
    found = (posixpath.join(start, name) for name in sorted(names) if not name.startswith(("_", ".")))
    return [inner for inner in found if f"{inner}/Chart.yaml" in files]


def _declared(files: Mapping[str, bytes], folder: str, metadata: Mapping[str, Any]) -> tuple[Declared, ...] | None:
    """The dependencies; those of a requirements.yaml replace those of Chart.yaml, in charts of any version."""
    more = requirements.read(files, posixpath.join(folder, "requirements.yaml"))
    found = {**metadata, **more}.get("dependencies")
    if not isinstance(found, list):
        return None
    return tuple(_dependency(one) for one in found if isinstance(one, Mapping))


def _dependency(said: Mapping[str, Any]) -> Declared:
    tags, imports = said.get("tags"), said.get("import-values")
    return Declared(
        _text(said, "name"),
        _text(said, "version"),
        _text(said, "alias"),
        _text(said, "condition"),
        tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        tuple(_imported(one) for one in imports if isinstance(one, str | dict)) if isinstance(imports, list) else (),
    )


def _imported(said: str | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(said, str):
        return f"exports.{said}", "."
    return str(said.get("child")), str(said.get("parent"))


def _text(said: Mapping[str, Any], key: str) -> str:
    """A text; numbers are written as Go writes them."""
    value = said.get(key)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
