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
from kubeaid_ci.jobs.charts_make import Made
from kubeaid_ci.jobs.charts_prepare import Workbench
from kubeaid_ci.jobs.charts_trial import Trial, trials
from kubeaid_ci.jobs.charts_update import held, lock_day
from kubeaid_ci.jobs.charts_write import Writing
from kubeaid_ci.model.chart_update import Updates
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.tree import REGULAR, File
from kubeaid_ci.model.upstream import Failed, Release
from kubeaid_ci.plan import new_chart as plan
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
    root, known = Path(kubeaid).resolve(), settings or Settings()
    upstreams = upstreams or charts_look.connect(known, jobs=jobs, cache=cache)
    with held(root):
        repo = charts_source.read(root, WORKTREE, cache=cache)
        with repo.snapshot:
            writing = Writing.begin(root, repo)
            bench = Workbench(repo, upstreams, today or datetime.now(UTC).date(), lock_day(root))
            made = new_chart(bench, root, name, repository, version, settings=known, jobs=jobs, cache=cache)
        return writing.all(made.ready)


def new_chart(
    bench: Workbench,
    root: Path,
    name: str,
    repository: str,
    version: str | None,
    *,
    settings: Settings,
    jobs: int,
    cache: bool,
) -> Made:
    """What adding a chart changes, rendered; raises as `add_chart` does."""
    one = plan.new_chart(name, repository)
    if (root / one.chart.path).exists() or any(chart.folder == name for chart in bench.repo.charts.charts):
        raise UserError(f"{one.chart.path}: is there already; take it further with charts update {name}")
    release = Release(version) if version else _newest(bench, one, settings)
    prepared = _prepared(bench, one, release)
    if isinstance(prepared, Refused):
        return Made((prepared,), {}, {})
    tried = trials(bench.repo, root, WORKTREE, [prepared], settings=settings, jobs=jobs, cache=cache)
    trial = tried[name]
    if isinstance(trial, Refused):
        return Made((trial,), {}, {})
    return Made((replace(prepared, findings=(*prepared.findings, *_unrendered(trial))),), {name: trial}, {})


def _newest(bench: Workbench, one: Tracked, settings: Settings) -> Release:
    (look,) = charts_look.look(bench.repo, [one], bench.upstreams, settings=settings, today=bench.today, jobs=1)
    if isinstance(look.releases, Failed):
        raise OutsideError(look.releases.message)
    if look.choice.newest is None:
        why = "; ".join(f"{held.version} is {held.reason}" for held in look.choice.held[:3]) or "there is none"
        raise UserError(f"{one.chart.name}: no release may be taken: {why}; name one with --version")
    return look.choice.newest


def _prepared(bench: Workbench, one: Tracked, release: Release) -> Prepared | Refused:
    tracked = plan.new_chart(one.chart.name, one.dependency.repository, release.version)
    made = bench.prepare(tracked.chart, [Bump(tracked, release)], text=plan.metadata(tracked))
    if isinstance(made, Refused):
        return made
    stub = File(REGULAR, plan.values(tracked).encode())
    return replace(made, files={**made.files, f"{tracked.chart.path}/values.yaml": stub})


def _unrendered(trial: Trial) -> tuple[Finding, ...]:
    """Many charts ask for values by design, which only clusters have; so this is said, and no more."""
    return tuple(
        replace(one, severity=Severity.WARNING, message=f"does not render with its default values: {one.message}")
        for one in trial.findings
    )
