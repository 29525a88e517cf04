"""Prepares the engine's input so that it renders a chart as another version of Helm does.

Packed subcharts, ``charts/<name>.tgz``, become folders, which Helm loads in the same way.
"""

import json
import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm import engine as helm
from kubeaid_ci.helm import prelude as helm_prelude
from kubeaid_ci.helm.coalesce import CoalesceError
from kubeaid_ci.helm.enabled_dependencies import overwritten, process
from kubeaid_ci.helm.loaded_chart import LoadedChart, Values, load
from kubeaid_ci.helm.tarball import UnsafeArchive, members
from kubeaid_ci.helm.version import ENGINE, HelmRules

_MAX_DEPTH = 10
"""Archives in archives. An archive can be made that holds itself."""
_NOT_COPIED = ("values.yaml", "requirements.yaml", "requirements.lock", "Chart.lock")


Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class HelmInput:
    """Files of a chart by path, and values, which together render as wanted."""

    files: Files
    values: Mapping[str, Any]


@dataclass(frozen=True)
class HelmChart:
    """A chart as a version of Helm loads it. Raises `HelmError` and `UnsafeArchive` when it is first used."""

    packed: Files
    rules: HelmRules

    @cached_property
    def files(self) -> Files:
        """The files, packed subcharts unpacked."""
        return unpack_subcharts(self.packed)

    @cached_property
    def blank(self) -> Files:
        """The files with empty default values."""
        return {path: data for path, data in self.files.items() if not _is_defaults(path)}

    @cached_property
    def tree(self) -> LoadedChart:
        """The chart with its subcharts and default values; copy it before it is processed."""
        return load(self.files, lambda data: helm.read_values(data.decode("utf-8", "replace"), self.rules))

    def input(self, values: Values) -> HelmInput:
        """Return input with which the engine renders as Helm with these rules does. Raises `CoalesceError`.

        All values are computed here and passed as the user's, over empty defaults. A first template sets what the
        engine still makes of nulls, and the type of integers.
        """
        chart, blank = self.tree.copy(), self.blank
        wanted = process(chart, values, self.rules)
        hidden = overwritten(chart)
        actual = None if hidden else self._as_it_is(chart, wanted)
        if actual is None:
            blank = _enabled_only(self.files, chart, hidden)
            actual = process(load(blank, lambda _: {}), _floats(wanted), ENGINE)
        prelude = helm_prelude.prelude(wanted, actual)
        if prelude:
            blank = {**blank, helm_prelude.path(blank): prelude.encode()}
        return HelmInput(blank, wanted)

    def _as_it_is(self, chart: LoadedChart, wanted: Values) -> Values | None:
        """Return the values that the engine makes of `wanted`; None if it would not enable the same subcharts."""
        engine = self.tree.copy(blank=True)
        try:
            actual = process(engine, _floats(wanted), ENGINE)
        except CoalesceError:
            # Helm looks for the dependencies of a subchart in the values of the chart around it.
            return None
        return actual if engine.names == chart.names else None


def has_integers(values: Any) -> bool:
    """Return whether values have an integer, which only a parameter sets."""
    match values:
        case dict():
            return any(map(has_integers, values.values()))
        case list():
            return any(map(has_integers, values))
    return isinstance(values, int) and not isinstance(values, bool)


def _floats(values: Any) -> Any:
    match values:
        case dict():
            return {key: _floats(value) for key, value in values.items()}
        case list():
            return [_floats(value) for value in values]
        case bool():
            return values
        case int():
            return float(values)
    return values


def _enabled_only(files: Files, chart: LoadedChart, hidden: Collection[str], path: str = "") -> dict[str, bytes]:
    """Return the files of a chart and of its enabled subcharts under their aliases: nothing is left to decide.

    The subcharts `hidden` (``name/name``) lose their templates.
    """
    start = posixpath.join(chart.folder, "")
    place = "".join(f"charts/{name}/" for name in path.split("/") if name)
    left_out = ("charts/", "templates/") if path in hidden else ("charts/",)
    found = {}
    for file, data in files.items():
        inside = file.removeprefix(start)
        if not file.startswith(start) or inside.startswith(left_out) or inside in _NOT_COPIED:
            continue
        found[place + inside] = _undeclared(files, file, chart.name) if inside == "Chart.yaml" else data
    for subchart in chart.subcharts:
        found |= _enabled_only(files, subchart, hidden, f"{path}/{subchart.name}".lstrip("/"))
    return found


def _undeclared(files: Files, path: str, name: str) -> bytes:
    """Return a Chart.yaml with another name and without dependencies; unchanged if Helm cannot load it."""
    fields = chart_yaml.read_if_valid(files[path])
    others = {key: value for key, value in fields.items() if key != "dependencies"}
    return json.dumps({**others, "name": name}).encode() if fields else files[path]


def _is_defaults(path: str) -> bool:
    """Return whether a path is the values.yaml of the chart or of a subchart."""
    *folders, name = path.split("/")
    return name == "values.yaml" and folders[::2] == ["charts"] * (len(folders) // 2) and len(folders) % 2 == 0


def unpack_subcharts(files: Mapping[str, bytes], depth: int = 0) -> Mapping[str, bytes]:
    """Return the files with each packed subchart as a folder in its place. Raises `UnsafeArchive`.

    An archive is bounded in size, and its members' paths stay inside its folder. `depth` counts the archives around.
    """
    packed = [path for path in files if path.endswith(".tgz") and posixpath.dirname(f"/{path}").endswith("/charts")]
    if not packed:
        return files
    if depth > _MAX_DEPTH:
        raise UnsafeArchive(f"more than {_MAX_DEPTH} charts packed in each other")
    found = {path: data for path, data in files.items() if path not in packed}
    for path in packed:
        folder = f"{path.removesuffix('.tgz')}~"  # no folder that the chart has itself
        found |= {
            f"{folder}/{inside}": data for inside, data in unpack_subcharts(_members(files[path]), depth + 1).items()
        }
    return found


def _members(data: bytes) -> dict[str, bytes]:
    found = {}
    for member in members(data):
        inside = member.name.decode("utf-8", "replace").partition("/")[2]
        if ".." in inside.split("/"):
            raise UnsafeArchive(f"{inside!a} leaves the archive's folder")
        if inside and not member.is_folder:
            found[inside] = member.data
    return found
