"""Evaluates clusters in workers; tries other jsonnet engines where the first one crashes or reaches a limit."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from kubeaid_ci.build.cluster import Task
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.runtime.workers import Crashed, Done, Pool, TimedOutError

T = TypeVar("T")

# In this order. The first try uses gojsonnet for the vars, so each of these may be what ended it.
_AGAIN = ("gojsonnet", "rjsonnet")
_RELEASE = re.compile(r"kube_prometheus_version\s*:\s*['\"]([\w.-]+)")


def with_any_engine(
    pool: Pool, function: Callable[[Task], T], tasks: Sequence[Task], *, started: Callable[[int], None] | None = None
) -> Iterator[Done[Task, T] | Crashed[Task]]:
    """Run the function on every task as `Pool.map` does, and again with another engine if its worker ends.

    What every engine fails on is returned with the first error. A task that reaches the time limit
    twice is not tried again.
    """
    crashed: dict[int, Crashed[Task]] = {}
    for outcome in pool.map(function, tasks, started=started, together=_library):
        if isinstance(outcome, Crashed):
            crashed[outcome.number] = outcome
        else:
            yield outcome
    waiting = list(crashed)
    for engine in filter(jsonnet.installed, _AGAIN):
        numbers = [number for number in waiting if tasks[number].engine != engine or engine == "rjsonnet"]
        again = [replace(tasks[number], instead=engine) for number in numbers]
        for outcome in pool.map(function, again) if again else ():
            number = numbers[outcome.number]
            match outcome:
                case Done(_, _, value):
                    waiting.remove(number)
                    yield Done(number, tasks[number], value)
                case Crashed(_, _, TimedOutError()) if isinstance(crashed[number].error, TimedOutError):
                    waiting.remove(number)
                    yield crashed[number]
    for number in waiting:
        yield crashed[number]


def _library(task: Task) -> str:
    """Return the release that the text of the vars names: a worker prepares the code of a library once."""
    try:
        text = Path(task.config, task.cluster.vars_file or "").read_text("utf-8", "replace")
    except OSError:
        return ""
    release = _RELEASE.search(text)
    return release[1] if release else ""
