"""Plans updates, prepares them, and renders them before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.charts.update import bump
from kubeaid_ci.charts.update.bump import PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.plan import PlannedUpdate, Planner, UpdateRequest
from kubeaid_ci.charts.update.prepare import UpdateContext
from kubeaid_ci.charts.update.test_render import Trial, trials
from kubeaid_ci.charts.update.upstream_status import Look, Progress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.settings import Settings

Ready = PlannedUpdate | PreparedUpdate | RefusedUpdate
"""The result for one umbrella chart: no change, an update, or a refusal."""


@dataclass(frozen=True, slots=True)
class PreparedUpdates:
    """The result for each umbrella chart, in order of chart.

    `trials` are the renderings of each update, `groups` the groups that charts are updated with, both by the chart's
    folder. `findings` are those of charts that are not updated.
    """

    ready: tuple[Ready, ...]
    trials: Mapping[str, Trial]
    groups: Mapping[str, str]
    looks: tuple[Look, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateJob:
    """Prepares updates of the charts of a repository in `root` at the revision `ref`.

    `changed` are dependencies by key that an interrupted update left, with their old version.
    """

    context: UpdateContext
    root: Path
    ref: str
    settings: Settings
    jobs: int
    cache: bool
    changed: Mapping[str, str]
    progress: Progress | None = None

    def updates(self, request: UpdateRequest) -> PreparedUpdates:
        """Prepare what is requested; raises `UserError` for an unknown chart or version."""
        context = self.context
        planner = Planner(
            context.repo,
            context.upstreams,
            self.settings,
            context.today,
            self.jobs,
            self.changed,
            self.progress,
        )
        plan = planner.plan(request)
        ready = self._tried([self._prepared(one) for one in plan.charts])
        refused = [one for one in ready.ready if isinstance(one, RefusedUpdate)]
        return PreparedUpdates(
            ready.ready,
            ready.trials,
            {one.chart.folder: one.group for one in plan.charts if one.group},
            plan.looks,
            (
                *(finding for one in plan.charts for finding in one.findings),
                *bump.check(refused, asked=plan.asked),
            ),
        )

    def new_chart(self, prepared: PreparedUpdate | RefusedUpdate) -> PreparedUpdates:
        """Render a chart that is added."""
        ready = self._tried([prepared])
        refused = [one for one in ready.ready if isinstance(one, RefusedUpdate)]
        return PreparedUpdates(ready.ready, ready.trials, {}, findings=tuple(bump.check(refused, asked=1)))

    def _prepared(self, one: PlannedUpdate) -> Ready:
        if one.refused is not None:
            return one.refused
        return self.context.prepare(one.chart, one.bumps) if one.bumps else one

    def _tried(self, ready: list[Ready]) -> PreparedUpdates:
        """Render the prepared updates; those that broke are refused."""
        tried = trials(
            self.context.repo,
            self.root,
            self.ref,
            [one for one in ready if isinstance(one, PreparedUpdate)],
            settings=self.settings,
            jobs=self.jobs,
            cache=self.cache,
            progress=self.progress,
        )
        broken = {name: one for name, one in tried.items() if isinstance(one, RefusedUpdate)}
        return PreparedUpdates(
            tuple(broken.get(one.chart.folder, one) for one in ready),
            {name: one for name, one in tried.items() if isinstance(one, Trial)},
            {},
        )
