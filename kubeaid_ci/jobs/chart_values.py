"""The values of a chart: laid over each other as Helm does, and found again in the files that set them."""

import re
from collections.abc import Iterator
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.edges import helm
from kubeaid_ci.edges.helm import Setting
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.render_task import ChartTask
from kubeaid_ci.plan.values import laid_over, with_parameter

_LISTED = re.compile(r"'[^']*'(?:, '[^']*')+")
_WRONG = re.compile(r"\s*- at '(?P<path>[^']*)': (?P<why>.*)")


def merged(task: ChartTask) -> dict[str, Any]:
    """The values as Helm lays them: files in order, then parameters; the chart's own lie below and are Helm's."""
    values: dict[str, Any] = {}
    for layer in task.layers:
        # Go's YAML reads the first document of a file and no further.
        where = layer.where if layer.has_lines else f"{layer.where}: values of the Application"
        said = next(iter(documents.load_all(layer.text, where=where)), None)
        if said is not None and not isinstance(said, dict):
            raise UserError(f"{where}: expected keys with values")
        values = laid_over(values, said or {})
    for one in sorted(task.parameters, key=lambda one: one.is_text):
        how = Setting.TEXT if one.is_text else Setting.GUESSED
        values = _with(values, one.name, _escaped(one.value), how)
    for one in task.file_parameters:
        values = _with(values, one.name, one.value, Setting.VERBATIM)
    return values


def _with(values: dict[str, Any], name: str, value: str, how: Setting) -> dict[str, Any]:
    return with_parameter(values, helm.parameter(f"{name}={value}", how), indexed="[" in name)


def _escaped(value: str) -> str:
    """As ArgoCD does: a comma is part of the value, but in a list."""
    is_list = value.startswith("{") and value.endswith("}")
    return value if is_list else re.sub(r"(?<!\\),", r"\\,", value)


def schema_errors(message: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Chart, keys and reason of each line of Helm's report that says more than that there is one below it."""
    of = ""
    for line in message.splitlines():
        if found := _WRONG.fullmatch(line):
            if not found["why"].startswith("validation failed"):
                steps = tuple(part.replace("~1", "/").replace("~0", "~") for part in found["path"].split("/")[1:])
                # Helm names them in another order each time.
                yield of, steps, _LISTED.sub(lambda names: ", ".join(sorted(names[0].split(", "))), found["why"])
        elif line.endswith(":"):
            of = line.removesuffix(":")


def set_where(task: ChartTask, ways: tuple[tuple[str, ...], ...]) -> tuple[str, int | None]:
    """The file and line that sets a key, or the nearest key around it: of the last file that says anything of it."""
    for length in range(max(map(len, ways)), 0, -1):
        for layer in reversed(task.layers):
            for steps in ways:
                if length <= len(steps) and (line := documents.locate(layer.text, _steps(steps[:length]))):
                    return layer.where, line if layer.has_lines else None
    return f"{task.folder}/values.yaml", None


def _steps(steps: tuple[str, ...]) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in steps)
