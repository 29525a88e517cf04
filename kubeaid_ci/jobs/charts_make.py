"""Plans updates, prepares them, and renders them before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.jobs.charts_bump import Prepared, Refused
from kubeaid_ci.jobs.charts_look import Look
from kubeaid_ci.jobs.charts_plan import Planned, Wish, plan
from kubeaid_ci.jobs.charts_prepare import Workbench
from kubeaid_ci.jobs.charts_trial import Trial, trials
from kubeaid_ci.settings import Settings

Ready = Planned | Prepared | Refused
"""What is to be done for one umbrella chart: nothing, an update, or to say why there is none."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is to be done, in order of chart; how each update renders, and its group, by the chart's folder."""

    ready: tuple[Ready, ...]
    trials: Mapping[str, Trial]
    groups: Mapping[str, str]
    looks: tuple[Look, ...] = ()


def make(bench: Workbench, root: Path, ref: str, wish: Wish, *, settings: Settings, jobs: int, cache: bool) -> Made:
    """Everything that is to be done for the charts of a repository at a revision."""
    planned = plan(bench.repo, wish, bench.upstreams, settings=settings, today=bench.today, jobs=jobs)
    ready = [_prepared(bench, one) for one in planned.charts]
    updates = [one for one in ready if isinstance(one, Prepared)]
    tried = trials(bench.repo, root, ref, updates, settings=settings, jobs=jobs, cache=cache)
    broken = {name: one for name, one in tried.items() if isinstance(one, Refused)}
    return Made(
        tuple(broken.get(one.chart.folder, one) for one in ready),
        {name: one for name, one in tried.items() if isinstance(one, Trial)},
        {one.chart.folder: one.group for one in planned.charts if one.group},
        planned.looks,
    )


def _prepared(bench: Workbench, one: Planned) -> Ready:
    """What is prepared for a chart; the plan itself where there is nothing to do."""
    if one.refused is not None:
        return one.refused
    return bench.prepare(one.chart, one.bumps) if one.bumps else one
