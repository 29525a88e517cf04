"""Renders everything that Argo CD would apply to clusters."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from kubeaid_ci.cache.cache import cache_at
from kubeaid_ci.config_repo.addresses import Addresses
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import HOME, Folders, folders_of
from kubeaid_ci.config_repo.selection import Selection, chosen, select
from kubeaid_ci.config_repo.versions import kubernetes_version, of_cluster
from kubeaid_ci.documents.garbage import without_garbage_collection
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.snapshot import WORKTREE
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.scopes import Scopes
from kubeaid_ci.render.applications import ClusterApplications
from kubeaid_ci.render.cluster_facts import ClusterFacts
from kubeaid_ci.render.plan import Part
from kubeaid_ci.render.renderer import Progress, Renderer
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.render.repositories import AtHand
from kubeaid_ci.render.results import Target, Told
from kubeaid_ci.render.rules import nothing_rendered
from kubeaid_ci.render.side_app import SideApp, unknown_helm
from kubeaid_ci.render.task import ChartTask, Look, Looked, Note, Task
from kubeaid_ci.runtime.workers import Limits, Pool
from kubeaid_ci.settings import Settings
from kubeaid_ci.suggestion import suggestion

# Each round may add Applications, or kinds that charts ask for; real clusters need four.
_ROUNDS = 20


def render_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    kubeaid_ref: str = WORKTREE,
    config_ref: str = WORKTREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Renderings:
    """Render every object that Argo CD would apply to clusters, by Application, with findings.

    `config_repo` and `kubeaid` are folders; `clusters` and `apps` name some (none: all).
    `kubeaid_ref` is ``worktree``, ``pinned`` (what each Application pins) or a revision
    for all. `config_ref` is ``worktree`` or a revision. `settings` have the clusters' version of
    Kubernetes and further API versions. `timeout` is in seconds for a chart. `progress` is called with the number
    of rendered sources, and of those known by then.

    An Application that fails is in the result, with findings, and does not block the others. Raises `UserError`
    if nothing can be rendered at all.
    """
    hand = AtHand(Path(config_repo).resolve(), config_ref, Path(kubeaid).resolve(), kubeaid_ref)
    with renderer_of(jobs, cache=cache, timeout=timeout, progress=progress) as renderer:
        (side,) = render_sides([hand], renderer, clusters=clusters, settings=settings or Settings())
    wanted = select_apps(apps, {app.app for app, _ in side.told})
    chosen = [told for told in side.told if not wanted or told[0].app in wanted]
    findings = [finding for _, some in chosen for finding in some]
    return Renderings(tuple(app for app, _ in chosen), (*without_clusters([side]), *side.findings, *findings))


@dataclass(frozen=True, slots=True)
class Side:
    """The clusters with the repositories at one pair of revisions, and their Applications.

    `scopes` are those of the custom resources of each cluster, `helm` is the Helm that renders its charts: both by
    the cluster's folder.
    """

    selection: Selection
    told: tuple[Told, ...]
    scopes: Mapping[str, Scopes]
    helm: Mapping[str, ClusterHelm]
    apps: tuple[SideApp, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings about clusters as a whole."""
        return (*self.selection.findings, *unknown_helm(self.helm, self.apps, self.selection.clusters))

    def findings_on(self, cluster: Cluster) -> tuple[Finding, ...]:
        """Findings about one cluster as a whole."""
        apps = [app for app in self.apps if app.target.folder == cluster.dir]
        return tuple(unknown_helm(self.helm, apps, [cluster]))


def without_clusters(sides: Iterable[Side]) -> tuple[Finding, ...]:
    """Return a finding if no side has a cluster, or a folder that may be one."""
    found = [one for side in sides for one in (*side.selection.clusters, *side.selection.findings)]
    return () if found else (nothing_rendered(),)


@contextmanager
def renderer_of(
    jobs: int | None,
    *,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Iterator[Renderer]:
    """A renderer whose workers end with the block. Until then no garbage is looked for: there is hardly any."""
    pool = Pool(jobs or os.cpu_count() or 1, Limits(seconds=timeout), lasting=True)
    renderer = Renderer(pool=pool, cache=cache_at(cache), progress=progress)
    try:
        with without_garbage_collection():
            yield renderer
    finally:
        renderer.close()


@dataclass(frozen=True, slots=True)
class Followed:
    """Clusters with the repositories at one pair of revisions, whose Applications are all known and rendered."""

    selection: Selection
    clusters: tuple[ClusterApplications, ...]


@contextmanager
def followed(
    hands: Sequence[AtHand], renderer: Renderer, *, clusters: Sequence[str], settings: Settings
) -> Iterator[list[Followed]]:
    """Follow the Applications of clusters from the root on, at several pairs of revisions in parallel.

    What is the same in some is rendered once. A cluster that is named has to be on one of the sides.
    Raises `UserError` if nothing can be rendered at all.
    """
    for hand in hands:
        hand.check()
    try:
        selections = _selected(hands, clusters)
        first = _clusters(hands[0], selections[0], settings, renderer.looked)
        others = [
            _clusters(hand, selection, settings, renderer.looked, before=first)
            for hand, selection in zip(hands[1:], selections[1:], strict=True)
        ]
        known = [Followed(*one) for one in zip(selections, [first, *others], strict=True)]
        _render([cluster for one in known for cluster in one.clusters], renderer)
        yield known
    finally:
        for hand in hands:
            hand.close()


def render_sides(
    hands: Sequence[AtHand], renderer: Renderer, *, clusters: Sequence[str], settings: Settings
) -> list[Side]:
    """Clusters at several pairs of revisions; raises as `followed` does."""
    with followed(hands, renderer, clusters=clusters, settings=settings) as known:
        return _sides(known, renderer)


@contextmanager
def render_side(hand: AtHand, renderer: Renderer, *, clusters: Sequence[str], settings: Settings) -> Iterator[Side]:
    """Clusters at one pair of revisions, whose repositories stay open in the block; raises as `followed` does."""
    with followed([hand], renderer, clusters=clusters, settings=settings) as known:
        (side,) = _sides(known, renderer)
        yield side


def _sides(known: Sequence[Followed], renderer: Renderer) -> list[Side]:
    facts = [{cluster.cluster.dir: cluster.facts for cluster in one.clusters} for one in known]
    return [_side(one, own, facts, renderer) for one, own in zip(known, facts, strict=True)]


def _side(
    followed: Followed,
    own: Mapping[str, ClusterFacts],
    every: Iterable[Mapping[str, ClusterFacts]],
    renderer: Renderer,
) -> Side:
    """Render one side. Kinds and clusters that its own objects do not define are taken from the other sides.

    Otherwise the objects of a cluster-scoped kind would look moved because their CRD comes or goes.
    """
    facts = {folder: own[folder].over(side[folder] for side in every if folder in side) for folder in own}
    apps = tuple(app for cluster in followed.clusters for app in _apps(cluster, renderer, facts[cluster.cluster.dir]))
    return Side(
        followed.selection,
        tuple(app.told(renderer) for app in apps),
        {folder: one.scopes for folder, one in facts.items()},
        {cluster.cluster.dir: cluster.helm for cluster in followed.clusters},
        apps,
    )


def _selected(hands: Sequence[AtHand], names: Sequence[str]) -> list[Selection]:
    found = _folders_of_all(hands)
    # A folder may be a cluster on one side only. The last side names it as it will be.
    every = {one.dir: one for one in sorted(chain(*found), key=lambda one: isinstance(one, Cluster))}
    wanted = chosen(tuple(every.values()), names)
    return [select([one for one in folders if one.dir in wanted]) for folders in found]


def _folders_of_all(hands: Sequence[AtHand]) -> list[Folders]:
    """The folders on each side. A side without clusters is no error if another side has some: they come or go."""
    found: list[Folders] = []
    errors = []
    for hand in hands:
        try:
            found.append(_folders(hand))
        except UserError as error:
            errors.append(error)
            found.append(())
    if errors and not any(found):
        raise errors[0]
    return found


def _folders(hand: AtHand) -> Folders:
    where = str(hand.config) if hand.config_ref == WORKTREE else f"{hand.config} at {hand.config_ref}"
    return folders_of(hand.config_place(HOME).files, where=where)


def _clusters(
    hand: AtHand,
    selection: Selection,
    settings: Settings,
    looked: Mapping[Look, Looked],
    *,
    before: Sequence[ClusterApplications] | None = None,
) -> tuple[ClusterApplications, ...]:
    """Return the clusters of one side. Addresses are those that the first side, `before`, names.

    A cluster that is new has those that the others name: a change must not define itself whom to trust.
    """
    clusters = [_cluster(cluster, hand, settings, looked) for cluster in selection.clusters]
    own = Addresses(settings.repositories.config, settings.repositories.kubeaid)
    old = {one.cluster.dir: one for one in before or ()}
    every = own
    for one in old.values():
        every |= _of_general(one.cluster)
    for one in clusters:
        one.before = old.get(one.cluster.dir)
        one.is_new = before is not None and one.before is None
        one.others = tuple(old.values()) if one.is_new else ()
        one.known = every if one.is_new else own | _of_general((one.before or one).cluster)
    return tuple(clusters)


def _of_general(cluster: Cluster) -> Addresses:
    return Addresses.of(config=cluster.general.config, kubeaid=cluster.general.kubeaid)


def _cluster(cluster: Cluster, hand: AtHand, settings: Settings, looked: Mapping[Look, Looked]) -> ClusterApplications:
    version, own = kubernetes_version(cluster, settings).version, of_cluster(cluster, settings)
    return ClusterApplications(cluster, hand, version, looked, (*settings.api_versions, *own.api_versions), own.helm)


def _render(clusters: Sequence[ClusterApplications], renderer: Renderer) -> None:
    """Render until nothing new turns up: no Application, and no kind that a chart asks for.

    What asks for no kind comes first: it adds those that others ask for.
    """
    outcomes = renderer.outcomes
    for _ in range(_ROUNDS):
        known = [(cluster, cluster.planned(outcomes)) for cluster in clusters]
        tasks = [(cluster, task) for cluster, some in known for planned in some for task in planned.tasks]
        renderer.look(task.look for _, task in tasks if isinstance(task, ChartTask))
        for cluster, planned in known:
            cluster.learn(planned, outcomes)
        first = [
            task for cluster, each in tasks if not cluster.asks(each) and (task := cluster.wanted(each)) not in outcomes
        ]
        then = [task for cluster, each in tasks if (task := cluster.wanted(each)) not in outcomes]
        if not then:
            return
        renderer.render(first or then)


def _apps(cluster: ClusterApplications, renderer: Renderer, facts: ClusterFacts) -> Iterator[SideApp]:
    for one in sorted(cluster.planned(renderer.outcomes), key=lambda one: one.id):
        final = [_final(part, cluster) for part in one.parts]
        application = one.application
        target = Target(
            namespace=application.namespace,
            cluster=cluster.cluster.label,
            folder=cluster.cluster.dir,
            destination=facts.destination(application.destination),
            holder=str(one.holder) if one.holder else "",
            sync=application.sync,
            ignore_differences=application.ignore_differences,
            scopes=facts.scopes,
            inputs=one.inputs,
            other_revisions=one.other_revisions,
            hosts=one.hosts,
            path=one.where,
            application=application,
            sources=tuple(part.plan for part in one.parts if part.plan),
        )
        revision = next((part.revision for part in one.parts if part.revision), None)
        by_helm = frozenset(cluster.wanted(task) for task in one.tasks if cluster.depends_on_helm(task))
        yield SideApp(str(one.id), tuple(final), target, revision, by_helm, one.remarks)


def _final(part: Part, cluster: ClusterApplications) -> tuple[Task | Note, str]:
    what = part.what if isinstance(part.what, Note) else cluster.wanted(part.what)
    return what, part.chart


def select_apps(names: Sequence[str], there: Collection[str]) -> frozenset[str]:
    """Return the Applications of some names, each by name or as ``namespace/name``; an empty set if none are requested.

    Raises `UserError` for a name that no Application has, with the nearest ones.
    """
    chosen: set[str] = set()
    for name in names:
        found = [app for app in there if name in (app, app.rpartition("/")[2])]
        if not found:
            raise UserError(f"{name}: no such Application; {suggestion(name, there)}")
        chosen.update(found)
    return frozenset(chosen)
