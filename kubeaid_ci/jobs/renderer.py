"""Does many renderings side by side, each input once, and keeps what they gave by content."""

import gc
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import kubeaid_ci
from kubeaid_ci.edges import helm
from kubeaid_ci.edges.cache import Cache
from kubeaid_ci.edges.workers import Pool, WorkerError
from kubeaid_ci.jobs.render_source import render_source
from kubeaid_ci.jobs.render_task import ChartTask, Note, Outcome, Task

_FORMAT = 1


@dataclass(slots=True)
class Renderer:
    """Outcomes by task; `cached` are those that were there already, `digests` name their content."""

    pool: Pool
    cache: Cache | None
    outcomes: dict[Task, Outcome] = field(default_factory=dict)
    cached: set[Task] = field(default_factory=set)
    digests: dict[Task, str] = field(default_factory=dict)
    _stored: bool = False

    def render(self, tasks: Iterable[Task]) -> None:
        """Do those of the tasks that are not done yet; one that ends its process is a failure of its own."""
        new = [task for task in dict.fromkeys(tasks) if task not in self.outcomes]
        with _without_garbage_collection():
            waiting = [task for task in new if not self._from_cache(task)]
            self._run(waiting)

    def _from_cache(self, task: Task) -> bool:
        data = self.cache.noted(_key(task)) if self.cache else None
        if data is not None:
            self.cached.add(task)
            self._done(task, data)
        return data is not None

    def _run(self, waiting: list[Task]) -> None:
        bug: BaseException | None = None
        for number, outcome in self.pool.map(render_source, waiting):
            match outcome:
                case bytes():
                    self._done(waiting[number], outcome)
                    self._keep(waiting[number], outcome)
                case WorkerError():
                    self.outcomes[waiting[number]] = _crashed(waiting[number], outcome)
                case _:
                    bug = outcome
        if bug:  # everything else is done by now
            raise bug

    def close(self) -> None:
        """End the workers, and let the cache drop what is too old."""
        self.pool.close()
        if self.cache and self._stored:
            self.cache.prune()

    def _done(self, task: Task, data: bytes) -> None:
        self.outcomes[task] = Outcome.unpacked(data)
        self.digests[task] = hashlib.sha256(data).hexdigest()

    def _keep(self, task: Task, data: bytes) -> None:
        if self.cache:
            self.cache.note(_key(task), data)
            self._stored = True


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Making a million values makes no garbage, and looking for it again and again doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _key(task: Task) -> str:
    """Names everything that the outcome depends on, and nothing else: not where the repository is."""
    inputs = asdict(task)
    del inputs["at"]
    text = json.dumps([_FORMAT, kubeaid_ci.__version__, helm.engine(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _crashed(task: Task, error: WorkerError) -> Outcome:
    path = f"{task.folder}/Chart.yaml" if isinstance(task, ChartTask) else task.paths[0]
    note = Note("chart/render-failed", f"the rendering did not end well: {error}", path)
    return Outcome(notes=[note], failed=True)
