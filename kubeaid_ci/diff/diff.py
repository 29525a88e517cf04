"""Compares clusters before and after a change of a repository, or an upgrade."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.compare.objects import Known
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.selection import Selection
from kubeaid_ci.diff import cache as kept_comparison
from kubeaid_ci.diff import helm_change
from kubeaid_ci.diff import unknown as not_compared
from kubeaid_ci.diff.cache import packed, unpacked
from kubeaid_ci.diff.clusters import compare_one, together
from kubeaid_ci.diff.comparison import Comparison, NotCompared, Revisions
from kubeaid_ci.diff.monitoring import Build, Builder, builder_of, is_monitoring, rebuilt
from kubeaid_ci.diff.one_sided_clusters import OneSidedClusters, apps_of, deployed_on_both
from kubeaid_ci.diff.rules import NOT_COMPARED
from kubeaid_ci.diff.successor import with_successors
from kubeaid_ci.diff.unknown import AppOnSide, Apps, Verdict
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.snapshot import WORKTREE
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.scopes import NO_SCOPES, Scopes
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import States, open_sides, renderer_of, without_clusters
from kubeaid_ci.render.render import check_app_names, is_named
from kubeaid_ci.render.renderer import Progress, Renderer
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.render.repositories import PINNED, AtHand
from kubeaid_ci.render.results import Told
from kubeaid_ci.repositories.kubeaid import KubeAid
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class _Pair:
    """One cluster that is on both sides, named as it will be."""

    cluster: Cluster
    before: Apps
    after: Apps
    apps: frozenset[str] = frozenset()
    """The Applications to report; empty: all."""
    scopes: tuple[Scopes, Scopes] = (NO_SCOPES, NO_SCOPES)
    findings: tuple[Finding, ...] = ()
    unbuilt: tuple[tuple[str, str], ...] = ()
    """The Applications whose monitoring could not be built on a side, and why."""


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """The clusters of one side and their Applications with their findings."""

    selection: Selection
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with the Applications of both sides; these have their objects if the built manifests are kept."""

    comparison: Comparison
    before: ComparedSide
    after: ComparedSide


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
    repositories = [AtHand(config, side.config, root, side.kubeaid, base=base) for side in (before, after)]
    builds = monitoring and before.kubeaid != after.kubeaid and before.config == after.config == WORKTREE
    with (
        renderer_of(jobs, cache=cache, timeout=timeout, progress=progress) as renderer,
        open_sides(repositories, renderer, clusters=clusters, settings=settings or Settings()) as sides,
        builder_of(config, root, renderer, keeps_files=keeps_builds) if builds else nullcontext() as builder,
    ):
        old, new = sides.selections
        folded = _Folded((old, new), OneSidedClusters.of(old, new))
        for group in sides.groups():
            folded.add(group, renderer, keeps_objects=keeps_builds)
            pairs = _pairs(group, apps)
            if builder:
                pairs = _with_monitoring(pairs, builder, before.kubeaid, after.kubeaid)
            known = Known()
            for pair in pairs:
                folded.parts[pair.cluster.dir] = _kept(pair, renderer, noise=noise, diffs=diffs, known=known)
        check_app_names(apps, {app.app for side in folded.told for app, _ in side})
    made = folded.comparison()
    if after.kubeaid not in (PINNED, WORKTREE):
        applications = (app for app, _ in folded.told[0])
        made = replace(made, findings=with_successors(made.findings, applications, root, after.kubeaid))
    return Compared(made, *(ComparedSide(*side) for side in zip((old, new), map(tuple, folded.told), strict=True)))


@dataclass(slots=True)
class _Folded:
    """A comparison without the objects of its clusters, by the folders of the clusters."""

    selections: tuple[Selection, Selection]
    one_sided: OneSidedClusters
    told: tuple[list[Told], list[Told]] = field(default_factory=lambda: ([], []))
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    engines: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    parts: dict[str, Comparison] = field(default_factory=dict)

    def add(self, group: Iterable[States], renderer: Renderer, *, keeps_objects: bool) -> None:
        """Add clusters whose objects are in memory."""
        for old, new in group:
            self.one_sided.add(old, new)
            for side, state in zip(self.told, (old, new), strict=True):
                side.extend(_told(state, keeps_objects=keeps_objects) if state else ())
            if new:
                self.findings[new.cluster.dir] = new.findings
            if old and new and deployed_on_both(old.cluster, new.cluster):
                self.engines[new.cluster.dir] = tuple(helm_change.crossed(old, new, renderer))

    def comparison(self) -> Comparison:
        """Return the comparison of all clusters, in order of their names after the change."""
        after = self.selections[1]
        folders = [cluster.dir for cluster in after.clusters]
        findings = [
            *without_clusters(self.selections),
            *after.findings,
            *(finding for found in (self.findings, self.engines) for one in folders for finding in found.get(one, ())),
        ]
        parts = [self.parts[folder] for folder in folders if folder in self.parts]
        return together([Comparison((), findings=tuple(findings)), *self.one_sided.comparisons(), *parts])


def _told(state: ClusterState, *, keeps_objects: bool) -> Iterator[Told]:
    for app in state.apps:
        yield app if keeps_objects else replace(app, manifests=()), state.app_findings[app.app]


def compare_renderings(before: Renderings, after: Renderings) -> Comparison:
    """Compare what was rendered for the same clusters at two revisions."""
    old, new = _by_cluster(before), _by_cluster(after)
    parts = [
        _compared(_Pair(cluster, old.get(cluster, {}), new.get(cluster, {})), noise=False, diffs=False, known=Known())
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


def _pairs(group: Sequence[States], names: Sequence[str]) -> list[_Pair]:
    """The clusters that Argo CD deploys before and after the change; `names` are the Applications to report."""
    pairs = []
    for old, new in group:
        if old and new and deployed_on_both(old.cluster, new.cluster):
            before, after = apps_of(old), apps_of(new)
            # A name that no Application of this cluster has still keeps the others out.
            named = {app for app in {*before, *after} if any(is_named(app, name) for name in names)} | {*names}
            pairs.append(_Pair(new.cluster, before, after, frozenset(named), (old.scopes, new.scopes)))
    return pairs


def _kept(pair: _Pair, renderer: Renderer, *, noise: bool, diffs: bool, known: Known) -> Comparison:
    """One cluster as it was compared before, where the question, what is compared and our own code are the same."""
    if renderer.cache is None or not all(one.app.digest for one in (*pair.before.values(), *pair.after.values())):
        return _compared(pair, noise=noise, diffs=diffs, known=known)
    name = kept_comparison.key(_named(pair), sorted(pair.apps), noise, diffs)
    if (data := renderer.noted(name)) is not None:
        return unpacked(data)
    made = _compared(pair, noise=noise, diffs=diffs, known=known)
    renderer.keep(name, packed(made))
    return made


def _named(pair: _Pair) -> str:
    """All that a comparison is made of; digests stand for the objects."""
    sides = (
        [replace(one, app=replace(one.app, manifests=(), cached=False)) for one in side.values()]
        for side in (pair.before, pair.after)
    )
    return repr((pair.cluster, pair.findings, pair.unbuilt, *sides))


def _compared(pair: _Pair, *, noise: bool, diffs: bool, known: Known) -> Comparison:
    """One cluster, with the findings on Applications that cannot be compared."""
    verdicts = not_compared.verdicts(pair.before, pair.after)
    wanted = {name: verdict for name, verdict in verdicts.items() if not pair.apps or name in pair.apps}
    before = list(_manifests(pair.before, verdicts))
    after = list(_manifests(pair.after, verdicts, alike=pair.before))
    applications = tuple({name: one.app for name, one in side.items()} for side in (pair.before, pair.after))
    made = compare_one(
        pair.cluster.label,
        before,
        after,
        noise=noise,
        diffs=diffs,
        apps=pair.apps,
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


def _with_monitoring(pairs: Sequence[_Pair], builder: Builder, before: str, after: str) -> list[_Pair]:
    """The pairs with the monitoring built at the KubeAid revisions that stand for all."""
    names = {pair.cluster.dir: _monitoring(pair) for pair in pairs}
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


def _monitoring(pair: _Pair) -> list[str]:
    """The Applications that apply the monitoring on both sides."""
    return [
        name
        for name, one in pair.before.items()
        if name in pair.after
        and (not pair.apps or name in pair.apps)
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
