"""Updates vendored charts in a checkout: each umbrella chart as a whole, or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.build.output import locked
from kubeaid_ci.charts import source
from kubeaid_ci.charts.update import folder as chart_folder
from kubeaid_ci.charts.update import upstream_status
from kubeaid_ci.charts.update.job import UpdateJob
from kubeaid_ci.charts.update.plan import UpdateRequest
from kubeaid_ci.charts.update.prepare import UpdateContext
from kubeaid_ci.charts.update.result import Updates
from kubeaid_ci.charts.update.upstream_status import Progress
from kubeaid_ci.charts.update.write import ChartWriter, HeadCharts
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.upstreams import Upstreams
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
    jobs: int | None = None,
    cache: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Updates:
    """Update vendored charts of a KubeAid checkout to their newest allowed release: all charts, or those named.

    `to` is the version to update to, regardless of the policy, if `charts` names one; `skip` names charts to skip. A
    chart with undeclared edits is refused unless `overwrite` discards them. So is a chart whose archive is
    unsafe or not the promised one, to which our patches do not apply, or that does not render any more. In every case
    an umbrella chart is updated as a whole or left as it was, and does not block the others.

    With `dry_run` nothing is written, and the result describes what would be.
    `progress` is called with what is done, how many of it, and of how many. Raises `UserError` for an unknown chart or
    version.
    """
    root, known = Path(kubeaid).resolve(), settings or Settings()
    upstreams = upstreams or upstream_status.connect(known, jobs=jobs, cache=cache)
    request = UpdateRequest(tuple(charts), tuple(skip), to)
    with held(root):
        repo = source.read(root, WORK_TREE, cache=cache)
        with repo.snapshot:
            head = HeadCharts.read(root, repo, cache=cache)
            day = today or datetime.now(UTC).date()
            context = UpdateContext(repo, upstreams, day, lock_time(root), overwrite, known.kubernetes_versions)
            changed = dict(head.interrupted(repo))
            job = UpdateJob(context, root, WORK_TREE, known, jobs, cache, changed, progress)
            updates = job.updates(request)
        return ChartWriter.begin(root, repo, head, dry_run=dry_run).write_all(updates)


def lock_time(root: Path, revision: str = "HEAD") -> str:
    """Return the time of a new lock as Go writes it: that of the updated commit, so that it is reproducible."""
    repository = Repository.at(root)
    seconds = repository.date(revision) if repository else None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else _GO_ZERO


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Lock the charts of a checkout against other updates. Raises `UserError` if there are no charts."""
    folder = root / CHARTS
    if not folder.is_dir():
        raise UserError(f"{root}: no {CHARTS}/; name a KubeAid repo with --kubeaid")
    with locked(folder):
        chart_folder.tidy(root)
        yield
