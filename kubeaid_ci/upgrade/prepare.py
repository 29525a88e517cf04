"""Prepares an upgrade: rehearses it, and works out the new content of every file. Nothing is written."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.cache.cache import Cache, cache_at
from kubeaid_ci.config_repo import folders
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff.comparison import Comparison, Revisions
from kubeaid_ci.diff.diff import Compared, compare_revisions
from kubeaid_ci.diff.options import DiffOptions
from kubeaid_ci.diff.rules import LIBRARY_GONE, RENDER_BROKEN
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings import suppress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Commit
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.render import select_apps
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.render.repositories import CHARTS
from kubeaid_ci.repositories.kubeaid import origin
from kubeaid_ci.settings import Settings
from kubeaid_ci.upgrade import app_changes, cluster_files, findings
from kubeaid_ci.upgrade.arrivals import arrivals_of
from kubeaid_ci.upgrade.edits import ClusterEdits, Request, edits_of
from kubeaid_ci.upgrade.monitoring import BuiltFiles, monitoring_files
from kubeaid_ci.upgrade.result import ClusterUpgrade, Monitoring, PlaceStatus, RevisionEdit, Upgrades, UpgradeStatus
from kubeaid_ci.upgrade.target import UpgradeTarget, resolve_target
from kubeaid_ci.upgrade.waves import NEXT, WaveChoice, choose

_UNBUILT = (LIBRARY_GONE, RENDER_BROKEN)


@dataclass(frozen=True, slots=True)
class UpgradeOptions:
    """The clusters and Applications to upgrade by name (none: all), and the revision.

    `accepts_dangers` writes despite errors of the rehearsal. With `together` errors in one cluster refuse the upgrade
    of all. `wave` names a wave of the settings, or is ``next``; then `clusters` is empty. `addresses` are addresses of
    the KubeAid repo besides those of the settings.
    """

    to: str
    clusters: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    accepts_dangers: bool = False
    together: bool = True
    wave: str = ""
    addresses: tuple[Remote, ...] = ()


def prepare(config: Path, kubeaid: Path, options: UpgradeOptions, run: RunOptions) -> Upgrades:
    """Return the upgrade of clusters with the new content of their files.

    Raises `UserError` for a revision, a cluster or an Application that does not exist.
    """
    known = run.settings.repositories
    known = replace(known, kubeaid=known.kubeaid.union(options.addresses))
    run = replace(run, settings=replace(run.settings, repositories=known))
    target = resolve_target(kubeaid, options.to)
    if options.wave:
        wave = _wave(config, kubeaid, options.wave, run.settings, target.name)
        if wave.waiting and not (options.accepts_dangers and wave.clusters):
            return Upgrades(target.name, (), Comparison(()), (findings.waiting(wave, named=options.wave != NEXT),))
        options = replace(options, clusters=wave.clusters)
    facts = app_changes.ObjectFacts()
    with _cache(run.cache) as cache:
        run = replace(run, cache=cache.folder)
        rehearsal = DiffOptions(Revisions(), Revisions(kubeaid=Commit(target.name)), options.clusters, options.apps)
        compared = compare_revisions(config, kubeaid, rehearsal, run, keeps_builds=True, observe=facts.add)
        with app_changes.chart_versions(kubeaid) as charts:
            return _Preparation(config, kubeaid, options, run, target, compared, facts, cache, charts).upgrades()


def _wave(config: Path, kubeaid: Path, name: str, settings: Settings, to: str) -> WaveChoice:
    """Return the wave of a name, or the next one, with what Git knows about the state of clusters."""
    clusters = [cluster for cluster in folders.folders(config) if isinstance(cluster, Cluster)]
    known = settings.repositories.kubeaid.union(remote for remote in [origin(kubeaid)] if remote)
    arrivals = arrivals_of(config, {cluster: known.union(cluster.general.kubeaid) for cluster in clusters}, to)
    return choose(name, settings.waves, clusters, arrivals, to=to, now=datetime.now(UTC))


@contextmanager
def _cache(chosen: bool | str | os.PathLike[str]) -> Iterator[Cache]:  # noqa: FBT001 - mirrors the public parameter
    """Yield the cache. Without one, a temporary folder holds what the rehearsal builds until it is written."""
    if cache := cache_at(chosen):
        yield cache
        return
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        yield Cache(Path(folder), 2 * 1024**3)


def addresses_of(texts: Sequence[str]) -> tuple[Remote, ...]:
    """Return addresses of repositories. Raises `UserError` for a path, which no Application names."""
    found = tuple(Remote.parse(text) for text in texts)
    for text, remote in zip(texts, found, strict=True):
        if remote.is_local:
            raise UserError(f"--kubeaid-address {text}: not the address of a repository; write it as in repoURL")
    return found


@dataclass(frozen=True, slots=True)
class _Preparation:
    config: Path
    kubeaid: Path
    options: UpgradeOptions
    run: RunOptions
    target: UpgradeTarget
    compared: Compared
    facts: app_changes.ObjectFacts
    cache: Cache
    charts: app_changes.ChartVersions

    def upgrades(self) -> Upgrades:
        """Decide for each cluster whether it is upgraded, and return its files."""
        clusters = self.compared.before.selection.clusters
        rehearsal = self.compared.comparison
        unknown = list(self._not_rehearsed(clusters))
        marked = suppress.apply((*rehearsal.findings, *unknown), self.run.settings.suppress, today=date.today(), ran=())
        errors = {cluster.dir: len(findings.errors_of(cluster, marked)) for cluster in clusters}
        blocked = self._blocked(errors)
        built, refused = self._built([cluster for cluster in clusters if cluster.dir not in blocked])
        results: list[ClusterUpgrade] = []
        found = [*unknown, *([findings.moving(self.target.name)] if self.target.moves else [])]
        files: dict[str, Mapping[str, bytes | None]] = {}
        before: dict[str, Mapping[str, bytes]] = {}
        for cluster in clusters:
            old = cluster_files.read(self.config, cluster)
            is_blocked = cluster.dir in blocked
            made, changed, more = self._cluster(cluster, old, built.get(cluster.dir), is_blocked=is_blocked)
            results.append(replace(made, errors=errors[cluster.dir]))
            found += more
            if changed:
                files[cluster.dir] = changed
                before[cluster.dir] = {path: data for path, data in old.items() if path in changed}
        accepted = self.options.accepts_dangers and any(errors.values())
        every = (*rehearsal.findings, *found, *_not_reported(refused, rehearsal.findings))
        return Upgrades(
            self.target.name, tuple(results), rehearsal, every, accepted=accepted, files=files, before=before
        )

    def _not_rehearsed(self, clusters: Iterable[Cluster]) -> Iterator[Finding]:
        """Yield a finding for each cluster with Applications none of which could be compared."""
        for cluster in clusters:
            unknown = {
                app.app: app.reason
                for app in self.compared.comparison.not_compared
                if app.cluster == cluster.label and not app.partly
            }
            apps = {app.app for app in self._apps(cluster)}
            if unknown and (apps <= unknown.keys() or "" in unknown):
                yield findings.not_rehearsed(cluster, next(iter(unknown.values())))

    def _blocked(self, errors: Mapping[str, int]) -> frozenset[str]:
        wrong = frozenset(folder for folder, count in errors.items() if count)
        if self.options.accepts_dangers or not wrong:
            return frozenset()
        return frozenset(errors) if self.options.together else wrong

    def _cluster(
        self, cluster: Cluster, old: Mapping[str, bytes], built: BuiltFiles | None, *, is_blocked: bool
    ) -> tuple[ClusterUpgrade, Mapping[str, bytes | None], list[Finding]]:
        """Return the upgrade of one cluster, the new content of its files, and findings."""
        keeps = built is not None and built.state is Monitoring.KEPT
        request = Request(
            self.target.name,
            self._addresses(cluster),
            frozenset(name.rpartition("/")[2] for name in self._app_names()),
            moves_monitoring=not keeps,
        )
        edited = edits_of(cluster, old, request)
        changed: dict[str, bytes | None] = {**edited.files, **(built.files if built else {})}
        found = list(findings.about_cluster(cluster, edited, self.target.name, self._is_chart))
        found += [findings.missed(cluster, app.app, app.path) for app in self._missed(cluster, edited, request)]
        if built and keeps:
            found.append(findings.monitoring_kept(cluster, built.reason))
        upgrade = self._upgrade(cluster, edited, built.state if built else Monitoring.NONE)
        if is_blocked:
            planned = tuple(map(_planned, edited.edits))
            return replace(upgrade, status=UpgradeStatus.REFUSED, edits=planned), {}, found
        status = UpgradeStatus.UPGRADED if changed else UpgradeStatus.UNCHANGED
        written = tuple(sorted(path for path, data in changed.items() if data is not None))
        removed = tuple(sorted(path for path, data in changed.items() if data is None))
        return replace(upgrade, status=status, written=written, removed=removed), changed, found

    def _upgrade(self, cluster: Cluster, edited: ClusterEdits, monitoring: Monitoring) -> ClusterUpgrade:
        """Return the upgrade of a cluster with what it does to each Application; its files are not known yet."""
        return ClusterUpgrade(
            cluster.label,
            cluster.dir,
            self.target.name,
            UpgradeStatus.UNCHANGED,
            edited.edits,
            monitoring,
            applications=sum(1 for _ in self._apps(cluster)),
            apps=app_changes.app_changes(
                cluster,
                edited,
                self.target.name,
                comparison=self.compared.comparison,
                facts=self.facts,
                charts=self.charts,
            ),
        )

    def _built(self, clusters: Sequence[Cluster]) -> tuple[dict[str, BuiltFiles], tuple[Finding, ...]]:
        """Return the monitoring of the clusters that have one to upgrade."""
        wanted = [cluster for cluster in clusters if self._has_monitoring(cluster)]
        known = {cluster.dir: reason for cluster in wanted if (reason := self._refusal(cluster))}
        unbuilt = {folder: BuiltFiles(Monitoring.KEPT, reason=reason) for folder, reason in known.items()}
        waiting = [cluster for cluster in wanted if cluster.dir not in known]
        target = Commit(self.target.name)
        built, refused = monitoring_files(self.config, self.kubeaid, target, waiting, run=self.run, cache=self.cache)
        return {**unbuilt, **built}, refused

    def _refusal(self, cluster: Cluster) -> str | None:
        """Return why the rehearsal could not build a cluster's monitoring."""
        about = f"{cluster.label}/"
        found = (finding for finding in self.compared.comparison.findings if finding.rule in _UNBUILT)
        return next(
            (
                finding.message
                for finding in found
                if finding.path == cluster.vars_file and finding.subject.startswith(about)
            ),
            None,
        )

    def _has_monitoring(self, cluster: Cluster) -> bool:
        appliers = [app for app in self._apps(cluster) if _applies(app, cluster.output)]
        if names := self._app_names():
            return cluster.vars_file is not None and any(app.app in names for app in appliers)
        applied = appliers or cluster.has_output or folders.applies_output(DiskTree(str(self.config)), cluster)
        return cluster.vars_file is not None and bool(applied)

    def _app_names(self) -> frozenset[str]:
        sides = (self.compared.before, self.compared.after)
        return select_apps(self.options.apps, {app.app for side in sides for app, _ in side.apps})

    def _apps(self, cluster: Cluster) -> Iterator[RenderedApp]:
        return (app for app, _ in self.compared.before.apps if app.dir == cluster.dir)

    def _addresses(self, cluster: Cluster) -> frozenset[Remote]:
        own = origin(self.kubeaid)
        return self.run.settings.repositories.kubeaid.union(cluster.general.kubeaid, [own] if own else [])

    def _is_chart(self, path: str) -> bool:
        """Return whether KubeAid has a chart of this path at the revision."""
        if not path.startswith(f"{CHARTS}/"):
            return False
        return Repository(self.kubeaid).tree(self.target.commit, path) is not None

    def _missed(self, cluster: Cluster, edited: ClusterEdits, request: Request) -> Iterator[RenderedApp]:
        """Yield the Applications with a source in KubeAid that no file of the cluster has."""
        for app in self._apps(cluster):
            sources = app.application.sources if app.application else ()
            is_kubeaid = any(not source.chart and source.remote in request.kubeaid for source in sources)
            if is_kubeaid and (not request.apps or app.app.rpartition("/")[2] in request.apps):
                here = edited.apps.get(app.path, ())
                if app.path not in edited.unreadable and not any(
                    not_compared.sources or not_compared.is_set for not_compared in here
                ):
                    yield app


def _not_reported(refused: Iterable[Finding], reported: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings about builds of clusters whose Applications have no finding yet."""
    subjects = {finding.subject for finding in reported}
    for finding in refused:
        if not any(subject.startswith(f"{finding.subject}/") for subject in subjects):
            yield finding


def _planned(edit: RevisionEdit) -> RevisionEdit:
    return replace(edit, status=PlaceStatus.PLANNED) if edit.status is PlaceStatus.MOVED else edit


def _applies(app: RenderedApp, folder: str) -> bool:
    sources = app.application.sources if app.application else ()
    return any(source.path.strip("/") == folder for source in sources)
