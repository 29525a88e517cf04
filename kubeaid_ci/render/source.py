"""Renders one source of an Application. Runs in a worker: nothing here may rely on the process it runs in."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from kubeaid_ci.argocd import directory_manifests
from kubeaid_ci.argocd import version as argocd_version
from kubeaid_ci.argocd.sync import is_skipped_by_helm, is_test
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree_reader import checked
from kubeaid_ci.helm import (
    engine,
    exact_version,
    output,
    packed_chart,
    requirements,
    template_scan,
    values_check,
)
from kubeaid_ci.helm.chart_files import chart_files
from kubeaid_ci.helm.coalesce import CoalesceError
from kubeaid_ci.helm.engine import HelmError, Rendering
from kubeaid_ci.helm.engine_input import has_integers
from kubeaid_ci.helm.loaded_chart import Values
from kubeaid_ci.helm.packed_chart import PackedChart
from kubeaid_ci.helm.tarball import UnsafeArchive
from kubeaid_ci.helm.value_files import may_depend_on_helm
from kubeaid_ci.helm.version import ENGINE, HelmRules, rules_named
from kubeaid_ci.k8s import rendered
from kubeaid_ci.k8s.rendered import Rendered, Varying
from kubeaid_ci.redaction.values import secret_values
from kubeaid_ci.render import kustomize_source
from kubeaid_ci.render import values as chart_values
from kubeaid_ci.render.chart_notes import (
    error_note,
    failure_notes,
    lint_notes,
    path_in_chart,
    path_in_repository,
    requirement_notes,
)
from kubeaid_ci.render.task import (
    ChartTask,
    FilesAt,
    FilesTask,
    FolderTask,
    KustomizeTask,
    Note,
    Outcome,
    ScanResult,
    ScanTask,
    Task,
)

_FOR_PEOPLE = (".gif", ".ico", ".jpeg", ".jpg", ".md", ".pdf", ".png", ".svg", ".webp")
_KEEP_CHARTS = 32


def render_source(task: Task) -> bytes:
    """Return the packed `Outcome` of a source; what is wrong with the input is one of its notes."""
    try:
        outcome = _source(task)
    except UserError as error:
        outcome = Outcome(notes=[error_note(error, task)], failed=True)
    return outcome.packed()


def scan(at: ScanTask) -> ScanResult:
    """Return the static scan of a chart's templates; empty if it cannot be read."""
    try:
        chart = _packed(at.at, at.folder, at.tree, False)  # noqa: FBT003 - its key
    except UserError:
        return ScanResult()
    texts = {path: data.decode("utf-8", "replace") for path, data in chart.files.items()}
    named = (text for path, text in texts.items() if "templates/" in path or "crds/" in path)
    defines = {version for text in named for version in template_scan.defined_versions(text)}
    by_exact_helm = exact_version.depends_on_version(chart.files.values())
    return ScanResult(
        template_scan.asked_versions(texts.values()),
        tuple(sorted(defines)),
        by_helm=by_exact_helm
        or requirements.has_aliases_of_a_nest(chart.files)
        or any(_depends_on_helm(path, text) for path, text in texts.items()),
        by_exact_helm=by_exact_helm,
        argocd=requirements.app_version(chart.files, argocd_version.CHARTS),
    )


def _depends_on_helm(path: str, text: str) -> bool:
    name = path.rpartition("/")[2]
    if name == "values.yaml":
        return may_depend_on_helm(text)
    return name.endswith(".tgz") or ("templates/" in path and output.keeps_breaks(text))


def render_files(task: FilesTask) -> bytes:
    """Return the packed `Outcome` of a chart whose files are given."""
    try:
        chart = packed_chart.make(
            task.files, lambda paths: {path: task.files[path] for path in paths}, task.chart.folder
        )
        outcome = _outcome(task.chart, chart)
    except UserError as error:
        outcome = Outcome(notes=[error_note(error, task.chart)], failed=True)
    return outcome.packed()


def _source(task: Task) -> Outcome:
    match task:
        case ChartTask():
            return _outcome(task, _packed(task.at, task.folder, task.tree, task.skip_schema_validation))
        case KustomizeTask():
            return kustomize_source.built(task)
    return _folder(task)


def _folder(task: FolderTask) -> Outcome:
    files = _opened(task.at)
    data = files.read_all({real for _, real in task.files})
    texts = ((path, directory_manifests.text_of(checked(data[real], path))) for path, real in task.files)
    return Outcome(directory_manifests.parsed(texts))


def _outcome(task: ChartTask, chart: PackedChart) -> Outcome:
    notes = [*requirement_notes(task, chart.files), *(lint_notes(task, chart) if task.lint else ())]
    if any(note.rule == "chart/render-failed" for note in notes):
        return Outcome(notes=notes, chart=chart.name, failed=True)
    rules = rules_named(task.helm)
    if task.helm_version:
        chart = chart.for_version(task.helm_version)
    values = chart_values.merged(task, rules)
    secrets = secret_values(values)
    try:
        objects, varying = _rendered(task, chart, rules, values)
    except HelmError as error:
        notes += [*failure_notes(error, task, chart, secrets), *_values_notes(task)]
        return Outcome(notes=notes, chart=chart.name, failed=True)
    notes += _values_notes(task)
    wanted = [one for one in objects if not (task.skip_tests and is_test(one.body))]
    return Outcome(wanted, varying, notes, chart.name, secrets=secrets)


def _rendered(
    task: ChartTask, chart: PackedChart, rules: HelmRules, values: Values
) -> tuple[list[Rendered], list[Varying]]:
    if template_scan.may_vary(json.dumps(values)):  # any template may render it
        chart = replace(chart, may_vary=True)
    prepared = json.dumps(values)
    if rules is not ENGINE or has_integers(values):
        chart, prepared = _prepared(chart, values, rules)
    # A template may want a real certificate.
    whole = replace(chart, has_randomness=True)
    try:
        first = _by_helm(task, chart.archive, prepared)
    except HelmError:
        if whole.archive == chart.archive:
            raise
        chart, first = whole, _by_helm(task, whole.archive, prepared)
    try:
        return _settled(task, chart, prepared, first)
    except HelmError:
        if chart is whole:
            raise
        return _settled(task, whole, prepared, _by_helm(task, whole.archive, prepared))


def _prepared(chart: PackedChart, values: Values, rules: HelmRules) -> tuple[PackedChart, str]:
    try:
        chart, prepared = chart.prepared(values, rules)
    except (CoalesceError, UnsafeArchive) as error:
        raise HelmError(str(error)) from None
    return chart, json.dumps(prepared)


def _settled(
    task: ChartTask, chart: PackedChart, values: str, first: Rendering
) -> tuple[list[Rendered], list[Varying]]:
    """Return the objects of a first rendering, with what another one gives otherwise masked."""
    crds = rendered.parsed(_named(() if task.skip_crds else first.crds, task, chart))
    if not chart.may_vary:
        return [*crds, *_printed(rendered.parsed(_named(first.files, task, chart)))], []
    second = dict(_by_helm(task, chart.second, values).files)
    pairs = []
    for path, text in first.files:
        inside = path_in_chart(path, chart)
        pairs.append((f"{task.folder}/{inside}", text, second.get(path, "")))
    settled, varying = rendered.settled(pairs)
    return [*crds, *_printed(settled)], varying


def _printed(objects: Iterable[Rendered]) -> list[Rendered]:
    return [one for one in objects if not is_skipped_by_helm(one.body)]


def _by_helm(task: ChartTask, archive: bytes, values: str) -> Rendering:
    made = engine.render(
        archive,
        values,
        name=task.name,
        namespace=task.namespace,
        kube_version=task.kube_version,
        api_versions=task.api_versions,
    )
    return replace(made, files=output.printed(made.files, rules_named(task.helm)))


@lru_cache(maxsize=8)
def _opened(at: FilesAt) -> Snapshot:
    return snapshot.open_snapshot(Path(at.root), at.revision, at.folders)


@lru_cache(maxsize=_KEEP_CHARTS)
def _packed(at: FilesAt, folder: str, tree: str, without_schema: bool) -> PackedChart:  # noqa: ARG001, FBT001 - its key
    files = _opened(at)
    found = chart_files(files.files, files.links, folder, below=files.below)

    def read(paths: Collection[str]) -> dict[str, bytes]:
        data = files.read_all([found[path][0] for path in paths])
        # A template may use any file, but hardly one for people.
        return {
            path: data[found[path][0]] if path.endswith(_FOR_PEOPLE) else checked(data[found[path][0]], found[path][0])
            for path in paths
        }

    return packed_chart.make(found, read, folder, without_schema=without_schema)


@lru_cache(maxsize=_KEEP_CHARTS)
def _known(at: FilesAt, folder: str, tree: str, without_schema: bool) -> values_check.Known:  # noqa: FBT001 - as `_packed`
    return values_check.Known.of(_packed(at, folder, tree, without_schema).files)


def _values_notes(task: ChartTask) -> Iterator[Note]:
    """Yield findings about values that Helm accepts silently."""
    for layer in task.layers:
        known = _known(task.at, task.folder, task.tree, task.skip_schema_validation)
        for path, line in values_check.repeated(layer.text):
            message = f"{'.'.join(path)} is given twice; Helm takes this one and drops the one above"
            yield Note("chart/values-repeated", message, layer.path, line if layer.has_lines else None)
        for one in values_check.unknown(layer.text, known):
            hint = f"; did you mean {' or '.join(one.near)}?" if one.near else ""
            message = f"{'.'.join(one.path)} is not used by the chart{hint}"
            yield Note("chart/values-unknown", message, layer.path, one.line if layer.has_lines else None)


def _named(files: tuple[tuple[str, str], ...], task: ChartTask, chart: PackedChart) -> list[tuple[str, str]]:
    return [(path_in_repository(path, task, chart), text) for path, text in files]
