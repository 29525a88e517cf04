"""Evaluates clusters in workers; tries other jsonnet engines where the first one crashes or reaches a limit."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from kubeaid_ci.build.cluster import Task
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.runtime.workers import Pool, TimedOutError, WorkerError

T = TypeVar("T")

# In this order. The first try uses gojsonnet for the vars, so each of these may be what ended it.
_AGAIN = ("gojsonnet", "rjsonnet")
_RELEASE = re.compile(r"kube_prometheus_version\s*:\s*['\"]([\w.-]+)")


def with_any_engine(
    pool: Pool, function: Callable[[Task], T], tasks: Sequence[Task], *, started: Callable[[int], None] | None = None
) -> Iterator[tuple[int, T | WorkerError]]:
    """Run the function on every task as `Pool.map` does, and again with another engine if its worker ends.

    What every engine fails on is returned with the first error. A task that reaches the time limit
    twice is not tried again.
    """
    ended: dict[int, WorkerError] = {}
    for number, outcome in pool.map(function, tasks, started=started, together=_library):
        if isinstance(outcome, WorkerError):
            ended[number] = outcome
        else:
            yield number, outcome
    waiting = list(ended)
    for engine in filter(jsonnet.installed, _AGAIN):
        numbers = [number for number in waiting if tasks[number].engine != engine or engine == "rjsonnet"]
        again = [replace(tasks[number], instead=engine) for number in numbers]
        for index, outcome in pool.map(function, again) if again else ():
            number = numbers[index]
            if not isinstance(outcome, WorkerError):
                waiting.remove(number)
                yield number, outcome
            elif isinstance(outcome, TimedOutError) and isinstance(ended[number], TimedOutError):
                waiting.remove(number)
                yield number, ended[number]
    for number in waiting:
        yield number, ended[number]


def _library(task: Task) -> str:
    """Return the release that the text of the vars names: a worker prepares the code of a library once."""
    try:
        text = Path(task.config, task.cluster.vars_file or "").read_text("utf-8", "replace")
    except OSError:
        return ""
    release = _RELEASE.search(text)
    return release[1] if release else ""
