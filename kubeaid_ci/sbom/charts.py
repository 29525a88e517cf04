"""The charts of rendered Applications with their metadata, at the revision that each is rendered from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.charts.reader import read_some
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import WORK_TREE, Commit, TreeRevision, WorkTree
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.git.tree import folder_ids
from kubeaid_ci.helm.chart import Chart
from kubeaid_ci.helm.dependencies import resolve
from kubeaid_ci.render.rendering import RenderedApp, SourcePlan
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.sbom.model import ChartPart


@dataclass(frozen=True, slots=True)
class ChartAt:
    """The folder of a chart in a repository, at a commit or in the work tree."""

    root: Path
    revision: TreeRevision
    path: str


@dataclass(slots=True)
class ChartCatalog:
    """Charts by their folders and revisions. `parts` has every chart that was read, by its key."""

    repositories: LocalRepositories
    cache: Cache | None
    parts: dict[str, ChartPart] = field(default_factory=dict)
    _keys: dict[ChartAt, Mapping[str, str]] = field(default_factory=dict)

    def read(self, apps: Iterable[RenderedApp]) -> None:
        """Read the charts of Applications that were not read before, with one look at each revision."""
        wanted: dict[tuple[Path, TreeRevision], set[str]] = {}
        for place in {place for app in apps for place in self._places(app)} - set(self._keys):
            wanted.setdefault((place.root, place.revision), set()).add(place.path)
        for root, revision in sorted(wanted, key=str):
            self._read(root, revision, wanted[root, revision])

    def keys_of(self, app: RenderedApp) -> Mapping[str, str]:
        """Return the keys of the charts of an Application by their folders, vendored ones included."""
        found: dict[str, str] = {}
        for place in self._places(app):
            found |= self._keys.get(place, {})
        return found

    def _places(self, app: RenderedApp) -> Iterator[ChartAt]:
        for plan in app.sources:
            if plan.chart and plan.repository and (revision := self._revision(plan)) is not None:
                yield ChartAt(self._root(plan), revision, plan.path)

    def _root(self, plan: SourcePlan) -> Path:
        return self.repositories.config if plan.repository == "config" else self.repositories.kubeaid

    def _revision(self, plan: SourcePlan) -> TreeRevision | None:
        """Return the commit that a source was rendered at, or the work tree; None if it could not be read."""
        root = self._root(plan)
        given_ref = self.repositories.config_ref if plan.repository == "config" else self.repositories.kubeaid_ref
        known = {name: commit for place, name, commit in self.repositories.resolved() if place == root}
        reviewed = (plan.source.revision,) if plan.repository == "config" else ()
        names = ("HEAD", str(WORK_TREE), *reviewed)
        if isinstance(given_ref, WorkTree) and plan.revision in names:
            return WORK_TREE
        commit = known.get(plan.revision or "HEAD")
        return Commit(commit) if commit else None

    def _read(self, root: Path, revision: TreeRevision, paths: set[str]) -> None:
        with open_snapshot(root, revision, sorted({path.partition("/")[0] for path in paths})) as snapshot:
            charts = read_some(snapshot, paths, cache=self.cache.folder if self.cache else None)
            trees = folder_ids(snapshot.files)
        repository = Repository.at(root)
        origin = repository.remote() if repository else None
        address = "" if origin is None or origin.is_local else origin.web_url
        commit = "" if isinstance(revision, WorkTree) else revision.name
        for path in paths:
            found = _Parts(trees, address, commit)
            if path in charts:
                found.add(charts[path], "")
            self.parts |= found.parts
            self._keys[ChartAt(root, revision, path)] = found.keys


@dataclass(slots=True)
class _Parts:
    """The parts of one umbrella chart, and their keys by folder."""

    trees: Mapping[str, str]
    address: str
    commit: str
    parts: dict[str, ChartPart] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def add(self, chart: Chart, repository: str) -> str:
        """Add a chart and those that are vendored in it; return its key."""
        declared = {found.subchart.path: found.dependency.repository for found in resolve(chart) if found.subchart}
        vendored = [subchart for subchart in chart.subcharts if subchart.chart and not subchart.is_link]
        inner = [self.add(subchart.chart, declared.get(subchart.path, "")) for subchart in vendored if subchart.chart]
        source = f"{self.address}@{self.commit}#{chart.path}" if self.address and self.commit else ""
        part = ChartPart(
            chart.name,
            chart.version,
            self.trees.get(chart.path, ""),
            repository=repository,
            source="" if repository else source,
            app_version=chart.app_version,
            home=chart.home,
            licenses=chart.licenses,
            maintainers=chart.maintainers,
            subcharts=tuple(sorted(set(inner))),
        )
        # The same content at two revisions is one chart; the first address of it counts.
        part = self.parts.setdefault(part.key, part)
        self.keys[chart.path] = part.key
        return part.key
