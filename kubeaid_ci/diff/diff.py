"""Compares clusters before and after a change of a repository, or an upgrade."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.compare.objects import Known
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff import cache as kept_comparison
from kubeaid_ci.diff import helm_change
from kubeaid_ci.diff import unknown as not_compared
from kubeaid_ci.diff.cache import packed, unpacked
from kubeaid_ci.diff.clusters import compare_one, together
from kubeaid_ci.diff.comparison import Comparison, NotCompared, Revisions
from kubeaid_ci.diff.monitoring import Build, Builder, builder_of, is_monitoring, rebuilt
from kubeaid_ci.diff.one_sided_clusters import apps_of, deployed_on_both, one_sided_clusters
from kubeaid_ci.diff.rules import NOT_COMPARED
from kubeaid_ci.diff.successor import with_successors
from kubeaid_ci.diff.unknown import AppOnSide, Apps, Verdict
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.snapshot import WORKTREE
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.scopes import NO_SCOPES, Scopes
from kubeaid_ci.render.render import Side, render_sides, renderer_of, select_apps, without_clusters
from kubeaid_ci.render.renderer import Progress, Renderer
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.render.repositories import PINNED, AtHand
from kubeaid_ci.repositories.kubeaid import KubeAid
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class _Pair:
    """One cluster that is on both sides, named as it will be."""

    cluster: Cluster
    before: Apps
    after: Apps
    scopes: tuple[Scopes, Scopes] = (NO_SCOPES, NO_SCOPES)
    findings: tuple[Finding, ...] = ()
    unbuilt: tuple[tuple[str, str], ...] = ()
    """The Applications whose monitoring could not be built on a side, and why."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with the Applications of both sides."""

    comparison: Comparison
    before: Side
    after: Side


def diff_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    before: Revisions,
    after: Revisions,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    monitoring: bool = True,
    noise: bool = False,
    diffs: bool = False,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Comparison:
    """Compare every cluster before and after a change of either repository, by object and meaning.

    `config_repo` and `kubeaid` are folders; `clusters` and `apps` name some (none: all). Where the KubeAid
    revisions differ, the monitoring is built at them, in memory, unless `monitoring` is false; with the
    KubeAid revision ``pinned`` it is what is committed. `noise` shows what noise rules leave out, `diffs` adds
    unified diffs. `timeout` is in seconds for a chart. `progress` is called as by `render_clusters`.

    What cannot be rendered on a side is a finding and never looks removed; it does not block the others. Raises
    `UserError` where nothing can be compared at all.
    """
    return compare_revisions(
        Path(config_repo).resolve(),
        Path(kubeaid).resolve(),
        before=before,
        after=after,
        clusters=clusters,
        apps=apps,
        monitoring=monitoring,
        noise=noise,
        diffs=diffs,
        settings=settings,
        jobs=jobs,
        cache=cache,
        timeout=timeout,
        progress=progress,
    ).comparison


def compare_revisions(
    config: Path,
    root: Path,
    *,
    before: Revisions,
    after: Revisions,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    monitoring: bool = True,
    noise: bool = False,
    diffs: bool = False,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
    keeps_builds: bool = False,
) -> Compared:
    """Compare as `diff_clusters` does, and return the Applications of both sides too.

    `config` and `root` are resolved folders. With `keeps_builds` the cache gets the built manifests as files.
    """
    base = "" if before.config == WORKTREE else before.config
    hands = [AtHand(config, side.config, root, side.kubeaid, base=base) for side in (before, after)]
    with renderer_of(jobs, cache=cache, timeout=timeout, progress=progress) as renderer:
        was, now = render_sides(hands, renderer, clusters=clusters, settings=settings or Settings())
        pairs = _pairs(was, now)
        wanted = select_apps(apps, {app.app for side in (was, now) for app, _ in side.told})
        if monitoring and before.kubeaid != after.kubeaid and before.config == after.config == WORKTREE:
            with builder_of(config, root, renderer, keeps_files=keeps_builds) as builder:
                pairs = _with_monitoring(pairs, builder, before.kubeaid, after.kubeaid, wanted)
        engines = helm_change.crossed([pair.cluster for pair in pairs], was.helm, now.helm, now.apps, renderer)
        known = Known()
        parts = [_kept(pair, renderer, wanted, noise=noise, diffs=diffs, known=known) for pair in pairs]
    selected = Comparison((), findings=(*without_clusters([was, now]), *now.findings, *engines))
    made = together([selected, *one_sided_clusters(was, now), *parts])
    if after.kubeaid not in (PINNED, WORKTREE):
        named = with_successors(made.findings, (app for app, _ in was.told), root, after.kubeaid)
        made = replace(made, findings=named)
    return Compared(made, was, now)


def compare_renderings(before: Renderings, after: Renderings) -> Comparison:
    """Compare what was rendered for the same clusters at two revisions."""
    old, new = _by_cluster(before), _by_cluster(after)
    parts = [
        _compared(
            _Pair(cluster, old.get(cluster, {}), new.get(cluster, {})), (), noise=False, diffs=False, known=Known()
        )
        for cluster in sorted({*old, *new}, key=lambda cluster: cluster.name)
    ]
    return together(parts)


def _by_cluster(renderings: Renderings) -> dict[Cluster, dict[str, AppOnSide]]:
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in renderings.findings:
        findings[finding.subject].append(finding)
    found: dict[Cluster, dict[str, AppOnSide]] = defaultdict(dict)
    for app in renderings.apps:
        cluster = Cluster(app.cluster, app.dir, None)
        found[cluster][app.app] = AppOnSide(app, tuple(findings[f"{app.cluster}/{app.app}"]))
    return found


def _pairs(was: Side, now: Side) -> list[_Pair]:
    """The clusters that Argo CD deploys before and after the change."""
    old = {cluster.dir: cluster for cluster in was.selection.clusters}
    return [
        _Pair(
            cluster,
            apps_of(was, cluster.dir),
            apps_of(now, cluster.dir),
            (was.scopes[cluster.dir], now.scopes[cluster.dir]),
        )
        for cluster in now.selection.clusters
        if deployed_on_both(old.get(cluster.dir), cluster)
    ]


def _kept(
    pair: _Pair, renderer: Renderer, apps: Collection[str], *, noise: bool, diffs: bool, known: Known
) -> Comparison:
    """One cluster as it was compared before, where the question, what is compared and our own code are the same."""
    if renderer.cache is None or not all(one.app.digest for one in (*pair.before.values(), *pair.after.values())):
        return _compared(pair, apps, noise=noise, diffs=diffs, known=known)
    name = kept_comparison.key(_named(pair), sorted(apps), noise, diffs)
    if (data := renderer.noted(name)) is not None:
        return unpacked(data)
    made = _compared(pair, apps, noise=noise, diffs=diffs, known=known)
    renderer.keep(name, packed(made))
    return made


def _named(pair: _Pair) -> str:
    """All that a comparison is made of; digests stand for the objects."""
    sides = (
        [replace(one, app=replace(one.app, manifests=(), cached=False)) for one in side.values()]
        for side in (pair.before, pair.after)
    )
    return repr((pair.cluster, pair.findings, pair.unbuilt, *sides))


def _compared(pair: _Pair, apps: Collection[str], *, noise: bool, diffs: bool, known: Known) -> Comparison:
    """One cluster, with the findings on Applications that cannot be compared."""
    verdicts = not_compared.verdicts(pair.before, pair.after)
    wanted = {name: verdict for name, verdict in verdicts.items() if not apps or name in apps}
    before = list(_manifests(pair.before, verdicts))
    after = list(_manifests(pair.after, verdicts, alike=pair.before))
    applications = tuple({name: one.app for name, one in side.items()} for side in (pair.before, pair.after))
    made = compare_one(
        pair.cluster.label,
        before,
        after,
        noise=noise,
        diffs=diffs,
        apps=frozenset(apps),
        known=known,
        secrets={text for side in (pair.before, pair.after) for seen in side.values() for text in seen.app.secrets},
        applications=(applications[0], applications[1]),
    )
    found = (finding for verdict in wanted.values() for finding in verdict.findings)
    unknown = {
        name: NotCompared(pair.cluster.label, name, verdict.unknown, verdict.compared)
        for name, verdict in wanted.items()
        if verdict.unknown
    }
    unknown |= {app: NotCompared(pair.cluster.label, app, reason) for app, reason in pair.unbuilt}
    return replace(
        made,
        findings=(*pair.findings, *found, *_new_hosts(pair, wanted), *made.findings),
        not_compared=tuple(unknown.values()),
        applications=len(wanted),
    )


def _new_hosts(pair: _Pair, wanted: Collection[str]) -> Iterator[Finding]:
    named = {name: one for name, one in pair.after.items() if name in wanted}
    return not_compared.new_hosts(pair.before, named)


def _manifests(apps: Apps, verdicts: Mapping[str, Verdict], alike: Apps | None = None) -> Iterator[Manifest]:
    """The objects that can be compared; those that give what they gave before are the same values."""
    for name, one in apps.items():
        if verdicts[name].compared:
            other = alike.get(name) if alike else None
            same = other is not None and other.app.digest and other.app.digest == one.app.digest
            yield from other.app.manifests if other is not None and same else one.app.manifests


def _with_monitoring(
    pairs: Sequence[_Pair], builder: Builder, before: str, after: str, apps: Collection[str]
) -> list[_Pair]:
    """The pairs with the monitoring built at the KubeAid revisions that stand for all."""
    names = {pair.cluster.dir: _monitoring(pair, apps) for pair in pairs}
    clusters = [pair.cluster for pair in pairs if names[pair.cluster.dir]]
    old = {} if before == PINNED or not clusters else builder.at(before, clusters)
    new = {} if after == PINNED or not clusters else builder.at(after, clusters)
    changed = [cluster for cluster in clusters if not _same_files(old.get(cluster.dir), new.get(cluster.dir))]
    was, now = builder.built(changed, [old, new])
    return [
        _monitored(
            pair, names[pair.cluster.dir], builder, before, (was.get(pair.cluster.dir), now.get(pair.cluster.dir))
        )
        for pair in pairs
    ]


def _same_files(old: KubeAid | Finding | None, new: KubeAid | Finding | None) -> bool:
    return isinstance(old, KubeAid) and isinstance(new, KubeAid) and bool(old.tree) and old.tree == new.tree


def _monitoring(pair: _Pair, apps: Collection[str]) -> list[str]:
    """The Applications that apply the monitoring on both sides."""
    return [
        name
        for name, one in pair.before.items()
        if name in pair.after
        and (not apps or name in apps)
        and is_monitoring(one.app, pair.cluster)
        and is_monitoring(pair.after[name].app, pair.cluster)
    ]


def _monitored(
    pair: _Pair, names: Sequence[str], builder: Builder, ref: str, builds: tuple[Build | None, Build | None]
) -> _Pair:
    old, new = builds
    if new and new.refused:
        finding = builder.lost(pair.cluster, ref, new.refused)
    elif old and old.refused:
        message = f"the monitoring could not be built before: {old.refused.message}"
        finding = replace(old.refused, rule=NOT_COMPARED, severity=NOT_COMPARED.severity, message=message)
    else:
        return replace(
            pair,
            before=_rebuilt(pair.before, pair.cluster, names, old, pair.scopes[0]),
            after=_rebuilt(pair.after, pair.cluster, names, new, pair.scopes[1]),
        )
    return replace(
        pair,
        findings=(replace(finding, subject=f"{pair.cluster.label}/{names[0]}"),),
        unbuilt=tuple((name, finding.message) for name in names),
    )


def _rebuilt(apps: Apps, cluster: Cluster, names: Sequence[str], build: Build | None, scopes: Scopes) -> Apps:
    if build is None:
        return apps
    new = {name: replace(apps[name], app=rebuilt(apps[name].app, cluster, build, scopes)) for name in names}
    return {**apps, **new}
