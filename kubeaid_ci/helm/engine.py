"""The one door to Helm, whose own Go code runs in this process: no helm program is needed.

Call it in a worker (`edges.workers`), never in a fork: it is a Go library with threads of its own,
keeps what memory it once took, and prints warnings on standard error.
"""

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.helm.coalesce import laid_over
from kubeaid_ci.helm.value_files import value_documents
from kubeaid_ci.helm.version import ENGINE, HelmRules

if TYPE_CHECKING:
    from types import ModuleType

_LONGEST = 600
_LONGEST_REPORT = 20_000
_PLACE = re.compile(r"(?P<path>[\w.+@ -]+(?:/[\w.+@ -]+)+):(?P<line>\d+)")
_AT = re.compile(r"at (?P<what><[^\n]*?>):")
_EXECUTION = re.compile(r"(?:execution|parse) error at \([^()]*\): ")
_SEVERITIES = {1: Severity.INFO, 2: Severity.WARNING, 3: Severity.ERROR}


class HelmError(Exception):
    """An error of Helm: its shortened message, and the chart's file and line if it names one.

    `schema` is true if the values violate the chart's schema.
    """

    def __init__(self, message: str, path: str | None = None, line: int | None = None, *, schema: bool = False) -> None:
        super().__init__(message, path, line)
        self.message = message
        self.path = path
        self.line = line
        self.schema = schema

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: " if self.path else ""
        return place + self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _error, (self.message, self.path, self.line, self.schema)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The rendered chart. Both are pairs of path, from the chart's name on, and text; sorted by path.

    `crds` are those of the ``crds`` folders of every enabled chart, which Helm does not render.
    """

    files: tuple[tuple[str, str], ...]
    crds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LintMessage:
    """A message of ``helm lint`` about a file of a chart."""

    severity: Severity
    path: str
    message: str


def render(
    archive: bytes,
    values: str,
    *,
    name: str,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str] = (),
) -> Rendering:
    """Render a packed chart as ``helm template --include-crds`` does, but for NOTES and empty files.

    `values` is a JSON object; its numbers are floats to the templates. `api_versions` are added to those that Helm
    itself knows. Missing dependencies and the chart's ``kubeVersion`` are not checked. Raises `HelmError`.
    """
    helm = _library()
    options = {
        "name": name,
        "namespace": namespace,
        "kube_version": kube_version,
        "api_versions": list(api_versions),
        "enable_dns": False,  # a template must not carry anything out by asking for names
    }
    try:
        # A chart that was rendered once has lost its disabled subcharts, so each is loaded again.
        with helm.Chart.load_archive(archive) as chart:
            # The published `render` takes neither the version of Kubernetes nor its API versions.
            answer = helm._native.call_string("helm_render", chart._raw(), values, json.dumps(options))  # noqa: SLF001
            crds = chart.crds  # only now without those of disabled subcharts
    except helm.HelmError as error:
        raise _short(error) from None
    files = sorted((path, text) for path, text in json.loads(answer).items() if _is_manifest(path, text))
    return Rendering(tuple(files), tuple(sorted((one["filename"], one["data"]) for one in crds)))


def lint(archive: bytes, values: str, *, namespace: str, kube_version: str) -> tuple[LintMessage, ...]:
    """Return the messages of ``helm lint`` about a packed chart and values, a JSON object. Raises `HelmError`."""
    helm = _library()
    with tempfile.NamedTemporaryFile(suffix=".tgz") as file:
        file.write(archive)
        file.flush()
        try:
            answer = helm.lint(file.name, json.loads(values), namespace=namespace, kube_version=kube_version)
        except helm.HelmError as error:
            raise _short(error) from None
    return tuple(
        LintMessage(_SEVERITIES.get(one["severity"], Severity.INFO), one["path"], one["error"])
        for one in answer["messages"]
    )


def read_values(text: str, rules: HelmRules = ENGINE) -> dict[str, Any]:
    """Read a values file as a version of Helm does; all numbers become floats, as Go's JSON has them.

    Raises `HelmError` for a text that Helm cannot read as keys with values.
    """
    if not rules.joins_documents:
        return _parsed(text)  # reads the first document
    values: dict[str, Any] = {}
    try:
        for document in value_documents(text, loses_last_line=rules.loses_last_line):
            values = laid_over(values, _parsed(document)) if values else _parsed(document)
    except ValueError as error:
        raise HelmError(str(error)) from None
    return values


@cache
def engine() -> str:
    """Return the name of the engine for cache keys, without loading it."""
    from importlib.metadata import version as installed

    return f"helm-python-sdk {installed('helm-python-sdk')}"


def version() -> str:
    """Return the version of Helm that renders."""
    version: str = _library().helm_sdk_version()
    return version


@cache
def _library() -> "ModuleType":
    import helm_python

    helm_python.disable_logging()
    return helm_python


def _parsed(document: str) -> dict[str, Any]:
    if "\0" in document:  # would end the text on its way to Go
        raise HelmError("yaml: control characters are not allowed")
    helm = _library()
    try:
        # The published `values_from_yaml` makes integers of whole numbers.
        answer = helm._native.call_string("helm_values_from_yaml", document)  # noqa: SLF001
    except helm.HelmError as error:
        raise HelmError(_cut(_line(str(error)))) from None
    parsed: dict[str, Any] = json.loads(answer, parse_int=float) or {}
    return parsed


def _is_manifest(path: str, text: str) -> bool:
    return bool(text.strip()) and not path.endswith("/NOTES.txt")


def _short(error: Exception) -> HelmError:
    """Return Helm's message without the trail of templates that led there, with the innermost file and line."""
    text = str(error).strip()
    schema = type(error).__name__ == "HelmValuesError"
    if schema:
        return HelmError(_cut(text.replace("\t", " "), _LONGEST_REPORT), schema=True)
    places = list(_PLACE.finditer(text))
    path, line = (places[-1]["path"].strip(), int(places[-1]["line"])) if places else (None, None)
    if found := _EXECUTION.search(text):
        return HelmError(_cut(text[found.end() :]), path, line)
    if steps := list(_AT.finditer(text)):
        return HelmError(_cut(f"{steps[-1]['what']}: {_line(text[steps[-1].end() :])}"), path, line)
    return HelmError(_cut(_line(text)), path, line)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _error(message: str, path: str | None, line: int | None, schema: bool) -> HelmError:  # noqa: FBT001 - for pickle
    return HelmError(message, path, line, schema=schema)
