"""Renders updated charts before anything of them is written, beside those that are there."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges.files import write_folder
from kubeaid_ci.jobs.charts_bump import Prepared, Refused
from kubeaid_ci.jobs.charts_render import render_charts
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.model.chart import CHARTS
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.rendering import RenderedApp, Renderings, RenderStatus
from kubeaid_ci.model.tree import Entry, File
from kubeaid_ci.plan.chart_files import LinkError, chart_files
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class Trial:
    """One chart rendered with its default values: as it is (nothing for a new one), and updated."""

    before: RenderedApp | None
    after: RenderedApp
    findings: tuple[Finding, ...]

    @property
    def broke(self) -> bool:
        """Whether it rendered, and no longer does."""
        return self.after.status is RenderStatus.FAILED and (
            self.before is not None and self.before.status is not RenderStatus.FAILED
        )


def trials(
    repo: ChartRepo, root: Path, ref: str, prepared: Sequence[Prepared], *, settings: Settings, jobs: int, cache: bool
) -> dict[str, Trial | Refused]:
    """Every updated chart rendered before and after, by its folder; one that broke by the update is refused."""
    files, found = _gathered(repo, prepared)
    charts = {one.chart.folder: one for one in prepared if one.chart.folder not in found}
    if not charts:
        return found
    there = [name for name, one in charts.items() if one.chart.file in repo.snapshot.files]
    old = render_charts(root, charts=there, ref=ref, settings=settings, jobs=jobs, cache=cache) if there else None
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        scratch = Path(folder) / "kubeaid"
        write_folder(scratch, files)
        new = render_charts(scratch, settings=settings, jobs=jobs, cache=cache)
    before = {app.app: app for app in old.apps} if old else {}
    for app in new.apps:
        trial = Trial(before.get(app.app), app, _findings(new, app.app))
        found[app.app] = _refused(charts[app.app], trial) if trial.broke else trial
    return found


def _gathered(repo: ChartRepo, prepared: Sequence[Prepared]) -> tuple[dict[str, bytes], dict[str, Trial | Refused]]:
    """The files of all updated charts, and those charts whose files cannot be told for their links."""
    files: dict[str, bytes] = {}
    found: dict[str, Trial | Refused] = {}
    for one in prepared:
        try:
            files |= _files(repo, one)
        except LinkError as error:
            finding = RULES["chart/symlink-escapes"].at(one.chart.path, str(error), subject=one.chart.folder)
            found[one.chart.folder] = Refused(one.chart, str(error), (finding,))
    return files, found


def _refused(one: Prepared, trial: Trial) -> Refused:
    versions = ", ".join(f"{each.subchart} {each.after}" for each in one.subcharts)
    return Refused(one.chart, f"no longer renders with {versions}: {trial.after.error}", trial.findings)


def _findings(renderings: Renderings, app: str) -> tuple[Finding, ...]:
    return tuple(one for one in renderings.findings if one.subject == app and one.rule.id == "chart/render-failed")


def _files(repo: ChartRepo, one: Prepared) -> dict[str, bytes]:
    """The files of an updated chart, links to other charts of ours resolved, as a chart without links has them."""
    new = {path: file for path, file in one.files.items() if file is not None}
    kept = {path: entry for path, entry in repo.snapshot.files.items() if path not in one.files}
    files: dict[str, Entry] = kept | {path: file.entry for path, file in new.items()}
    found = chart_files(files, repo.charts.links, one.chart.path)
    folder = f"{CHARTS}/{one.chart.folder}"
    return {f"{folder}/{inside}": _data(repo, new, path) for inside, (path, _) in found.items()}


def _data(repo: ChartRepo, new: Mapping[str, File], path: str) -> bytes:
    return new[path].data if path in new else repo.snapshot.read(path)
