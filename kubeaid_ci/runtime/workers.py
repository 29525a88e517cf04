"""Runs functions in processes of their own, so that a crash, a hang or a leak is one task's failure.

A worker is a fresh interpreter, not a fork: forking a process with threads or with Go code in it
hangs, and a fork of a script without a ``__main__`` guard would run the script again. It reads
pickled tasks from its standard input and answers on what was its standard output. Both ends are
ours, so pickle crosses no border of trust.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from kubeaid_ci.runtime.processes import start
from kubeaid_ci.runtime.worker_process import LENGTH, receive, send

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")
A = TypeVar("A")
_MOST_TIMED_OUT = 2
_HASTE = 10
_BOOT = (
    "import sys; memory, seconds, *sys.path[len(sys.path):] = sys.argv[1:];"
    " from kubeaid_ci.runtime.worker_process import serve; serve(int(memory), int(seconds))"
)
# Messages of Rust, Go (three forms) and Python for lack of memory; no code distinguishes it from other aborts.
_NO_MEMORY = (
    "memory allocation",
    "out of memory",
    "cannot allocate memory",
    "pthread_create failed: Resource temporarily unavailable",
    "MemoryError",
)
# Go's libraries spend a third of their time on garbage else; a worker has memory enough. They read it at their start.
_COLLECT_SELDOM = {"GOGC": os.environ.get("GOGC", "800")}
_PACKAGE_FOLDER = str(Path(__file__).resolve().parents[2])


class WorkerError(Exception):
    """The worker process ended during a task; the text has the reason, for users."""


class TimedOutError(WorkerError):
    """The task took longer than it may."""


@dataclass(frozen=True, slots=True)
class Done(Generic[A, T]):
    """A task that ended, with its result. `number` is its place among the tasks."""

    number: int
    task: A
    value: T


@dataclass(frozen=True, slots=True)
class Crashed(Generic[A]):
    """A task that its worker process did not survive. `number` is its place among the tasks."""

    number: int
    task: A
    error: WorkerError


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one task: wall time in seconds, address space in bytes."""

    seconds: float = 300.0
    memory: int = 4 * 1024**3
    replace_above: int = 1024**3
    """A worker whose memory peaked above this many bytes is replaced before its next task."""


@dataclass(slots=True)
class Worker:
    """One process that runs tasks one after another; started on its first task."""

    limits: Limits
    _process: subprocess.Popen[bytes] | None = None
    _stderr: IO[bytes] | None = None

    def run(self, function: Callable[[Any], Any], task: Any, *, seconds: float | None = None) -> Any:
        """Return the function's result; raises what it raised, or `WorkerError` where the process ended.

        `seconds` counts if it is less than the limit.
        """
        allowed = min(seconds or self.limits.seconds, self.limits.seconds)
        process = self._started()
        payload = pickle.dumps((function, task))
        try:
            send(process.stdin, payload)
            ok, value, peak = pickle.loads(self._answer(process, allowed))  # noqa: S301 - our own process
        except (BrokenPipeError, EOFError):
            raise self._why_it_ended() from None
        if peak > self.limits.replace_above:
            self.close()
        if isinstance(value, MemoryError) and not ok:
            self.close()
            raise WorkerError(_needed_more(self.limits))
        if not ok:
            raise value
        return value

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            seconds, memory = str(int(self.limits.seconds) + 5), str(self.limits.memory)
            argv = [sys.executable, "-I", "-c", _BOOT, memory, seconds, *_import_folders()]
            self._process = start(argv, env=_COLLECT_SELDOM, stderr=self._stderr)
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        stdout = process.stdout
        if stdout is None:
            raise EOFError
        head = receive(stdout, LENGTH.size, deadline)
        if head is None:
            process.kill()
            self.close()
            less = ", as others of this run had taken too long" if seconds < self.limits.seconds else ""
            raise TimedOutError(f"it took more than {seconds:g} seconds and was stopped{less}")
        return receive(stdout, LENGTH.unpack(head)[0], None) or b""

    def _why_it_ended(self) -> WorkerError:
        process, stderr = self._process, self._stderr
        if process is None or stderr is None:
            return WorkerError("its process ended")
        code = process.wait()
        stderr.seek(0)
        printed = stderr.read(4096).decode("utf-8", "replace")
        self.close()
        return _ending(code, printed, self.limits)

    def kill(self) -> None:
        """End the process at once, from any thread; the task that it runs fails."""
        if self._process is not None:
            self._process.kill()

    def close(self, *, wait: bool = True) -> None:
        """End the process; a later task starts a new one.

        Without `wait` it may still exist afterwards: the system needs up to 0.1 s to take back its memory.
        """
        if self._process is not None:
            self._process.kill()
            if wait:
                self._process.wait()
            else:
                threading.Thread(target=self._process.wait).start()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    _close(stream)
            self._process = None
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None


@dataclass(slots=True)
class Pool:
    """As many workers as tasks run in parallel.

    Those of a `lasting` pool wait for the next `map` when one is through, until `close`.
    """

    jobs: int
    limits: Limits = field(default_factory=Limits)
    lasting: bool = False
    _idle: list[Worker] = field(default_factory=list)
    _all: list[Worker] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _timed_out: float = 0

    def map(
        self,
        function: Callable[[A], T],
        tasks: Iterable[A],
        *,
        started: Callable[[int], None] | None = None,
        together: Callable[[A], object] | None = None,
        weight: float = 1,
    ) -> Iterator[Done[A, T] | Crashed[A]]:
        """Run the function on every task; yields each task with its result as they end.

        An exception of the function is a bug: it is raised after all other results were yielded, so that they can be
        kept.

        Tasks with an equal `together` run in one worker, which may remember what they share. No worker
        gets more than its share of all tasks. `weight` is what a task counts that takes too long, see `_seconds`.
        """
        from concurrent.futures import ThreadPoolExecutor  # a worker itself has no use for it

        waiting = list(tasks)
        cut = batches(waiting, together, self.jobs)
        ended: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        stopped = threading.Event()
        bug: BaseException | None = None
        with ThreadPoolExecutor(max_workers=max(1, min(self.jobs, len(cut)))) as threads:
            for batch in cut:
                threads.submit(self._some, function, batch, started, ended, stopped, weight=weight)
            try:
                for _ in waiting:
                    number, result = ended.get()
                    match result:
                        case WorkerError():
                            yield Crashed(number, waiting[number], result)
                        case BaseException():
                            bug = bug or result
                        case value:
                            yield Done(number, waiting[number], value)
            except BaseException:
                stopped.set()
                self._kill(threads)
                raise
            if not self.lasting:
                self._kill(threads)
        if not self.lasting:
            self.close(wait=False)
        if bug:
            raise bug

    def close(self, *, wait: bool = True) -> None:
        """End every worker, see `Worker.close`; a later `map` starts new ones."""
        for worker in self._all:
            worker.close(wait=wait)

    def _seconds(self) -> float:
        """Return the time for a task: a tenth once several took too long, or a dozen of them fill a job of an hour."""
        return self.limits.seconds / (_HASTE if self._timed_out >= _MOST_TIMED_OUT else 1)

    def _kill(self, threads: "ThreadPoolExecutor") -> None:
        threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.kill()

    def _some(
        self,
        function: Callable[[Any], Any],
        batch: Iterable[tuple[int, Any]],
        started: Callable[[int], None] | None,
        ended: "SimpleQueue[tuple[int, Any]]",
        stopped: threading.Event,
        *,
        weight: float,
    ) -> None:
        with self._lock:
            if not self._idle:
                self._idle.append(Worker(self.limits))
                self._all.append(self._idle[-1])
            worker = self._idle.pop()
        for number, task in batch:
            if stopped.is_set():
                break
            try:
                if started:
                    started(number)
                ended.put((number, worker.run(function, task, seconds=self._seconds())))
            except TimedOutError as error:
                with self._lock:
                    self._timed_out += weight
                ended.put((number, error))
            except BaseException as error:  # noqa: BLE001 - passed on unchanged to the caller
                ended.put((number, error))
        with self._lock:
            self._idle.append(worker)


def batches(tasks: Sequence[A], together: Callable[[A], object] | None, jobs: int) -> list[list[tuple[int, A]]]:
    """Return the tasks with their numbers as `Pool.map` starts them: each list for one worker, the longest first."""
    if together is None:
        return [[one] for one in enumerate(tasks)]
    groups: dict[object, list[tuple[int, A]]] = {}
    for number, task in enumerate(tasks):
        groups.setdefault(together(task), []).append((number, task))
    most = max(1, -(-len(tasks) // max(1, jobs)))
    cut = [group[start : start + most] for group in groups.values() for start in range(0, len(group), most)]
    return sorted(cut, key=len, reverse=True)


def _import_folders() -> list[str]:
    """Return where we import from, but the working folder: it may be a checkout of somebody's pull request."""
    here = str(Path.cwd())
    return [*(folder for folder in sys.path if Path(folder).is_absolute() and folder != here), _PACKAGE_FOLDER]


def _ending(code: int, printed: str, limits: Limits) -> WorkerError:
    if any(words in printed for words in _NO_MEMORY):
        return WorkerError(_needed_more(limits))
    if code == -signal.SIGXCPU:
        return TimedOutError(f"it took more than {limits.seconds:g} seconds of computing and was stopped")
    if code < 0:
        name = signal.Signals(-code).name
        return WorkerError(f"the engine crashed ({name}); most often the file nests brackets or calls itself too deep")
    return WorkerError(f"its process ended with code {code}: {printed.strip()[-300:]}")


def _needed_more(limits: Limits) -> str:
    return f"it needed more than {limits.memory >> 20} MiB of memory"


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return  # what was still to be written has no reader any more
