"""Notes about one source, with their places: messages of Helm and its linter, and unmet requirements of a chart."""

import json
import re
from collections.abc import Collection, Iterator, Mapping

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.helm import engine, requirements
from kubeaid_ci.helm.chart import RepositoryKind
from kubeaid_ci.helm.engine import HelmError
from kubeaid_ci.helm.packed_chart import PackedChart
from kubeaid_ci.helm.repository import display_address
from kubeaid_ci.helm.version import rules_named
from kubeaid_ci.redaction.texts import named_values, secret_name
from kubeaid_ci.redaction.values import safe_message
from kubeaid_ci.render import values as chart_values
from kubeaid_ci.render.rendering import Failure
from kubeaid_ci.render.task import ChartTask, KustomizeTask, Note, Task
from kubeaid_ci.semver.version import Version

_SCHEMA = "values.schema.json"
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'(?= does not match)|(?<=got )'[^']*'|^'(?:[^'\\]|\\.)*'")
"""The value that a schema refuses, as Helm quotes it in front of the reason."""


def requirement_notes(task: ChartTask, files: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield why Helm refuses the chart, and what the chart wants and has not: dependencies, a version of Kubernetes."""
    if not requirements.is_installable(files):
        message = "it is a library chart, which Helm refuses to render; name a chart that uses it, or correct its type"
        yield Note("chart/render-failed", message, f"{task.folder}/Chart.yaml")
    for lacking in requirements.lacking(files):
        yield Note(
            "chart/subchart-missing",
            f"{lacking.name} is declared but not in charts/: {_at_sync(lacking)}; this is rendered without it",
            f"{task.folder}/{lacking.file}",
            lacking.line,
        )
    for refusing in requirements.refusing(files, Version.parse(task.kube_version)):
        where = f"{task.folder}/{refusing.folder}/Chart.yaml".replace("//", "/")
        message = f"is made for Kubernetes {refusing.wanted}, and the cluster has {task.kube_version}"
        if refusing.folder:
            yield Note(
                "chart/subchart-kube-version", f"the subchart {refusing.folder.rpartition('/')[2]} {message}", where
            )
        else:
            yield Note("chart/render-failed", f"the chart {message}; Helm refuses to render it", where)


def _at_sync(lacking: requirements.Lacking) -> str:
    """Return what ``helm dependency build`` does about it, which Argo CD runs then."""
    where = display_address(lacking.repository)
    match RepositoryKind.of(lacking.repository):
        case RepositoryKind.HTTP | RepositoryKind.OCI:
            return "Argo CD would download it when it syncs, unreviewed"
        case RepositoryKind.FILE:
            more = f"and download {', '.join(lacking.published)}" if lacking.published else "and download nothing"
            return f"Argo CD would pack it from {where} when it syncs, {more}"
    reason = f"{where} is no address of a repository" if lacking.repository else "no repository is declared for it"
    return f"the sync fails, because {reason}"


def lint_notes(task: ChartTask, chart: PackedChart) -> Iterator[Note]:
    """Yield the messages of Helm's linter that no other check reports.

    Its infos are matters of taste. If it names the whole folder, it is about dependencies, which
    the checks of the chart's structure report better. An umbrella chart needs no templates, and one
    that fails is reported by its rendering.
    """
    try:
        linted = engine.lint(
            chart.archive,
            json.dumps(chart_values.merged(task, rules_named(task.helm))),
            namespace=task.namespace,
            kube_version=task.kube_version,
        )
    except HelmError as error:
        yield Note("chart/lint", safe_message(error.message, _secrets_given(task)), f"{task.folder}/Chart.yaml")
        return
    for one in linted:
        if one.severity is not Severity.INFO and not one.path.startswith(("/", "templates")):
            message = safe_message(one.message, _secrets_given(task))
            yield Note("chart/lint", message, f"{task.folder}/{one.path}".rstrip("/"))


def failure_notes(
    error: HelmError, task: ChartTask, chart: PackedChart, known_secrets: Collection[str]
) -> Iterator[Note]:
    """Yield the messages of Helm, without the secrets of the values, the chart's own included."""
    defaults = (data.decode("utf-8", "replace") for path, data in chart.files.items() if path.endswith("values.yaml"))
    secrets = {*known_secrets, *(text for each in defaults for text in named_values(each))}
    if not error.schema:
        path = path_in_repository(error.path, task, chart) if error.path else None
        yield Note(
            "chart/render-failed", safe_message(error.message, secrets), path or f"{task.folder}/Chart.yaml", error.line
        )
        return
    errors = list(chart_values.schema_errors(error.message))
    for of, steps, why in errors:
        where, line = chart_values.set_where(task, ((of, *steps), steps) if of != chart.name else (steps,))
        keys = ".".join(steps) or "the values"
        reason = safe_message(_QUOTED.sub("(secret)", why) if any(map(secret_name, steps)) else why, secrets)
        message = f"{keys}: {reason}: the schema of the chart {of} refuses it"
        yield Note("chart/render-failed", message, where, line, Failure.REFUSED)
    if not errors:
        message = safe_message(error.message, secrets)
        yield Note("chart/render-failed", message, f"{task.folder}/{_SCHEMA}", failure=Failure.REFUSED)


def error_note(error: UserError, task: Task) -> Note:
    """Return an error that names ``file:line`` as a note with that place."""
    message = safe_message(str(error).replace(f"{task.at.root}/", ""), _secrets_given(task))
    found = re.match(r"(?P<path>[^\s:]+\.[^\s:/]+|[^\s:]+/[^\s:]+)(?::(?P<line>\d+))?: (?P<why>.*)", message, re.DOTALL)
    if found is None:
        return Note("chart/render-failed", message)
    return Note("chart/render-failed", found["why"], found["path"], int(found["line"]) if found["line"] else None)


def _secrets_given(task: Task) -> set[str]:
    """Return the secrets in the text of a task's values, which need not be valid."""
    match task:
        case ChartTask():
            parameters = [f"{one.name.rpartition('.')[2]}={one.value}" for one in task.parameters]
            texts = [*(layer.text for layer in task.layers), *parameters]
        case KustomizeTask():
            texts = [text for _, text in task.texts]
        case _:
            texts = []
    return {value for text in texts for value in named_values(text)}


def path_in_repository(path: str, task: ChartTask, chart: PackedChart) -> str:
    """Return the file in the repository that Helm names from the chart's name on."""
    return f"{task.folder}/{path_in_chart(path, chart)}"


def path_in_chart(path: str, chart: PackedChart) -> str:
    """Return the same from the chart's folder on: Helm calls a subchart by its name or alias, whatever its folder."""
    inside = path.partition("/")[2]
    called = inside
    while inside not in chart.files and (called := called.rpartition("/")[0]):
        if called in chart.folders:
            return chart.folders[called] + inside[len(called) :]
    return inside
