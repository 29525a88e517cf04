"""Effects of a change of a KubeAid repo on its charts, rendered without clusters."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.charts.render import chart_sources, check_charts, chosen_helm
from kubeaid_ci.diff import cache as kept_comparison
from kubeaid_ci.diff import unknown as not_compared
from kubeaid_ci.diff.cache import packed, unpacked
from kubeaid_ci.diff.clusters import compare_cluster, together
from kubeaid_ci.diff.comparison import Comparison, NotCompared, OneSided
from kubeaid_ci.diff.contents import Contents
from kubeaid_ci.diff.rules import CHART_ADDED, CHART_GONE
from kubeaid_ci.diff.unknown import AppOnSide
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, parse_tree_revision
from kubeaid_ci.k8s.scopes import Scopes
from kubeaid_ci.render.fleet import open_renderer
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Outcomes, Progress, Renderer, key
from kubeaid_ci.render.repositories import CHARTS
from kubeaid_ci.render.results import Target, defined_scopes, rendered_app
from kubeaid_ci.render.source import render_source
from kubeaid_ci.render.task import ChartTask, Note
from kubeaid_ci.runtime.workers import Crashed, Done
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings

_CLUSTER = "charts"


@dataclass(frozen=True, slots=True)
class Pair:
    """A chart on both sides: empty if it is not, and a note where it cannot be taken from."""

    name: str
    before: ChartTask | Note | None
    after: ChartTask | Note | None
    noise: bool
    diffs: bool
    cache: Cache | None

    @property
    def tasks(self) -> list[ChartTask]:
        """Return what there is to render."""
        return [side for side in (self.before, self.after) if isinstance(side, ChartTask)]

    @property
    def is_same(self) -> bool:
        """Return whether the chart is the same but for the revision that it is taken from."""
        match self.before, self.after:
            case ChartTask(), ChartTask():
                return replace(self.before, at=self.after.at) == self.after
        return False

    @property
    def key(self) -> str:
        """Names the comparison."""
        sides = [key(side) if isinstance(side, ChartTask) else repr(side) for side in (self.before, self.after)]
        return kept_comparison.key(self.name, sides, self.noise, self.diffs)


def diff_charts(
    kubeaid: str | os.PathLike[str],
    *,
    base: TreeRevision | str,
    head: TreeRevision | str = WORK_TREE,
    charts: Sequence[str] = (),
    noise: bool = False,
    diffs: bool = False,
    settings: Settings | None = None,
    helm: Version | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Comparison:
    """Return what umbrella charts give with their default values at two revisions, compared by object and meaning.

    `kubeaid` is a folder, `charts` names some (none: all), `base` and `head` are revisions, or the work tree.
    Each chart is compared for itself, as an Application of its name in the cluster ``charts``; one whose
    files are the same is not even rendered. `helm` is as in `render_charts`. One that fails is a finding and stops
    no other. `progress` is called as by `render_clusters`. Raises `UserError` if nothing can be compared at all.
    """
    root, known = Path(kubeaid).resolve(), settings or Settings()
    version = chosen_helm(helm, known)
    before, after = (chart_sources(root, parse_tree_revision(side), known, helm=version) for side in (base, head))
    check_charts(charts, {**before, **after})
    wanted = [name for name in sorted({*before, *after}) if not charts or name in charts]
    with open_renderer(RunOptions(known, jobs, cache, timeout, progress)) as renderer:
        pairs = [Pair(name, before.get(name), after.get(name), noise, diffs, renderer.cache) for name in wanted]
        contents = Contents()
        compared = _all_compared([pair for pair in pairs if not pair.is_same], renderer)
        parts = [contents.deduplicate(part) for part in compared]
    names = tuple(wanted)
    return replace(together(parts), clusters=(_CLUSTER,), charts=names, applications=len(names), helm=version)


def _all_compared(pairs: Sequence[Pair], renderer: Renderer) -> list[Comparison]:
    """Return the comparisons in the order of the pairs; those of both sides of a chart are made by one worker."""
    names = {pair: pair.key for pair in pairs}
    found = {pair: unpacked(data) for pair in pairs if (data := renderer.noted(names[pair])) is not None}
    waiting = [pair for pair in pairs if pair not in found]
    crashed = []
    renderer.count(known=len(waiting))
    for outcome in renderer.pool.map(compare, waiting):
        renderer.count(ended=1)
        match outcome:
            case Done(_, pair, data):
                found[pair] = unpacked(data)
                renderer.keep(names[pair], data)
            case Crashed(_, pair):
                crashed.append(pair)
    # The worker crashed on one side; render both separately so the other is still reported.
    renderer.render(task for pair in crashed for task in pair.tasks)
    return [found[pair] if pair in found else _compared(pair, renderer) for pair in pairs]


def compare(pair: Pair) -> bytes:
    """Return the packed comparison of a chart. Runs in a worker."""
    known = Outcomes()
    for task in pair.tasks:
        name = key(task)
        data = pair.cache.noted(name) if pair.cache else None
        if data is None:
            data = render_source(task)
            if pair.cache:
                pair.cache.note(name, data)
        known.add(task, data)
    return packed(_compared(pair, known))


def _compared(pair: Pair, known: Outcomes) -> Comparison:
    name = pair.name
    # A kind has the same scope on both sides, even if only one of them defines it.
    scopes = defined_scopes(known.outcomes[task] for task in pair.tasks)
    was, now = (_on_side(name, source, known, scopes) for source in (pair.before, pair.after))
    if not was or not now:
        return _one_sided(name, was, now)
    verdict = not_compared.verdicts(was, now)[name]
    unknown = (NotCompared(_CLUSTER, name, verdict.unknown, verdict.compared),) if verdict.unknown else ()
    if not verdict.compared:
        return Comparison((_CLUSTER,), findings=verdict.findings, not_compared=unknown)
    sides = (side[name].app.manifests for side in (was, now))
    made = compare_cluster(_CLUSTER, *sides, noise=pair.noise, diffs=pair.diffs)
    return replace(made, findings=(*verdict.findings, *made.findings), not_compared=unknown)


def _on_side(name: str, source: ChartTask | Note | None, known: Outcomes, scopes: Scopes) -> dict[str, AppOnSide]:
    if source is None:
        return {}
    rendering = rendered_app(name, [(source, name)], known, Target(namespace=name, cluster=_CLUSTER, scopes=scopes))
    return not_compared.apps_on_side([rendering])


def _one_sided(name: str, was: Mapping[str, AppOnSide], now: Mapping[str, AppOnSide]) -> Comparison:
    (one,) = (*was.values(), *now.values())
    reason = not_compared.of_one_side(one)
    return Comparison(
        (_CLUSTER,),
        findings=(_come_or_gone(name, now),),
        added=(OneSided(name, len(one.app.manifests)),) if now else (),
        removed=(OneSided(name, len(one.app.manifests)),) if was else (),
        not_compared=(NotCompared(_CLUSTER, name, reason),) if reason else (),
    )


def _come_or_gone(name: str, now: Mapping[str, AppOnSide]) -> Finding:
    folder, subject = f"{CHARTS}/{name}", f"{_CLUSTER}/{name}"
    if now:
        failed = now[name].app.error
        gives = f"and does not render with its default values: {failed}" if failed else ""
        message = f"the chart is new, {gives or f'with {len(now[name].app.manifests)} objects'}"
        return CHART_ADDED.at(folder, message, subject=subject)
    message = "the chart is gone: no Application can take it from here any more"
    return CHART_GONE.at(folder, message, subject=subject, severity=Severity.WARNING)
