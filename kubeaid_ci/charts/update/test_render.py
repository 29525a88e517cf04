"""Renders updated charts before anything is written, next to the present ones."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kubeaid_ci.charts.render import render_charts
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update.bump import PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.upstream_status import Progress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import Entry, File
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.chart_files import LinkError, chart_files
from kubeaid_ci.render.rendering import RenderedApp, Renderings, RenderStatus
from kubeaid_ci.runtime.files import write_folder
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class Trial:
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


def trials(
    repo: ChartRepo,
    root: Path,
    ref: str,
    prepared: Sequence[PreparedUpdate],
    *,
    settings: Settings,
    jobs: int,
    cache: bool,
    progress: Progress | None = None,
) -> dict[str, Trial | RefusedUpdate]:
    """Render every updated chart before and after. Returns the results by folder; a chart that broke is refused."""
    files, found = _gathered(repo, prepared)
    charts = {one.chart.folder: one for one in prepared if one.chart.folder not in found}
    if not charts:
        return found
    there = [name for name, one in charts.items() if one.chart.file in repo.snapshot.files]
    render = partial(render_charts, settings=settings, jobs=jobs, cache=cache, progress=rendered(progress))
    old = render(root, charts=there, ref=ref) if there else None
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        scratch = Path(folder) / "kubeaid"
        write_folder(scratch, files)
        new = render(scratch)
    before = {app.app: app for app in old.apps} if old else {}
    for app in new.apps:
        trial = Trial(before.get(app.app), app, _findings(new, app.app))
        found[app.app] = _refused(charts[app.app], trial) if trial.broke else trial
    return found


def rendered(progress: Progress | None) -> Callable[[int, int], None] | None:
    """Return a progress of renderings that reports to the progress of an update."""
    return partial(progress, "charts rendered") if progress else None


def _gathered(
    repo: ChartRepo, prepared: Sequence[PreparedUpdate]
) -> tuple[dict[str, bytes], dict[str, Trial | RefusedUpdate]]:
    """The files of all updated charts, and the charts whose links must not be followed."""
    files: dict[str, bytes] = {}
    found: dict[str, Trial | RefusedUpdate] = {}
    for one in prepared:
        try:
            files |= _files(repo, one)
        except LinkError as error:
            finding = RULES["chart/symlink-escapes"].at(one.chart.path, str(error), subject=one.chart.folder)
            found[one.chart.folder] = RefusedUpdate(one.chart, "it holds a link that is not followed", (finding,))
    return files, found


def _refused(one: PreparedUpdate, trial: Trial) -> RefusedUpdate:
    versions = ", ".join(f"{each.subchart} {each.after}" for each in one.subcharts)
    return RefusedUpdate(one.chart, f"it does not render any more with {versions}", trial.findings)


def _findings(renderings: Renderings, app: str) -> tuple[Finding, ...]:
    return tuple(one for one in renderings.findings if one.subject == app and one.rule.id == "chart/render-failed")


def _files(repo: ChartRepo, one: PreparedUpdate) -> dict[str, bytes]:
    """The files of an updated chart, links to our other charts resolved, as a chart without links has them."""
    new = {path: file for path, file in one.files.items() if file is not None}
    kept = {path: entry for path, entry in repo.snapshot.files.items() if path not in one.files}
    files: dict[str, Entry] = kept | {path: file.entry for path, file in new.items()}
    found = chart_files(files, repo.charts.links, one.chart.path)
    folder = f"{CHARTS}/{one.chart.folder}"
    return {f"{folder}/{inside}": _data(repo, new, path) for inside, (path, _) in found.items()}


def _data(repo: ChartRepo, new: Mapping[str, File], path: str) -> bytes:
    return new[path].data if path in new else repo.snapshot.read(path)
