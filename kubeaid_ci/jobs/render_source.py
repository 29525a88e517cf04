"""Renders one source of an Application. Runs in a worker: nothing here may rely on the process it runs in."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from kubeaid_ci.checks import values
from kubeaid_ci.edges import helm, snapshot
from kubeaid_ci.edges.helm import HelmError, Rendering
from kubeaid_ci.edges.snapshot import Snapshot
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs import chart_values, kustomize_source
from kubeaid_ci.jobs.render_task import (
    ChartTask,
    FilesAt,
    FilesTask,
    FolderTask,
    KustomizeTask,
    Look,
    Looked,
    Note,
    Outcome,
    Task,
)
from kubeaid_ci.model.finding import Severity
from kubeaid_ci.model.hooks import is_test
from kubeaid_ci.model.rendering import Failure
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import chart_metadata, helmignore, rendering, template_text
from kubeaid_ci.plan.chart_archive import pack
from kubeaid_ci.plan.chart_files import chart_files
from kubeaid_ci.plan.rendering import Rendered, Varying
from kubeaid_ci.plan.template_text import MOMENTS, Moment

_SCHEMA = "values.schema.json"
_KEEP_CHARTS = 32
# What Helm renders; templates may read any other file, such as those of a folder of the same name elsewhere.
_TEMPLATE = re.compile(r"(?:charts/[^/]+/)*templates/")


def render_source(task: Task) -> bytes:
    """The packed `Outcome` of a source; what is wrong with the input is one of its notes."""
    try:
        outcome = _source(task)
    except UserError as error:
        outcome = Outcome(notes=[_placed(error, task.at.root)], failed=True)
    return outcome.packed()


def look(at: Look) -> Looked:
    """What the text of a chart's templates tells; of one that cannot be read, nothing."""
    try:
        chart = _packed(at.at, at.folder, at.tree, False)  # noqa: FBT003 - its key
    except UserError:
        return Looked()
    texts = {path: data.decode("utf-8", "replace") for path, data in chart.files.items()}
    named = (text for path, text in texts.items() if "templates/" in path or "crds/" in path)
    defines = {version for text in named for version in template_text.defined_versions(text)}
    return Looked(template_text.asked_versions(texts.values()), tuple(sorted(defines)))


def render_files(task: FilesTask) -> bytes:
    """The packed `Outcome` of a chart whose files are given."""
    try:
        chart = _made(task.files, lambda paths: {path: task.files[path] for path in paths}, task.chart.folder)
        outcome = _outcome(task.chart, chart)
    except UserError as error:
        outcome = Outcome(notes=[_placed(error, task.chart.at.root)], failed=True)
    return outcome.packed()


def _source(task: Task) -> Outcome:
    match task:
        case ChartTask():
            return _chart(task)
        case KustomizeTask():
            return kustomize_source.built(task)
    return _folder(task)


def _folder(task: FolderTask) -> Outcome:
    files = _opened(task.at)
    texts = ((path, data.decode("utf-8", "replace")) for path, data in files.read_all(task.paths).items())
    return Outcome(rendering.parsed(texts))


@dataclass(frozen=True)
class _Packed:
    """A chart; `steady` are templates that never vary, and that no other uses."""

    name: str
    files: Mapping[str, bytes]
    steady: frozenset[str]
    may_vary: bool
    folders: Mapping[str, str]
    """The folder of every subchart by what Helm calls it."""
    by_chance: bool = False
    """Whether certificates and numbers that a template asks for are made by chance, not of the moment."""

    @cached_property
    def archive(self) -> bytes:
        """The chart at the first moment."""
        return self._at(MOMENTS[0], self.files)

    @cached_property
    def again(self) -> bytes:
        """The chart at the second moment, without what is steady."""
        return self._at(MOMENTS[1], {path: data for path, data in self.files.items() if path not in self.steady})

    def _at(self, moment: Moment, files: Mapping[str, bytes]) -> bytes:
        return _archive(files, self.name, moment, by_chance=self.by_chance)


def _chart(task: ChartTask) -> Outcome:
    return _outcome(task, _packed(task.at, task.folder, task.tree, task.skip_schema_validation))


def _outcome(task: ChartTask, chart: _Packed) -> Outcome:
    notes = [*_asked_for(task, chart.files), *(_linted(task, chart) if task.lint else ())]
    if any(note.rule == "chart/render-failed" for note in notes):
        return Outcome(notes=notes, chart=chart.name, failed=True)
    try:
        objects, varying = _rendered(task, chart)
    except HelmError as error:
        notes += [*_failures(error, task, chart), *_values_notes(task)]
        return Outcome(notes=notes, chart=chart.name, failed=True)
    notes += _values_notes(task)
    kept = [one for one in objects if not (task.skip_tests and is_test(one.body))]
    return Outcome(kept, varying, notes, chart.name)


def _rendered(task: ChartTask, chart: _Packed) -> tuple[list[Rendered], list[Varying]]:
    given = json.dumps(chart_values.merged(task))
    if template_text.may_vary(given):  # any template may render it
        chart = replace(chart, steady=frozenset(), may_vary=True)
    # A template may want a real certificate, or another template by its file's name.
    whole = replace(chart, by_chance=True, steady=frozenset())
    try:
        first = _by_helm(task, chart.archive, given)
    except HelmError:
        if whole.archive == chart.archive:
            raise
        chart, first = whole, _by_helm(task, whole.archive, given)
    try:
        return _settled(task, chart, given, first)
    except HelmError:
        if chart is whole:
            raise
        return _settled(task, whole, given, _by_helm(task, whole.archive, given))


def _settled(task: ChartTask, chart: _Packed, given: str, first: Rendering) -> tuple[list[Rendered], list[Varying]]:
    """The objects of a first rendering, with what another one gives otherwise masked."""
    objects = rendering.parsed(_named(() if task.skip_crds else first.crds, task, chart))
    if not chart.may_vary:
        return [*objects, *rendering.parsed(_named(first.files, task, chart))], []
    again = dict(_by_helm(task, chart.again, given).files)
    pairs = []
    for path, text in first.files:
        inside = _in_chart(path, chart)
        pairs.append((f"{task.folder}/{inside}", text, text if inside in chart.steady else again.get(path, "")))
    settled, varying = rendering.settled(pairs)
    return [*objects, *settled], varying


def _by_helm(task: ChartTask, archive: bytes, given: str) -> Rendering:
    return helm.render(
        archive,
        given,
        name=task.name,
        namespace=task.namespace,
        kube_version=task.kube_version,
        api_versions=task.api_versions,
    )


@lru_cache(maxsize=8)
def _opened(at: FilesAt) -> Snapshot:
    return snapshot.take(Path(at.root), at.ref, at.folders)


@lru_cache(maxsize=_KEEP_CHARTS)
def _packed(at: FilesAt, folder: str, tree: str, without_schema: bool) -> _Packed:  # noqa: ARG001, FBT001 - its key
    files = _opened(at)
    found = chart_files(files.files, files.links, folder, below=files.below)

    def read(paths: Collection[str]) -> dict[str, bytes]:
        data = files.read_all([found[path][0] for path in paths])
        return {path: data[found[path][0]] for path in paths}

    return _made(found, read, folder, without_schema=without_schema)


def _made(
    paths: Collection[str],
    read: Callable[[Collection[str]], Mapping[str, bytes]],
    folder: str,
    *,
    without_schema: bool = False,
) -> _Packed:
    ignore = ".helmignore"
    rules = read([ignore])[ignore].decode("utf-8", "replace") if ignore in paths else ""
    kept = helmignore.kept(paths, rules, where=f"{folder}/{ignore}")
    if without_schema:
        kept = [path for path in kept if path.rpartition("/")[2] != _SCHEMA]
    data = dict(read(kept))
    name = chart_metadata.name(data) or Path(folder).name
    texts = {path: text.decode("utf-8", "replace") for path, text in data.items()}
    varying = {path for path, text in texts.items() if template_text.may_vary(text)}
    steady = _steady(texts, varying) if varying else frozenset()
    return _Packed(name, data, steady, bool(varying), chart_metadata.folders(data))


def _steady(texts: Mapping[str, str], varying: Collection[str]) -> frozenset[str]:
    """The templates that never vary and that no other needs; none where one may hand to all others what varies."""
    handing = {path for path, text in texts.items() if _TEMPLATE.match(path) and template_text.hands_on(text)}
    if handing and not _is_kept_apart(texts, varying, handing):
        return frozenset()
    return frozenset(
        path for path, text in texts.items() if path not in handing and path not in varying and _is_alone(path, text)
    )


def _is_kept_apart(texts: Mapping[str, str], varying: Collection[str], handing: Collection[str]) -> bool:
    """Whether what varies stays in its own templates, which those that hand something on can neither be nor call."""
    return not any(
        path in handing or not _TEMPLATE.match(path) or template_text.defines(texts[path]) for path in varying
    ) and not any(template_text.calls_by_path(texts[path]) for path in handing)


def _is_alone(path: str, text: str) -> bool:
    return bool(_TEMPLATE.match(path)) and template_text.stands_alone(text)


def _archive(files: Mapping[str, bytes], name: str, moment: Moment, *, by_chance: bool) -> bytes:
    def at_moment(data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return template_text.at_moment(text, moment, by_chance=by_chance).encode("utf-8", "surrogateescape")

    given = {path: at_moment(data) if "templates/" in path else data for path, data in files.items()}
    return pack(given, name=name.replace("/", "_"), level=0)


def _asked_for(task: ChartTask, files: Mapping[str, bytes]) -> Iterator[Note]:
    """What the chart wants and has not: dependencies, a version of Kubernetes."""
    for lacking in chart_metadata.lacking(files):
        yield Note(
            "chart/subchart-missing",
            f"{lacking.name} is declared but not in charts/: ArgoCD would download it when it syncs, unreviewed;"
            " this is rendered without it",
            f"{task.folder}/{lacking.file}",
            lacking.line,
        )
    for refusing in chart_metadata.refusing(files, Version.parse(task.kube_version)):
        where = f"{task.folder}/{refusing.folder}/Chart.yaml".replace("//", "/")
        message = f"is made for Kubernetes {refusing.wanted}, and the cluster has {task.kube_version}"
        if refusing.folder:
            yield Note(
                "chart/subchart-kube-version", f"the subchart {refusing.folder.rpartition('/')[2]} {message}", where
            )
        else:
            yield Note("chart/render-failed", f"the chart {message}; Helm refuses to render it", where)


def _linted(task: ChartTask, chart: _Packed) -> Iterator[Note]:
    """What Helm's linter says that nothing else here does.

    Its infos are matters of taste. Where it names the whole folder it speaks of dependencies, which
    the checks of the chart's structure tell better. An umbrella chart needs no templates, and one
    that fails is told by its rendering.
    """
    try:
        said = helm.lint(
            chart.archive,
            json.dumps(chart_values.merged(task)),
            namespace=task.namespace,
            kube_version=task.kube_version,
        )
    except HelmError as error:
        yield Note("chart/lint", error.message, f"{task.folder}/Chart.yaml")
        return
    for one in said:
        if one.severity is not Severity.INFO and not one.path.startswith(("/", "templates")):
            yield Note("chart/lint", one.message, f"{task.folder}/{one.path}".rstrip("/"))


@lru_cache(maxsize=_KEEP_CHARTS)
def _known(at: FilesAt, folder: str, tree: str, without_schema: bool) -> values.Known:  # noqa: FBT001 - as `_packed`
    return values.Known.of(_packed(at, folder, tree, without_schema).files)


def _values_notes(task: ChartTask) -> Iterator[Note]:
    """What there is to say of values that Helm takes without a word."""
    for layer in task.layers:
        known = _known(task.at, task.folder, task.tree, task.skip_schema_validation)
        for path, line in values.repeated(layer.text):
            message = f"{'.'.join(path)} is given twice; Helm takes this one and drops the one above"
            yield Note("chart/values-repeated", message, layer.where, line if layer.has_lines else None)
        for one in values.unknown(layer.text, known):
            hint = f"; did you mean {' or '.join(one.near)}?" if one.near else ""
            message = f"{'.'.join(one.path)} is nothing that the chart knows{hint}"
            yield Note("chart/values-unknown", message, layer.where, one.line if layer.has_lines else None)


def _named(files: tuple[tuple[str, str], ...], task: ChartTask, chart: _Packed) -> list[tuple[str, str]]:
    return [(_in_repository(path, task, chart), text) for path, text in files]


def _in_repository(path: str, task: ChartTask, chart: _Packed) -> str:
    """The file in the repository that Helm names from the chart's name on."""
    return f"{task.folder}/{_in_chart(path, chart)}"


def _in_chart(path: str, chart: _Packed) -> str:
    """The same from the chart's folder on: Helm calls a subchart by its name or alias, whatever its folder."""
    inside = path.partition("/")[2]
    called = inside
    while inside not in chart.files and (called := called.rpartition("/")[0]):
        if called in chart.folders:
            return chart.folders[called] + inside[len(called) :]
    return inside


def _failures(error: HelmError, task: ChartTask, chart: _Packed) -> Iterator[Note]:
    if not error.schema:
        path = _in_repository(error.path, task, chart) if error.path else None
        yield Note("chart/render-failed", error.message, path or f"{task.folder}/Chart.yaml", error.line)
        return
    said = list(chart_values.schema_errors(error.message))
    for of, steps, why in said:
        where, line = chart_values.set_where(task, ((of, *steps), steps) if of != chart.name else (steps,))
        keys = ".".join(steps) or "the values"
        message = f"{keys}: {why}: the schema of the chart {of} refuses it"
        yield Note("chart/render-failed", message, where, line, Failure.REFUSED)
    if not said:
        yield Note("chart/render-failed", error.message, f"{task.folder}/{_SCHEMA}", failure=Failure.REFUSED)


def _placed(error: UserError, root: str) -> Note:
    """An error that names ``file:line`` as a note with that place."""
    message = str(error).replace(f"{root}/", "")
    found = re.match(r"(?P<path>[^\s:]+\.[^\s:/]+|[^\s:]+/[^\s:]+)(?::(?P<line>\d+))?: (?P<why>.*)", message, re.DOTALL)
    if found is None:
        return Note("chart/render-failed", message)
    return Note("chart/render-failed", found["why"], found["path"], int(found["line"]) if found["line"] else None)
