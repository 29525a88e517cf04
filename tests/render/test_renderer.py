"""What becomes of workers that end, and of bugs in them."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.render.renderer import Renderer, scan_key
from kubeaid_ci.render.task import FilesAt, ScanResult, ScanTask
from kubeaid_ci.runtime.workers import Crashed, Done, Pool

LOOK = ScanTask(FilesAt("/nowhere", WORK_TREE, ("argocd-helm-charts",)), "argocd-helm-charts/web", "0" * 40)
OTHER = ScanTask(FilesAt("/nowhere", WORK_TREE, ("argocd-helm-charts",)), "argocd-helm-charts/api", "1" * 40)


def crash(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def divide_by_zero_at_first(task: ScanTask) -> ScanResult:
    if task == LOOK:
        raise ZeroDivisionError("a bug")
    return ScanResult(("a/v1",))


@dataclass(slots=True)
class Runs(Pool):
    """A pool whose workers run another function than the one asked for."""

    instead: Callable[[Any], Any] = crash

    def map(self, function: Callable[[Any], Any], tasks: Any, **_: Any) -> Iterator[Done[Any, Any] | Crashed[Any]]:
        # `super()` without arguments does not work in a class with slots.
        return super(Runs, self).map(self.instead, tasks)


def test_a_chart_that_ends_its_worker_asks_for_anything() -> None:
    renderer = Renderer(pool=Runs(1, instead=crash), cache=None)
    renderer.scan([LOOK])
    assert renderer.scans == {LOOK: ScanResult()}


def test_a_bug_in_a_worker_is_raised_after_all_other_results_are_cached(tmp_path) -> None:
    cache = Cache(tmp_path, 1024**2)
    renderer = Renderer(pool=Runs(1, instead=divide_by_zero_at_first), cache=cache)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        renderer.scan([LOOK, OTHER])
    assert renderer.scans == {}
    assert cache.noted(scan_key(LOOK)) is None
    assert json.loads(cache.noted(scan_key(OTHER)) or b"null")["uses_api_versions"] == ["a/v1"]
