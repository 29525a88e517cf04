"""The fleet: clusters of a config repo, rendered at one or several pairs of revisions.

The only place that follows Applications and renders. Clusters come in groups: when a group is done its objects are
dropped, so that memory does not grow with the fleet.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kubeaid_ci.cache.cache import cache_at
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.selection import Selection
from kubeaid_ci.config_repo.versions import kubernetes_version
from kubeaid_ci.documents.garbage import without_garbage_collection
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import WORK_TREE, Revision, TreeRevision
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.applications import ClusterApplications
from kubeaid_ci.render.cluster_facts import ClusterFacts
from kubeaid_ci.render.cluster_state import ClusterState, SideApp, unknown_helm
from kubeaid_ci.render.fleet_clusters import clusters_of, selected
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.plan import Part
from kubeaid_ci.render.renderer import Progress, Renderer
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.render.results import Target
from kubeaid_ci.render.rules import SOURCE_NOT_RENDERED, nothing_rendered
from kubeaid_ci.render.task import ChartTask, Note, Task
from kubeaid_ci.runtime.workers import Limits, Pool
from kubeaid_ci.settings import Settings

# Each round may add a level of Applications, or kinds that charts ask for; real clusters need four.
_ROUNDS = 200
_GROUP = 16
"""Clusters whose objects are in memory at once: enough to keep the workers busy."""

States = tuple[ClusterState | None, ...]
"""One cluster at each pair of revisions; None if it does not exist there."""


@dataclass(frozen=True, slots=True)
class Side:
    """The clusters of one pair of revisions, by their folders."""

    repositories: LocalRepositories
    selection: Selection
    clusters: Mapping[str, ClusterApplications]


@dataclass(frozen=True, slots=True)
class Sides:
    """Clusters at several pairs of revisions. What is the same in some of them is rendered once."""

    sides: tuple[Side, ...]
    settings: Settings
    renderer: Renderer

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The clusters of each side."""
        return tuple(side.selection for side in self.sides)

    @property
    def folders(self) -> list[str]:
        """The folders of the clusters of all sides.

        Those that the first side has come before the new ones, which take the addresses of the repositories from them.
        """
        folders = dict.fromkeys(folder for side in self.sides for folder in side.clusters)
        first = self.sides[0].clusters
        return sorted(folders, key=lambda folder: folder not in first)

    def groups(
        self, folders: Collection[str] | None = None, *, sides: Sequence[Side] | None = None
    ) -> Iterator[list[States]]:
        """Render the clusters and yield them in groups; the objects of a group are dropped when it is done.

        `folders` and `sides` choose some of them (default: all). A new cluster needs the others of the first side,
        rendered before it or with it.
        """
        sides = self.sides if sides is None else sides
        chosen = [folder for folder in self.folders if folders is None or folder in folders]
        self.renderer.remembers = self.renderer.remembers or len(chosen) > _GROUP
        for group in (chosen[start : start + _GROUP] for start in range(0, len(chosen), _GROUP)):
            clusters = [side.clusters[folder] for folder in group for side in sides if folder in side.clusters]
            _render(clusters, self.renderer)
            yield [self._states(folder, sides) for folder in group]
            for cluster in clusters:
                cluster.release(self.renderer.outcomes)
            self.renderer.forget()

    def _states(self, folder: str, sides: Sequence[Side]) -> States:
        """Return one cluster on each side. Kinds and clusters that one side does not define are taken from the others.

        Otherwise the objects of a cluster-scoped kind would look moved because their CRD comes or goes.
        """
        found = [side.clusters.get(folder) for side in sides]
        facts = [cluster.facts for cluster in found if cluster]
        return tuple(self._state(cluster, cluster.facts.over(facts)) if cluster else None for cluster in found)

    def _state(self, applications: ClusterApplications, facts: ClusterFacts) -> ClusterState:
        cluster = applications.cluster
        version = kubernetes_version(cluster, self.settings)
        side_apps = tuple(_apps(applications, self.renderer, facts))
        rendered = [app.result(self.renderer) for app in side_apps]
        return ClusterState(
            cluster,
            version.version,
            version.source,
            tuple(app for app, _ in rendered),
            {app.app: findings for app, findings in rendered},
            tuple(unknown_helm(applications.helm, side_apps, cluster)),
            facts.scopes,
            applications.helm,
            side_apps,
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """The clusters of a config repo at one pair of revisions.

    `findings` are about folders that cannot be read as clusters, or that there is nothing to render.
    """

    sides: Sides

    @property
    def repositories(self) -> LocalRepositories:
        """The two repositories at the revisions of the fleet."""
        return self.sides.sides[0].repositories

    @property
    def renderer(self) -> Renderer:
        """The renderer, with its workers and its cache."""
        return self.sides.renderer

    @property
    def settings(self) -> Settings:
        """The settings of both repositories."""
        return self.sides.settings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings about folders, not about a cluster."""
        return (*without_clusters(self.sides.selections), *self.sides.selections[0].findings)

    @property
    def config_files(self) -> Snapshot:
        """The files of the config repo at the revision of the fleet."""
        return self.repositories.config_place("").files

    @property
    def all_clusters(self) -> tuple[Cluster, ...]:
        """The selected clusters, sorted by name."""
        return self.sides.selections[0].clusters

    def clusters(self) -> Iterator[ClusterState]:
        """Render the clusters and yield them in order of their names; memory holds some of them at a time."""
        for group in self.sides.groups():
            yield from (state for (state,) in group if state)


@contextmanager
def open_fleet(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: Revision | str = WORK_TREE,
    config_ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Iterator[Fleet]:
    """Open the fleet; the parameters and errors are those of `render_clusters`.

    The workers and the open repositories end with the block.
    """
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        yield fleet


@contextmanager
def fleet_at(repositories: LocalRepositories, run: RunOptions, *, clusters: Sequence[str] = ()) -> Iterator[Fleet]:
    """Open the fleet of two repositories at their revisions; `clusters` names some (none: all)."""
    with open_sides([repositories], run, clusters=clusters) as sides:
        yield Fleet(sides)


@contextmanager
def open_renderer(run: RunOptions) -> Iterator[Renderer]:
    """A renderer whose workers end with the block. Until then no garbage is looked for: there is hardly any."""
    pool = Pool(run.jobs or os.cpu_count() or 1, Limits(seconds=run.timeout), lasting=True)
    renderer = Renderer(pool=pool, cache=cache_at(run.cache), progress=run.progress)
    try:
        with without_garbage_collection():
            yield renderer
    finally:
        renderer.close()


@contextmanager
def open_sides(
    repositories: Sequence[LocalRepositories], run: RunOptions, *, clusters: Sequence[str] = ()
) -> Iterator[Sides]:
    """Open clusters at several pairs of revisions. A cluster that is named must be on one of the sides.

    The workers and the open repositories end with the block. Raises `UserError` if nothing can be rendered at all.
    """
    for side in repositories:
        side.check()
    try:
        with open_renderer(run) as renderer:
            selections = selected(repositories, clusters)
            first = clusters_of(repositories[0], selections[0], run.settings, renderer.scans)
            others = [
                clusters_of(side, selection, run.settings, renderer.scans, before=first)
                for side, selection in zip(repositories[1:], selections[1:], strict=True)
            ]
            parts = zip(repositories, selections, [first, *others], strict=True)
            yield Sides(tuple(Side(*part) for part in parts), run.settings, renderer)
    finally:
        for side in repositories:
            side.close()


def without_clusters(selections: Iterable[Selection]) -> tuple[Finding, ...]:
    """Return a finding if no side has a cluster, or a folder that may be one."""
    found = [item for selection in selections for item in (*selection.clusters, *selection.findings)]
    return () if found else (nothing_rendered(),)


def _render(clusters: Sequence[ClusterApplications], renderer: Renderer) -> None:
    """Render until nothing new turns up: no Application, and no kind that a chart asks for.

    What asks for no kind comes first: it adds those that others ask for.
    """
    outcomes = renderer.outcomes
    for _ in range(_ROUNDS):
        known = [(cluster, cluster.planned(outcomes)) for cluster in clusters]
        tasks = [(cluster, task) for cluster, some in known for planned in some for task in planned.tasks]
        renderer.scan(task.scan for _, task in tasks if isinstance(task, ChartTask))
        for cluster, planned in known:
            cluster.collect_definitions(planned, outcomes)
        first = [
            task
            for cluster, each in tasks
            if not cluster.depends_on_api_versions(each) and (task := cluster.with_capabilities(each)) not in outcomes
        ]
        then = [task for cluster, each in tasks if (task := cluster.with_capabilities(each)) not in outcomes]
        if not then:
            return
        renderer.render(first or then)


def _apps(cluster: ClusterApplications, renderer: Renderer, facts: ClusterFacts) -> Iterator[SideApp]:
    for planned in sorted(cluster.planned(renderer.outcomes), key=lambda planned: planned.id):
        final = [_final(part, cluster, renderer) for part in planned.parts]
        application = planned.application
        target = Target(
            namespace=application.namespace,
            cluster=cluster.cluster.label,
            folder=cluster.cluster.dir,
            destination=facts.destination(application.destination),
            holder=str(planned.holder) if planned.holder else "",
            sync=application.sync,
            ignore_differences=application.ignore_differences,
            scopes=facts.scopes,
            inputs=planned.inputs,
            other_revisions=planned.other_revisions,
            hosts=planned.hosts,
            path=planned.where,
            application=application,
            sources=tuple(part.plan for part in planned.parts if part.plan),
            made=planned.made and _delivered(planned.made, facts),
        )
        revision = next((part.revision for part in planned.parts if part.revision), None)
        by_helm = frozenset(cluster.with_capabilities(task) for task in planned.tasks if cluster.depends_on_helm(task))
        yield SideApp(str(planned.id), tuple(final), target, revision, by_helm, planned.remarks)


def _delivered(manifest: Manifest, facts: ClusterFacts) -> Manifest:
    """Return an object whose cluster has one name, whichever of its names the Application uses."""
    return replace(manifest, key=replace(manifest.key, destination=facts.destination(manifest.key.destination)))


def _final(part: Part, cluster: ClusterApplications, renderer: Renderer) -> tuple[Task | Note, str]:
    """Return a source as it is rendered, with the name of its chart."""
    if isinstance(part.what, Note):
        return part.what, part.chart
    task = cluster.with_capabilities(part.what)
    if task in renderer.outcomes:
        return task, part.chart
    message = f"it is not rendered after {_ROUNDS} rounds of new Applications and kinds, so its objects are unknown"
    return Note(SOURCE_NOT_RENDERED.id, message), part.chart
