"""Adds an umbrella chart to a checkout: a chart of ours around a published one, vendored."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.jobs import charts_look, charts_source
from kubeaid_ci.jobs.charts_bump import Bump, Prepared, Refused
from kubeaid_ci.jobs.charts_prepare import Workbench
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.jobs.charts_trial import Trial, trials
from kubeaid_ci.jobs.charts_update import held, lock_day
from kubeaid_ci.jobs.charts_write import Writing
from kubeaid_ci.model.chart_update import Updates
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.tree import REGULAR, File
from kubeaid_ci.model.upstream import Failed, Release
from kubeaid_ci.plan import new_chart
from kubeaid_ci.settings import Settings


def add_chart(
    kubeaid: str | os.PathLike[str],
    name: str,
    *,
    repository: str,
    version: str | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int = 8,
    cache: bool = True,
) -> Updates:
    """Add an umbrella chart for the chart `name` of a repository; its newest allowed release, or `version`.

    Its archive is held to the same rules as that of an update. Raises `UserError` where there is such a
    chart already, and where no release may be taken; `OutsideError` where upstream cannot be asked.
    """
    root, one = Path(kubeaid).resolve(), new_chart.new_chart(name, repository)
    known, day = settings or Settings(), today or datetime.now(UTC).date()
    upstreams = upstreams or charts_look.connect(jobs=jobs, cache=cache)
    with held(root):
        repo = charts_source.read(root, WORKTREE, cache=cache)
        with repo.snapshot:
            if (root / one.chart.path).exists() or any(chart.folder == name for chart in repo.charts.charts):
                raise UserError(f"{one.chart.path}: is there already; take it further with charts update {name}")
            writing = Writing.begin(root, repo)
            release = Release(version) if version else _newest(repo, one, upstreams, known, day)
            made = _made(Workbench(repo, upstreams, day, lock_day(root)), one, release)
            ready = [made] if isinstance(made, Prepared) else []
            tried = trials(repo, root, WORKTREE, ready, settings=known, jobs=jobs, cache=cache)
        done = writing.all([made])
    return replace(done, findings=(*done.findings, *_unrendered(tried.get(name))))


def _newest(repo: ChartRepo, one: Tracked, upstreams: Upstreams, settings: Settings, today: date) -> Release:
    (look,) = charts_look.look(repo, [one], upstreams, settings=settings, today=today, jobs=1)
    if isinstance(look.releases, Failed):
        raise OutsideError(look.releases.message)
    if look.choice.newest is None:
        why = "; ".join(f"{held.version} is {held.reason}" for held in look.choice.held[:3]) or "there is none"
        raise UserError(f"{one.chart.name}: no release may be taken: {why}; name one with --version")
    return look.choice.newest


def _made(bench: Workbench, one: Tracked, release: Release) -> Prepared | Refused:
    tracked = new_chart.new_chart(one.chart.name, one.dependency.repository, release.version)
    made = bench.prepare(tracked.chart, [Bump(tracked, release)], text=new_chart.metadata(tracked))
    if isinstance(made, Refused):
        return made
    stub = File(REGULAR, new_chart.values(tracked).encode())
    return replace(made, files={**made.files, f"{tracked.chart.path}/values.yaml": stub})


def _unrendered(trial: Trial | Refused | None) -> tuple[Finding, ...]:
    """Many charts ask for values by design, which only clusters have; so this is said, and no more."""
    if not isinstance(trial, Trial):
        return ()
    return tuple(
        replace(one, severity=Severity.WARNING, message=f"does not render with its default values: {one.message}")
        for one in trial.findings
    )
