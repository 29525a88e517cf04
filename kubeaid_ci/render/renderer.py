"""Renders sources in parallel, each input once. Outcomes are cached by the content of their inputs."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kubeaid_ci.cache import code_digest
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.helm import engine as helm
from kubeaid_ci.render.source import render_source, scan
from kubeaid_ci.render.task import Bodies, ChartTask, KustomizeTask, Note, Outcome, ScanResult, ScanTask, Task
from kubeaid_ci.runtime.workers import Crashed, Done, Pool, WorkerError

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
    text = json.dumps([code_digest.digest(), helm.engine(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def scan_key(task: ScanTask) -> str:
    """Return a name for the content of a chart that is read and not rendered."""
    return f"scan {code_digest.digest()} {task.tree}"


@dataclass(slots=True, kw_only=True)
class Renderer(Outcomes):
    """Outcomes that are made in parallel.

    What is the same but for the revision that it is taken from is done once, and shares its outcome.
    """

    pool: Pool
    cache: Cache | None
    scans: dict[ScanTask, ScanResult] = field(default_factory=dict)
    progress: Progress | None = None
    _first: dict[str, Task] = field(default_factory=dict)
    remembers: bool = False
    """True if outcomes are dropped while others are still to come, which may be the same: nothing is rendered twice."""
    _made: dict[str, bytes] = field(default_factory=dict)
    _stored: bool = False
    _ended: int = 0
    _known: int = 0

    def render(self, tasks: Iterable[Task]) -> None:
        """Render the tasks that are not done yet. A task that crashes its worker is a failure of its own."""
        names = {task: key(task) for task in tasks if task not in self.outcomes}
        for task, name in names.items():
            self._first.setdefault(name, task)
        new = {task: name for task, name in names.items() if self._first[name] == task}
        self._run({task: name for task, name in new.items() if not self._from_cache(task, name)})
        for task, name in names.items():
            self._share(self._first[name], task)

    def scan(self, tasks: Iterable[ScanTask]) -> None:
        """Scan the charts that were not scanned yet; the same content once."""
        by_tree: dict[str, list[ScanTask]] = {}
        for task in tasks:
            if task not in self.scans:
                by_tree.setdefault(task.tree, []).append(task)
        found = {tree: known for tree, some in by_tree.items() if (known := self._cached_scan(some[0]))}
        waiting = [some[0] for tree, some in by_tree.items() if tree not in found]
        for outcome in self.pool.map(scan, waiting):
            match outcome:
                case Done(_, chart, result):
                    found[chart.tree] = result
                    self.keep(scan_key(chart), json.dumps(asdict(result)).encode())
                case Crashed(_, chart):  # it crashes again when it is rendered, and is reported then
                    found[chart.tree] = ScanResult()
        self.scans |= {one: found[tree] for tree, some in by_tree.items() for one in some}

    def _cached_scan(self, task: ScanTask) -> ScanResult | None:
        data = self.noted(scan_key(task))
        if data is None:
            return None
        entry = json.loads(data)
        versions = entry["uses_api_versions"]
        uses = None if versions is None else tuple(versions)
        return ScanResult(**{**entry, "uses_api_versions": uses, "defines": tuple(entry["defines"])})

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
        """Report progress: so many more tasks are known, or have ended."""
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
        """Store a result in the cache, or in memory if later groups may need it and there is no cache."""
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
