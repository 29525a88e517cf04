"""What a change of a KubeAid repo does to its charts, as they are, without any cluster."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.checks import not_compared
from kubeaid_ci.checks.not_compared import Seen
from kubeaid_ci.checks.not_compared_rules import CHART_ADDED, CHART_GONE
from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.jobs.at_hand import CHARTS
from kubeaid_ci.jobs.charts_render import chart_sources, check_charts
from kubeaid_ci.jobs.comparison import compare_one, together
from kubeaid_ci.jobs.render import renderer_of
from kubeaid_ci.jobs.render_results import app_of
from kubeaid_ci.jobs.render_task import ChartTask, Note
from kubeaid_ci.jobs.renderer import Progress, Renderer
from kubeaid_ci.model.comparison import Comparison
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.settings import Settings

_CLUSTER = "charts"

Sources = Mapping[str, ChartTask | Note]


def diff_charts(
    kubeaid: str | os.PathLike[str],
    *,
    base: str,
    head: str = WORKTREE,
    charts: Sequence[str] = (),
    noise: bool = False,
    diffs: bool = False,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Comparison:
    """What umbrella charts give with their default values at two revisions, compared by object and meaning.

    `kubeaid` is a folder, `charts` names some (none: all), `base` and `head` are revisions or ``worktree``.
    Each chart is compared for itself, as an Application of its name in the cluster ``charts``; one whose
    files are the same is not even rendered. One that fails is a finding and stops no other. `progress` is
    told as by `render_clusters`. Raises `UserError` where nothing can be compared at all.
    """
    root, known = Path(kubeaid).resolve(), settings or Settings()
    before, after = (chart_sources(root, ref, known) for ref in (base, head))
    check_charts(charts, {**before, **after})
    wanted = [name for name in sorted({*before, *after}) if not charts or name in charts]
    touched = [name for name in wanted if not _same(before.get(name), after.get(name))]
    with renderer_of(jobs, cache=cache, timeout=timeout, progress=progress) as renderer:
        tasks = [side[name] for side in (before, after) for name in touched if name in side]
        renderer.render(task for task in tasks if isinstance(task, ChartTask))
        parts = [_compared(name, before, after, renderer, noise=noise, diffs=diffs) for name in touched]
    return replace(together(parts), clusters=(_CLUSTER,), charts=tuple(wanted))


def _same(old: ChartTask | Note | None, new: ChartTask | Note | None) -> bool:
    """Whether a chart is the same but for the revision that it is taken from."""
    return isinstance(old, ChartTask) and isinstance(new, ChartTask) and replace(old, at=new.at) == new


def _compared(
    name: str, before: Sources, after: Sources, renderer: Renderer, *, noise: bool, diffs: bool
) -> Comparison:
    was, now = (_seen(name, side, renderer) for side in (before, after))
    if not was or not now:
        return Comparison((_CLUSTER,), findings=(_come_or_gone(name, now),))
    verdict = not_compared.verdicts(was, now)[name]
    if not verdict.compared:
        return Comparison((_CLUSTER,), findings=verdict.findings)
    sides = (side[name].app.manifests for side in (was, now))
    made = compare_one(_CLUSTER, *sides, noise=noise, diffs=diffs)
    return replace(made, findings=(*verdict.findings, *made.findings))


def _seen(name: str, sources: Sources, renderer: Renderer) -> dict[str, Seen]:
    if name not in sources:
        return {}
    told = app_of(name, [(sources[name], name)], renderer, namespace=name, cluster=_CLUSTER)
    return not_compared.seen([told])


def _come_or_gone(name: str, now: Mapping[str, Seen]) -> Finding:
    folder, subject = f"{CHARTS}/{name}", f"{_CLUSTER}/{name}"
    if now:
        failed = now[name].app.error
        gives = f"and does not render with its default values: {failed}" if failed else ""
        message = f"the chart is new, {gives or f'with {len(now[name].app.manifests)} objects'}"
        return CHART_ADDED.at(folder, message, subject=subject)
    message = "the chart is gone: no Application can take it from here any more"
    return CHART_GONE.at(folder, message, subject=subject, severity=Severity.WARNING)
