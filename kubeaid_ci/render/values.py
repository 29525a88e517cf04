"""The values of a chart: merged as Helm does it, and found again in the files that set them."""

import re
from collections.abc import Iterator

from kubeaid_ci import documents
from kubeaid_ci.argocd.application import Parameter
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import engine
from kubeaid_ci.helm.coalesce import laid_over
from kubeaid_ci.helm.engine import HelmError
from kubeaid_ci.helm.loaded_chart import Values
from kubeaid_ci.helm.set_values import ParameterError, Read, assign, typed
from kubeaid_ci.helm.version import HelmRules
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.render.task import ChartTask

_LISTED = re.compile(r"'[^']*'(?:, '[^']*')+")
_WRONG = re.compile(r"\s*- at '(?P<path>[^']*)': (?P<why>.*)")
_FILE = "file"


def merged(task: ChartTask, rules: HelmRules) -> Values:
    """Return the values in Helm's order: files, then parameters, those of type text later, then files as values.

    Numbers of files are floats and integers of parameters are ints, as in Go. The chart's own values are not in it.
    Raises `UserError` that names the file, or the Application and its parameter.
    """
    values: Values = {}
    for layer in task.layers:
        values = laid_over(values, _read(layer, rules))
    for one, text, read in _parameters(task):
        try:
            assign(values, f"{one.name}={text}", read, open_index=rules.joins_documents)
        except ParameterError as error:
            raise UserError(f"{task.where}: Helm refuses the parameter {one.name}: {error}") from None
    return values


def _parameters(task: ChartTask) -> Iterator[tuple[Parameter, str, Read]]:
    for parameter in sorted(task.parameters, key=lambda parameter: parameter.is_text):
        yield parameter, _escaped(parameter.value), str if parameter.is_text else typed
    for parameter in task.file_parameters:
        yield parameter, _FILE, _content(parameter.value)


def _read(layer: ValuesLayer, rules: HelmRules) -> Values:
    try:
        return engine.read_values(layer.text, rules)
    except HelmError as error:
        where = layer.path if layer.has_lines else f"{layer.path}: values of the Application"
        # Raises with the line, unless the text is valid YAML.
        if not all(isinstance(document, dict) for document in documents.load_all(layer.text, where=where)):
            raise UserError(f"{where}: expected keys with values") from None
        raise UserError(f"{where}: Helm cannot read these values: {error}") from None


def _content(text: str) -> Read:
    """Give a file's content for its path. An equals sign in the name of a parameter makes another path of it."""

    def read(path: str) -> str:
        if path != _FILE:
            raise ParameterError("its name holds an equals sign; write \\= for one")
        return text

    return read


def _escaped(value: str) -> str:
    """Argo CD escapes commas, except in a list."""
    is_list = value.startswith("{") and value.endswith("}")
    return value if is_list else re.sub(r"(?<!\\),", r"\\,", value)


def schema_errors(message: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield chart, keys and reason of each line of Helm's report, except lines that only introduce others."""
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
    """Return the file and line that sets a key, or the nearest key around it: of the last file that sets it."""
    for length in range(max(map(len, ways)), 0, -1):
        for layer in reversed(task.layers):
            for steps in ways:
                if length <= len(steps) and (line := documents.locate(layer.text, _steps(steps[:length]))):
                    return layer.path, line if layer.has_lines else None
    return f"{task.folder}/values.yaml", None


def _steps(steps: tuple[str, ...]) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in steps)
