"""Updates vendored charts in a checkout: each umbrella chart as a whole, or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.edges import chart_folder
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.output import locked
from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs import charts_look, charts_source
from kubeaid_ci.jobs.charts_make import make
from kubeaid_ci.jobs.charts_plan import Wish
from kubeaid_ci.jobs.charts_prepare import Workbench
from kubeaid_ci.jobs.charts_write import Writing
from kubeaid_ci.model.chart import CHARTS
from kubeaid_ci.model.chart_update import Updates
from kubeaid_ci.settings import Settings

_GO_ZERO = "0001-01-01T00:00:00Z"


def update_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    to: str | None = None,
    skip: Sequence[str] = (),
    overwrite: bool = False,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int = 8,
    cache: bool = True,
) -> Updates:
    """Take vendored charts of a KubeAid checkout to their newest allowed release: all of them, or those named.

    `to` is the version to go to, whatever the policy says, where `charts` names one; `skip` names charts
    to leave alone. A chart that was edited is refused unless `overwrite` gives the edits up; so is one
    whose archive is not safe, not the promised one, does not take our patches or no longer renders.
    Whatever happens, each umbrella chart is updated as a whole or stays as it was, and stops no other.
    """
    root = Path(kubeaid).resolve()
    known, day = settings or Settings(), today or datetime.now(UTC).date()
    upstreams = upstreams or charts_look.connect(known, jobs=jobs, cache=cache)
    with held(root):
        repo = charts_source.read(root, WORKTREE, cache=cache)
        with repo.snapshot:
            writing = Writing.begin(root, repo)
            wish = Wish(tuple(charts), tuple(skip), to)
            bench = Workbench(repo, upstreams, day, lock_day(root), overwrite)
            made = make(bench, root, WORKTREE, wish, settings=known, jobs=jobs, cache=cache)
        return writing.all(made.ready)


def lock_day(root: Path, revision: str = "HEAD") -> str:
    """The time of a new lock as Go writes it: that of the commit that is updated, so that it is the same again."""
    repository = Repository.at(root)
    seconds = repository.date(revision) if repository else None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else _GO_ZERO


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Hold the charts of a checkout against other updates; raises `UserError` where there are none."""
    folder = root / CHARTS
    if not folder.is_dir():
        raise UserError(f"{root}: no {CHARTS}/; name a KubeAid repo with --kubeaid")
    with locked(folder):
        chart_folder.tidy(root)
        yield
