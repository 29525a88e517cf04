"""The merged values of a chart with its subcharts, and the text of its templates."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.helm.chart_files import LinkError, chart_files
from kubeaid_ci.helm.coalesce import CoalesceError, laid_over
from kubeaid_ci.helm.enabled_dependencies import process
from kubeaid_ci.helm.loaded_chart import LoadedChart, Values, load
from kubeaid_ci.helm.version import rules_named
from kubeaid_ci.images.override_values import Path, written_name
from kubeaid_ci.render.task import ChartTask, FilesAt

_NAMES = ("Chart.yaml", "values.yaml", "requirements.yaml")


@dataclass(slots=True)
class ChartFiles:
    """Reads the files of charts, each chart once."""

    _opened: dict[FilesAt, Snapshot] = field(default_factory=dict)
    _charts: dict[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)

    def values(self, task: ChartTask) -> Values:
        """Return the values that the templates of a chart and its subcharts see; empty if they cannot be read."""
        layered: Values = {}
        try:
            for layer in task.layers:
                loaded = documents.load(layer.text, where=layer.path)
                layered = laid_over(layered, loaded) if isinstance(loaded, dict) else layered
            files = {path: data for path, data in self._files(task).items() if path.rpartition("/")[2] in _NAMES}
            return process(load(files, _read).copy(), layered, rules_named(task.helm))
        except (UserError, CoalesceError):
            return layered

    def nulls(self, task: ChartTask) -> tuple[Path, ...]:
        """Return the paths of nulls in the default values of a chart and its subcharts."""
        files = {path: data for path, data in self._files(task).items() if path.rpartition("/")[2] in _NAMES}
        try:
            return tuple(_nulls(load(files, _read), ()))
        except UserError:
            return ()

    def writes_image(self, task: ChartTask, file: str, text: str) -> bool:
        """Return whether a template of the chart has an image as fixed text, perhaps with a variable tag."""
        data = self._files(task).get(file.removeprefix(f"{task.folder}/"), b"").decode("utf-8", "replace")
        name = re.escape(written_name(text))
        return (
            re.search(rf"(?:image|package)[\w-]*:[ \t]*[\"']?{name}[:@\"'\s{{]|{name}:[\w{{]", data, re.I) is not None
        )

    def _files(self, task: ChartTask) -> Mapping[str, bytes]:
        name = (task.folder, task.tree)
        if name not in self._charts:
            self._charts[name] = self._read_chart(task)
        return self._charts[name]

    def _read_chart(self, task: ChartTask) -> Mapping[str, bytes]:
        if task.at not in self._opened:
            self._opened[task.at] = snapshot.open_snapshot(FilePath(task.at.root), task.at.revision, task.at.folders)
        files = self._opened[task.at]
        try:
            found = chart_files(files.files, files.links, task.folder, below=files.below)
        except LinkError:
            return {}
        wanted = {inside: real for inside, (real, _) in found.items() if _is_wanted(inside)}
        data = files.read_all(list(wanted.values()))
        return {inside: data[real] for inside, real in wanted.items()}

    def close(self) -> None:
        """End the programs that read for us."""
        for files in self._opened.values():
            files.close()


def _nulls(chart: LoadedChart, path: Path) -> Iterator[Path]:
    names = {each.name: each.called for each in chart.declared or ()}
    yield from _null_leaves(chart.defaults, path)
    for subchart in chart.subcharts:
        yield from _nulls(subchart, (*path, names.get(subchart.name, subchart.name)))


def _null_leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _null_leaves(below, (*path, key))
    elif value is None and path:
        yield path


def _is_wanted(path: str) -> bool:
    return path.rpartition("/")[2] in _NAMES or "templates/" in path


def _read(data: bytes) -> Values:
    loaded = documents.load(data, where="values.yaml")
    return loaded if isinstance(loaded, dict) else {}
