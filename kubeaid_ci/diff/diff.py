"""Compares clusters before and after a change of a repository, or an upgrade."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from kubeaid_ci.compare.objects import Known
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.selection import Selection
from kubeaid_ci.diff import helm_change
from kubeaid_ci.diff.clusters import together
from kubeaid_ci.diff.comparison import Comparison, Revisions
from kubeaid_ci.diff.contents import Contents
from kubeaid_ci.diff.monitoring import builder_of, with_monitoring
from kubeaid_ci.diff.one_sided_clusters import OneSidedClusters, deployed_on_both
from kubeaid_ci.diff.options import DiffOptions
from kubeaid_ci.diff.pair import Pair, compare_cached, compare_pair, pairs_of
from kubeaid_ci.diff.shard import Inputs, Part, Piece, Shard, joined, with_findings
from kubeaid_ci.diff.successor import with_successors
from kubeaid_ci.diff.unknown import AppOnSide
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import Commit, WorkTree
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import Sides, States, open_sides, without_clusters
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.render import check_app_names, is_named
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.render.results import AppResult
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """The clusters of one side and their Applications with their findings."""

    selection: Selection
    apps: tuple[AppResult, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and the Applications of both sides without their objects.

    `fleet` are the folders of all clusters, `clusters` those that were compared: less than all for a shard.
    """

    comparison: Comparison
    before: ComparedSide
    after: ComparedSide
    pieces: tuple[Piece, ...]
    fleet: tuple[str, ...]
    clusters: tuple[str, ...]


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
    contents: bool = True,
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
    unified diffs. Without `contents` changes lack the content of their objects, which takes time. `timeout` is in
    seconds for a chart. `progress` is called as by `render_clusters`.

    What cannot be rendered on a side is a finding and never looks removed; it does not block the others. Raises
    `UserError` where nothing can be compared at all.
    """
    options = DiffOptions(before, after, tuple(clusters), tuple(apps), monitoring, noise, diffs, contents)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    return compare_revisions(Path(config_repo).resolve(), Path(kubeaid).resolve(), options, run).comparison


def compare_revisions(
    config: Path,
    root: Path,
    options: DiffOptions,
    run: RunOptions,
    *,
    keeps_builds: bool = False,
    observe: Callable[[States], None] | None = None,
    shard: Shard | None = None,
) -> Compared:
    """Compare as `diff_clusters` does, and return the Applications of both sides too.

    `config` and `root` are resolved folders. With `keeps_builds` the cache gets the built manifests as files. `observe`
    is called with each cluster before and after the change, while its objects are in memory. With `shard` only its
    clusters are compared; names of Applications are not checked then, because other shards may have them.
    """
    before, after = options.before, options.after
    base = before.config.name if isinstance(before.config, Commit) else ""
    repositories = [LocalRepositories(config, side.config, root, side.kubeaid, base=base) for side in (before, after)]
    is_upgrade = isinstance(before.config, WorkTree) and isinstance(after.config, WorkTree)
    builds = options.monitoring and is_upgrade and before.kubeaid != after.kubeaid
    with (
        open_sides(repositories, run, clusters=options.clusters) as sides,
        builder_of(config, root, sides.renderer, keeps_files=keeps_builds) if builds else nullcontext() as builder,
    ):
        fleet = tuple(sorted(sides.folders))
        mine = shard.deal(fleet) if shard else fleet
        folded = _Folded(sides, OneSidedClusters.of(*sides.selections))
        folded.add_clusters_before(mine)
        for group in sides.groups(mine):
            folded.add(group)
            if observe:
                for states in group:
                    observe(states)
            pairs = pairs_of(group, options.apps)
            if builder:
                pairs = with_monitoring(pairs, builder, before.kubeaid, after.kubeaid)
            folded.compare(pairs, options)
        if shard is None:
            check_app_names(options.apps, folded.app_names)
    pieces = list(folded.pieces(mine, with_general=shard is None or shard.number == 1))
    if isinstance(after.kubeaid, Commit):
        applications = (app for app, _ in folded.apps[0])
        every = [finding for piece in pieces for finding in piece.comparison.findings]
        pieces = with_findings(pieces, with_successors(every, applications, root, after.kubeaid.name))
    old, new = map(ComparedSide, sides.selections, map(tuple, folded.apps))
    return Compared(joined(pieces), old, new, tuple(pieces), fleet, mine)


def part_of(compared: Compared, shard: Shard, inputs: Inputs) -> Part:
    """Return the comparison of a shard as a part for the merge; `inputs` describes it."""
    names = {app.app for side in (compared.before, compared.after) for app, _ in side.apps}
    unknown = tuple(name for name in inputs.apps if not any(is_named(app, name) for app in names))
    return Part(shard, compared.clusters, compared.fleet, inputs, unknown, compared.pieces, {})


@dataclass(slots=True)
class _Folded:
    """A comparison without the objects of its clusters, by the folders of the clusters."""

    sides: Sides
    one_sided: OneSidedClusters
    contents: Contents = field(default_factory=Contents)
    apps: tuple[list[AppResult], list[AppResult]] = field(default_factory=lambda: ([], []))
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    engines: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    parts: dict[str, Comparison] = field(default_factory=dict)

    @property
    def app_names(self) -> set[str]:
        """The names of the Applications of both sides."""
        return {app.app for side in self.apps for app, _ in side}

    def add_clusters_before(self, mine: Collection[str]) -> None:
        """Add the other clusters as they are before the change, if one of these folders is a new cluster.

        A new cluster is compared with all that exist before the change.
        """
        others = {*self.sides.folders} - {*mine}
        if others and any(folder not in self.sides.sides[0].clusters for folder in mine):
            for states in chain.from_iterable(self.sides.groups(others, sides=self.sides.sides[:1])):
                self.one_sided.add_before(states[0])

    def add(self, group: Iterable[States]) -> None:
        """Add clusters whose objects are in memory."""
        for old, new in group:
            self.one_sided.add(old, new)
            for side, state in zip(self.apps, (old, new), strict=True):
                side.extend(_without_objects(state) if state else ())
            if new:
                self.findings[new.cluster.dir] = new.findings
            if old and new and deployed_on_both(old.cluster, new.cluster):
                self.engines[new.cluster.dir] = tuple(helm_change.crossed(old, new, self.sides.renderer))

    def compare(self, pairs: Iterable[Pair], options: DiffOptions) -> None:
        """Add the comparisons of clusters that exist on both sides, without the content that others have too."""
        known = Known()
        for pair in pairs:
            comparison = compare_cached(pair, self.sides.renderer, options, known=known)
            self.parts[pair.cluster.dir] = self.contents.deduplicate(comparison)

    def pieces(self, folders: Iterable[str], *, with_general: bool) -> Iterator[Piece]:
        """Yield the comparisons of clusters, in order of their names after the change.

        `with_general` adds what is about no cluster, or about a folder that cannot be read.
        """
        after = self.sides.selections[1]
        known = dict.fromkeys((*(cluster.dir for cluster in after.clusters), *self.one_sided.folders))
        order = {folder: place for place, folder in enumerate(known)}
        one_sided = {folder: place for place, folder in enumerate(self.one_sided.folders)}
        if with_general:
            findings = (*without_clusters(self.sides.selections), *after.findings)
            yield Piece((0, 0), "", Comparison((), findings=findings))
            for place, comparison in enumerate(self.one_sided.unreadable()):
                yield Piece((3, place), "", comparison)
        for folder in folders:
            place = order[folder]
            yield Piece((1, place), folder, Comparison((), findings=self.findings.get(folder, ())))
            yield Piece((2, place), folder, Comparison((), findings=self.engines.get(folder, ())))
            if found := self.one_sided.comparison(folder):
                yield Piece((4, one_sided[folder]), folder, found)
            if folder in self.parts:
                yield Piece((5, place), folder, self.parts[folder])


def _without_objects(state: ClusterState) -> Iterator[AppResult]:
    return ((replace(app, manifests=()), state.app_findings[app.app]) for app in state.apps)


def compare_renderings(before: Renderings, after: Renderings) -> Comparison:
    """Compare what was rendered for the same clusters at two revisions."""
    old, new = _by_cluster(before), _by_cluster(after)
    parts = [
        compare_pair(Pair(cluster, old.get(cluster, {}), new.get(cluster, {})), known=Known())
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
