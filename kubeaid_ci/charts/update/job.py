"""Plans and prepares updates, and renders each updated chart before anything is written."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kubeaid_ci.charts.render import render_charts
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import bump
from kubeaid_ci.charts.update.bump import PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.plan import PlannedUpdate, Planner, UpdateRequest
from kubeaid_ci.charts.update.prepare import UpdateContext
from kubeaid_ci.charts.update.upstream_status import Look, Progress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.revision import TreeRevision
from kubeaid_ci.git.tree import Entry, File
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.chart_files import LinkError, chart_files
from kubeaid_ci.render.rendering import RenderedApp, Renderings, RenderStatus
from kubeaid_ci.runtime.files import write_folder
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class TestRender:
    """One chart rendered with its default values: as it is (None if it is new), and updated."""

    before: RenderedApp | None
    after: RenderedApp
    findings: tuple[Finding, ...]

    @property
    def broke(self) -> bool:
        """True if it rendered, and does not any more."""
        return self.after.status is RenderStatus.FAILED and (
            self.before is not None and self.before.status is not RenderStatus.FAILED
        )


Ready = PlannedUpdate | PreparedUpdate | RefusedUpdate
"""The result for one umbrella chart: no change, an update, or a refusal."""


@dataclass(frozen=True, slots=True)
class PreparedUpdates:
    """The result for each umbrella chart, in order of chart.

    `trials` are the renderings of each update, `groups` the groups that charts are updated with, both by the chart's
    folder. `findings` are those of charts that are not updated.
    """

    ready: tuple[Ready, ...]
    trials: Mapping[str, TestRender]
    groups: Mapping[str, str]
    looks: tuple[Look, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateJob:
    """Prepares updates of the charts of a repository in `root` at a `revision`.

    `changed` are dependencies by key that an interrupted update left, with their old version.
    """

    context: UpdateContext
    root: Path
    revision: TreeRevision
    settings: Settings
    jobs: int | None
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
        ready = self._tried([self._prepared(planned) for planned in plan.charts])
        refused = [refusal for refusal in ready.ready if isinstance(refusal, RefusedUpdate)]
        return PreparedUpdates(
            ready.ready,
            ready.trials,
            {planned.chart.folder: planned.group for planned in plan.charts if planned.group},
            plan.looks,
            (
                *(finding for planned in plan.charts for finding in planned.findings),
                *bump.check(refused, asked=plan.asked),
            ),
        )

    def new_chart(self, prepared: PreparedUpdate | RefusedUpdate) -> PreparedUpdates:
        """Render a chart that is added."""
        ready = self._tried([prepared])
        refused = [refusal for refusal in ready.ready if isinstance(refusal, RefusedUpdate)]
        return PreparedUpdates(ready.ready, ready.trials, {}, findings=tuple(bump.check(refused, asked=1)))

    def _prepared(self, planned: PlannedUpdate) -> Ready:
        if planned.refused is not None:
            return planned.refused
        return self.context.prepare(planned.chart, planned.bumps) if planned.bumps else planned

    def _tried(self, ready: list[Ready]) -> PreparedUpdates:
        """Render the prepared updates; those that broke are refused."""
        tried = trials(
            self.context.repo,
            self.root,
            self.revision,
            [prepared for prepared in ready if isinstance(prepared, PreparedUpdate)],
            settings=self.settings,
            jobs=self.jobs,
            cache=self.cache,
            progress=self.progress,
        )
        broken = {name: one for name, one in tried.items() if isinstance(one, RefusedUpdate)}
        return PreparedUpdates(
            tuple(broken.get(update.chart.folder, update) for update in ready),
            {name: one for name, one in tried.items() if isinstance(one, TestRender)},
            {},
        )


def trials(
    repo: ChartRepo,
    root: Path,
    revision: TreeRevision,
    prepared: Sequence[PreparedUpdate],
    *,
    settings: Settings,
    jobs: int | None,
    cache: bool,
    progress: Progress | None = None,
) -> dict[str, TestRender | RefusedUpdate]:
    """Render every updated chart before and after. Returns the results by folder; a chart that broke is refused."""
    files, found = _gathered(repo, prepared)
    charts = {update.chart.folder: update for update in prepared if update.chart.folder not in found}
    if not charts:
        return found
    there = [name for name, one in charts.items() if one.chart.file in repo.snapshot.files]
    render = partial(render_charts, settings=settings, jobs=jobs, cache=cache, progress=rendered(progress))
    old = render(root, charts=there, ref=revision) if there else None
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        scratch = Path(folder) / "kubeaid"
        write_folder(scratch, files)
        new = render(scratch)
    before = {app.app: app for app in old.apps} if old else {}
    for app in new.apps:
        trial = TestRender(before.get(app.app), app, _findings(new, app.app))
        found[app.app] = _refused(charts[app.app], trial) if trial.broke else trial
    return found


def rendered(progress: Progress | None) -> Callable[[int, int], None] | None:
    """Return a progress of renderings that reports to the progress of an update."""
    return partial(progress, "charts rendered") if progress else None


def _gathered(
    repo: ChartRepo, prepared: Sequence[PreparedUpdate]
) -> tuple[dict[str, bytes], dict[str, TestRender | RefusedUpdate]]:
    """Return the files of all updated charts, and the charts whose links must not be followed."""
    files: dict[str, bytes] = {}
    found: dict[str, TestRender | RefusedUpdate] = {}
    for update in prepared:
        try:
            files |= _files(repo, update)
        except LinkError as error:
            finding = RULES["chart/symlink-escapes"].at(update.chart.path, str(error), subject=update.chart.folder)
            found[update.chart.folder] = RefusedUpdate(update.chart, "it holds a link that is not followed", (finding,))
    return files, found


def _refused(prepared: PreparedUpdate, trial: TestRender) -> RefusedUpdate:
    versions = ", ".join(f"{each.subchart} {each.after}" for each in prepared.subcharts)
    return RefusedUpdate(prepared.chart, f"it does not render any more with {versions}", trial.findings)


def _findings(renderings: Renderings, app: str) -> tuple[Finding, ...]:
    return tuple(
        finding
        for finding in renderings.findings
        if finding.subject == app and finding.rule.id == "chart/render-failed"
    )


def _files(repo: ChartRepo, prepared: PreparedUpdate) -> dict[str, bytes]:
    """Return the files of an updated chart, links to our other charts resolved, as a chart without links has them."""
    new = {path: file for path, file in prepared.files.items() if file is not None}
    unchanged = {path: entry for path, entry in repo.snapshot.files.items() if path not in prepared.files}
    files: dict[str, Entry] = unchanged | {path: file.entry for path, file in new.items()}
    found = chart_files(files, repo.charts.links, prepared.chart.path)
    folder = f"{CHARTS}/{prepared.chart.folder}"
    return {f"{folder}/{inside}": _data(repo, new, path) for inside, (path, _) in found.items()}


def _data(repo: ChartRepo, new: Mapping[str, File], path: str) -> bytes:
    return new[path].data if path in new else repo.snapshot.read(path)
