"""Does many renderings side by side, each input once, and keeps what they gave by content."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import kubeaid_ci
from kubeaid_ci.edges import helm
from kubeaid_ci.edges.cache import Cache
from kubeaid_ci.edges.workers import Pool, WorkerError
from kubeaid_ci.jobs.render_source import look, render_source
from kubeaid_ci.jobs.render_task import Bodies, ChartTask, KustomizeTask, Look, Looked, Note, Outcome, Task

_FORMAT = 7

Progress = Callable[[int, int], None]
"""Told how many sources are rendered, and of how many that are known by now."""


@dataclass(slots=True)
class Renderer:
    """Outcomes by task; `cached` are those that were there already, `digests` name their content.

    What is the same but for the revision that it is taken from is done once, and shares its outcome.
    """

    pool: Pool
    cache: Cache | None
    outcomes: dict[Task, Outcome] = field(default_factory=dict)
    cached: set[Task] = field(default_factory=set)
    digests: dict[Task, str] = field(default_factory=dict)
    looked: dict[Look, Looked] = field(default_factory=dict)
    bodies: Bodies = field(default_factory=dict)
    placed: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    """Objects in a namespace that they do not name, by the id of the object and the namespace."""
    progress: Progress | None = None
    _first: dict[str, Task] = field(default_factory=dict)
    _stored: bool = False
    _ended: int = 0
    _known: int = 0

    def render(self, tasks: Iterable[Task]) -> None:
        """Do those of the tasks that are not done yet; one that ends its process is a failure of its own."""
        keys = {task: _key(task) for task in tasks if task not in self.outcomes}
        for task, key in keys.items():
            self._first.setdefault(key, task)
        new = {task: key for task, key in keys.items() if self._first[key] == task}
        self._run({task: key for task, key in new.items() if not self._from_cache(task, key)})
        for task, key in keys.items():
            self._share(self._first[key], task)

    def look(self, looks: Iterable[Look]) -> None:
        """Read those charts that were not read yet; the same content once."""
        by_tree: dict[str, list[Look]] = {}
        for one in looks:
            if one not in self.looked:
                by_tree.setdefault(one.tree, []).append(one)
        found = {tree: known for tree in by_tree if (known := self._known_look(tree))}
        waiting = [some[0] for tree, some in by_tree.items() if tree not in found]
        for number, looked in self.pool.map(look, waiting):
            # What ends its process here does so again when it is rendered, and is told then.
            found[waiting[number].tree] = looked if isinstance(looked, Looked) else Looked()
            if self.cache and isinstance(looked, Looked):
                self.cache.note(_look_key(waiting[number].tree), json.dumps([looked.asks, looked.defines]).encode())
        self.looked |= {one: found[tree] for tree, some in by_tree.items() for one in some}

    def _known_look(self, tree: str) -> Looked | None:
        data = self.cache.noted(_look_key(tree)) if self.cache else None
        if data is None:
            return None
        asks, defines = json.loads(data)
        return Looked(None if asks is None else tuple(asks), tuple(defines))

    def _from_cache(self, task: Task, key: str) -> bool:
        data = self.cache.noted(key) if self.cache else None
        if data is not None:
            self.cached.add(task)
            self._done(task, data)
        return data is not None

    def _run(self, waiting: Mapping[Task, str]) -> None:
        bug: BaseException | None = None
        tasks = list(waiting)
        self._count(known=len(tasks))
        for number, outcome in self.pool.map(render_source, tasks, together=_shared):
            task = tasks[number]
            self._count(ended=1)
            match outcome:
                case bytes():
                    self._done(task, outcome)
                    self._keep(waiting[task], outcome)
                case WorkerError():
                    self.outcomes[task] = _crashed(task, outcome)
                case _:
                    bug = outcome
        if bug:  # everything else is done by now
            raise bug

    def _count(self, *, known: int = 0, ended: int = 0) -> None:
        self._known += known
        self._ended += ended
        if self.progress and self._known:
            self.progress(self._ended, self._known)

    def _share(self, first: Task, task: Task) -> None:
        self.outcomes[task] = self.outcomes[first]
        if first in self.digests:
            self.digests[task] = self.digests[first]
        if first in self.cached:
            self.cached.add(task)

    def close(self) -> None:
        """End the workers, and let the cache drop what is too old."""
        self.pool.close()
        if self.cache and self._stored:
            self.cache.prune()

    def _done(self, task: Task, data: bytes) -> None:
        self.outcomes[task] = Outcome.unpacked(data, self.bodies)
        self.digests[task] = hashlib.sha256(data).hexdigest()

    def _keep(self, key: str, data: bytes) -> None:
        if self.cache:
            self.cache.note(key, data)
            self._stored = True


def _key(task: Task) -> str:
    """Names everything that the outcome depends on, and nothing else: not where the repository is."""
    inputs = asdict(task)
    del inputs["at"]
    if isinstance(task, KustomizeTask):
        inputs["program"] = task.program.version
    text = json.dumps([_FORMAT, kubeaid_ci.__version__, helm.engine(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _shared(task: Task) -> str:
    """What a worker remembers from one task to the next: the chart, or that it is plain manifests."""
    return task.tree if isinstance(task, ChartTask) else ""


def _look_key(tree: str) -> str:
    return f"look {_FORMAT} {kubeaid_ci.__version__} {tree}"


def _crashed(task: Task, error: WorkerError) -> Outcome:
    match task:
        case ChartTask():
            path = f"{task.folder}/Chart.yaml"
        case KustomizeTask():
            path = task.where
        case _:
            path = task.paths[0]
    note = Note("chart/render-failed", f"the rendering did not end well: {error}", path)
    return Outcome(notes=[note], failed=True)
