"""A chart with its subcharts, as Helm loads it."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.chart import Metadata

Values = dict[str, Any]
_CHARTS = "charts/"


@dataclass(slots=True)
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
    parent: "LoadedChart | None" = field(default=None, compare=False, repr=False)
    """The chart that Helm calls it a part of. With Helm 3 that need not be the chart that it is rendered in."""

    def copy(self, *, name: str = "", blank: bool = False) -> "LoadedChart":
        """Return the same tree, to be changed; with another name, or without default values."""
        made = replace(
            self,
            name=name or self.name,
            defaults={} if blank else self.defaults,
            declared=None if self.declared is None else tuple(map(replace, self.declared)),
        )
        made.hold(subchart.copy(blank=blank) for subchart in self.subcharts)
        return made

    def hold(self, subcharts: "Iterable[LoadedChart]") -> None:
        """Replace the subcharts, and become the parent of the new ones."""
        self.subcharts = list(subcharts)
        for subchart in self.subcharts:
            subchart.parent = self

    @property
    def place(self) -> str:
        """The path by which Helm knows the chart's templates: those of the last chart at a path are rendered."""
        return f"{self.parent.place}/charts/{self.name}" if self.parent else self.name

    @property
    def names(self) -> set[str]:
        """The paths of all subcharts by the names that values use: ``name/name``."""
        inner = {f"{subchart.name}/{name}" for subchart in self.subcharts for name in subchart.names}
        return inner | {subchart.name for subchart in self.subcharts}


def load(files: Mapping[str, bytes], read: Callable[[bytes], Values], folder: str = "") -> LoadedChart:
    """Load a chart from its files by path. `read` makes the values of a values.yaml, and may raise."""
    metadata = chart_yaml.of_folder(files, folder)
    values, declared = files.get(posixpath.join(folder, "values.yaml"), b""), metadata.get("dependencies")
    chart = LoadedChart(
        folder,
        metadata.get("name", ""),
        metadata.get("version", ""),
        read(values) if values.strip() else {},
        None if declared is None else tuple(_dependency(one) for one in declared if one),
        [],
    )
    chart.hold(load(files, read, inner) for inner in _folders(files, folder))
    return chart


def _folders(files: Mapping[str, bytes], folder: str) -> Iterable[str]:
    """Return the folders of a chart's subcharts. Helm skips names that start with a dot or an underscore."""
    start = posixpath.join(folder, _CHARTS)
    names = {path[len(start) :].partition("/")[0] for path in files if path.startswith(start)}
    found = (posixpath.join(start, name) for name in sorted(names) if not name.startswith(("_", ".")))
    return [inner for inner in found if f"{inner}/Chart.yaml" in files]


def _dependency(fields: Metadata) -> Declared:
    return Declared(
        fields.get("name", ""),
        fields.get("version", ""),
        fields.get("alias", ""),
        fields.get("condition", ""),
        tuple(fields.get("tags", ())),
        tuple(_imported(one) for one in fields.get("import-values", ()) if isinstance(one, str | dict)),
    )


def _imported(item: str | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(item, str):
        return f"exports.{item}", "."
    return str(item.get("child")), str(item.get("parent"))
