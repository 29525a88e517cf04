"""Evaluates a cluster in two halves at once, when fewer clusters are left than there are workers.

One worker evaluates the manifest that had the largest file at the last build, most often the dashboards, which take as
long as all others; another worker evaluates these. The bytes of their files meet in the cache.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.build import output
from kubeaid_ci.build.built_files import (
    Files,
    Sources,
    Task,
    cached_files,
    evaluated,
    files_of,
    record_of,
    slot,
    written,
)
from kubeaid_ci.build.evaluation import MOST_RESULT_BYTES, Refused
from kubeaid_ci.build.output import OutputError
from kubeaid_ci.cache.cache import Cache, Record
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.source_files import FolderRef, opened
from kubeaid_ci.runtime.workers import Crashed, Done, Pool, WorkerError, batches


@dataclass(frozen=True, slots=True)
class Half:
    """One manifest of a cluster by its name in the template, or all others."""

    task: Task
    name: str
    is_rest: bool


Halves = tuple[Half, Half]


@dataclass(frozen=True, slots=True)
class HalfFiles:
    """The files of half a cluster: a record of them, and the JSON of each by its path."""

    record: Record
    texts: Mapping[str, str]


def to_halve(tasks: Sequence[Task], workers: int, *, together: Callable[[Task], object]) -> list[Halves]:
    """Return the halves of the tasks that would leave workers idle at the end, if each can have two workers instead.

    Empty if more workers would have to prepare the code of a library then, see `Pool.map`.
    """
    rest = len(tasks) % workers
    groups = Counter(map(together, tasks))
    last = sorted(tasks, key=lambda task: groups[together(task)])[:rest]
    others = [task for task in tasks if task not in last]
    prepared = len(batches(others, together, workers)) + len({*map(together, last)} - {*map(together, others)})
    if rest * 2 > workers or prepared > len(batches(tasks, together, workers)):
        return []
    found = [halves for task in last if (halves := _halves(task))]
    return [halves for halves in found if cached_files(halves[0].task, Sources()) is None]


def evaluate_halves(pool: Pool, halved: Sequence[Halves]) -> Iterator[Done[Task, Files] | Crashed[Task]]:
    """Yield the files of each cluster of which both halves could be evaluated.

    A cluster is yielded as crashed if a half of it crashed. What else went wrong is for a build as a whole to find out.
    """
    found: list[list[HalfFiles]] = [[] for _ in halved]
    crashed: dict[int, WorkerError] = {}
    for outcome in pool.map(evaluate_half, [half for halves in halved for half in halves], weight=0.5):
        number = outcome.number // 2
        match outcome:
            case Crashed(_, _, error):
                crashed.setdefault(number, error)
            case Done(_, _, HalfFiles() as half_files):
                found[number].append(half_files)
    for number, (half, _) in enumerate(halved):
        task = half.task
        if number in crashed:
            yield Crashed(number, task, crashed[number])
        match found[number]:
            case [one, other] if task.cache and (files := _joined(task, task.cache, one, other)):
                yield Done(number, task, files)


def _halves(task: Task) -> Halves | None:
    """Return the halves of a cluster; None if it has to be built as a whole."""
    if task.cache is None or task.validate or task.cross_check or task.engine != "rjsonnet":
        return None
    folder = Path(task.config, task.cluster.output)
    try:
        sizes = {name: (folder / name).lstat().st_size for name in output.names(folder)}
    except (OSError, OutputError):
        return None
    largest = max(sizes, key=lambda name: sizes[name], default="")
    if not largest.endswith(".yaml"):
        return None
    name = largest.removesuffix(".yaml")
    return Half(task, name, is_rest=False), Half(task, name, is_rest=True)


def evaluate_half(half: Half) -> HalfFiles | None:
    """Evaluate half a cluster and keep the bytes of its files in the cache; None if that is not possible."""
    task = half.task
    try:
        found = evaluated(task, without=[half.name]) if half.is_rest else evaluated(task, only=[half.name])
        contents = {path: written(text, as_yaml=True) for path, text in found.texts.items()}
    except (Refused, UserError):
        return None
    digests = {path: digest for path, (_, digest) in contents.items()}
    if task.cache:
        task.cache.keep_all({digest: data for data, digest in contents.values()})
    record = record_of(found.evaluation, found.release, digests, found.notes, task.kubeaid.tree)
    return HalfFiles(record, found.texts)


def _joined(task: Task, cache: Cache, one: HalfFiles, other: HalfFiles) -> Files | None:
    """Return the files of two halves, and keep the record of the build; None if they are not of one state."""
    first, second = one.record, other.record
    probes = {probe.path: probe for probe in first.probes}
    if any(probes.setdefault(probe.path, probe) != probe for probe in second.probes):
        return None  # a file changed in between
    texts = {**one.texts, **other.texts}
    is_too_large = sum(map(len, texts.values())) > MOST_RESULT_BYTES
    if is_too_large or first.release != second.release or first.notes != second.notes:
        return None
    files = dict(sorted({**first.files, **second.files}.items()))
    if not files:
        return None  # neither half read a field, so the assertions of the template were not checked
    record = Record(tuple(probes.values()), first.release, files, first.tree, first.notes)
    cache.store(slot(task, opened(FolderRef(task.config))), record, {})
    return files_of(record, task, cache, cached=False, texts=texts)
