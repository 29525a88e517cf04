"""What becomes of workers that end, and of bugs in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kubeaid_ci.edges.workers import Pool, WorkerError
from kubeaid_ci.jobs.render_task import FilesAt, Look, Looked
from kubeaid_ci.jobs.renderer import Renderer

LOOK = Look(FilesAt("/nowhere", "worktree", ("argocd-helm-charts",)), "argocd-helm-charts/web", "0" * 40)


@dataclass(slots=True)
class Gives(Pool):
    """A pool whose workers give one answer, whatever they are asked."""

    answer: Any = None

    def map(self, function: Callable[[Any], Any], tasks: Any, **_: Any) -> Iterator[tuple[int, Any]]:
        return ((number, self.answer) for number, _ in enumerate(tasks))


def test_a_chart_that_ends_its_worker_asks_for_anything() -> None:
    renderer = Renderer(pool=Gives(1, answer=WorkerError("it crashed")), cache=None)
    renderer.look([LOOK])
    assert renderer.looked == {LOOK: Looked()}


def test_a_bug_in_a_worker_is_no_answer() -> None:
    renderer = Renderer(pool=Gives(1, answer=ZeroDivisionError("a bug")), cache=None)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        renderer.look([LOOK])
    assert renderer.looked == {}
