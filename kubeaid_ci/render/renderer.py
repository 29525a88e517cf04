"""Renders sources in parallel, each input once. Outcomes are cached by the content of their inputs."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import kubeaid_ci
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.helm import engine as helm
from kubeaid_ci.render.source import look, render_source
from kubeaid_ci.render.task import Bodies, ChartTask, KustomizeTask, Look, Looked, Note, Outcome, Task
from kubeaid_ci.runtime.workers import Crashed, Done, Pool, WorkerError

_FORMAT = 12

Progress = Callable[[int, int], None]
"""Is called with the number of rendered sources, and of those known by then."""


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Outcomes by task; `cached` are those that were cached, `digests` name their content."""

    outcomes: dict[Task, Outcome] = field(default_factory=dict)
    cached: set[Task] = field(default_factory=set)
    digests: dict[Task, str] = field(default_factory=dict)
    bodies: Bodies = field(default_factory=dict)
    placed: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    """Objects in a namespace that they do not name, by the id of the object and the namespace."""

    def add(self, task: Task, packed: bytes) -> None:
        """Add the outcome of a task as a worker or the cache packed it."""
        self.outcomes[task] = Outcome.unpacked(packed, self.bodies)
        self.digests[task] = hashlib.sha256(packed).hexdigest()


def key(task: Task) -> str:
    """Return a name for everything that the outcome depends on, and nothing else: not where the repository is."""
    inputs = asdict(task)
    del inputs["at"]
    if isinstance(task, KustomizeTask):
        inputs["program"] = task.program.version
    text = json.dumps([_FORMAT, kubeaid_ci.__version__, helm.engine(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def look_key(look: Look) -> str:
    """Return a name for the content of a chart that is read and not rendered."""
    return f"look {_FORMAT} {kubeaid_ci.__version__} {look.tree}"


@dataclass(slots=True, kw_only=True)
class Renderer(Outcomes):
    """Outcomes that are made in parallel.

    What is the same but for the revision that it is taken from is done once, and shares its outcome.
    """

    pool: Pool
    cache: Cache | None
    looked: dict[Look, Looked] = field(default_factory=dict)
    progress: Progress | None = None
    _first: dict[str, Task] = field(default_factory=dict)
    remembers: bool = False
    """True if outcomes are dropped while others are still to come, which may be the same: nothing is rendered twice."""
    _made: dict[str, bytes] = field(default_factory=dict)
    _stored: bool = False
    _ended: int = 0
    _known: int = 0

    def render(self, tasks: Iterable[Task]) -> None:
        """Do those of the tasks that are not done yet; one that ends its process is a failure of its own."""
        names = {task: key(task) for task in tasks if task not in self.outcomes}
        for task, name in names.items():
            self._first.setdefault(name, task)
        new = {task: name for task, name in names.items() if self._first[name] == task}
        self._run({task: name for task, name in new.items() if not self._from_cache(task, name)})
        for task, name in names.items():
            self._share(self._first[name], task)

    def look(self, looks: Iterable[Look]) -> None:
        """Read those charts that were not read yet; the same content once."""
        by_tree: dict[str, list[Look]] = {}
        for one in looks:
            if one not in self.looked:
                by_tree.setdefault(one.tree, []).append(one)
        found = {tree: known for tree, some in by_tree.items() if (known := self._known_look(some[0]))}
        waiting = [some[0] for tree, some in by_tree.items() if tree not in found]
        for outcome in self.pool.map(look, waiting):
            match outcome:
                case Done(_, chart, looked):
                    found[chart.tree] = looked
                    self.keep(look_key(chart), json.dumps(asdict(looked)).encode())
                case Crashed(_, chart):  # it crashes again when it is rendered, and is reported then
                    found[chart.tree] = Looked()
        self.looked |= {one: found[tree] for tree, some in by_tree.items() for one in some}

    def _known_look(self, look: Look) -> Looked | None:
        data = self.noted(look_key(look))
        if data is None:
            return None
        said = json.loads(data)
        asks = None if said["asks"] is None else tuple(said["asks"])
        return Looked(**{**said, "asks": asks, "defines": tuple(said["defines"])})

    def _from_cache(self, task: Task, name: str) -> bool:
        data = self.noted(name)
        if data is not None:
            self.add(task, data)
            if self.cache is not None:
                self.cached.add(task)
        return data is not None

    def _run(self, waiting: Mapping[Task, str]) -> None:
        tasks = list(waiting)
        self.count(known=len(tasks))
        for outcome in self.pool.map(render_source, tasks, together=_shared):
            self.count(ended=1)
            match outcome:
                case Done(_, task, data):
                    self.add(task, data)
                    self.keep(waiting[task], data)
                case Crashed(_, task, error):
                    self.outcomes[task] = _crashed(task, error)

    def count(self, *, known: int = 0, ended: int = 0) -> None:
        """Tell of the progress that so many more are known, or have ended."""
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

    def forget(self) -> None:
        """Drop all outcomes."""
        for part in (self.outcomes, self.bodies, self.placed, self.digests, self.cached, self._first):
            part.clear()

    def close(self) -> None:
        """End the workers, and let the cache drop what is too old."""
        self.pool.close()
        if self.cache and self._stored:
            self.cache.prune()

    def noted(self, name: str) -> bytes | None:
        """Return what the cache holds under a name; None if it does not exist.

        Without a cache only what this run made and remembers is there, compressed in memory.
        """
        if self.cache is not None:
            return self.cache.noted(name)
        return zlib.decompress(self._made[name]) if name in self._made else None

    def keep(self, name: str, data: bytes) -> None:
        """Keep in the cache what was made."""
        if self.cache is not None:
            self.cache.note(name, data)
            self._stored = True
        elif self.remembers:
            self._made[name] = zlib.compress(data, 1)


def _shared(task: Task) -> str:
    """Return what a worker remembers from one task to the next: the chart, or that it is plain manifests."""
    return task.tree if isinstance(task, ChartTask) else ""


def _crashed(task: Task, error: WorkerError) -> Outcome:
    match task:
        case ChartTask():
            path = f"{task.folder}/Chart.yaml"
        case KustomizeTask():
            path = task.where
        case _:
            path = task.files[0][0]
    note = Note("chart/render-failed", f"the rendering did not end well: {error}", path)
    return Outcome(notes=[note], failed=True)
