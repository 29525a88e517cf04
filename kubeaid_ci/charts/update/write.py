"""Writes prepared updates into a checkout, one umbrella chart after the other, each with its ledger entries.

What an update has changed is known by comparing with the last commit of the checkout.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from kubeaid_ci.charts import content, source
from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import bump, platform_files, select_release
from kubeaid_ci.charts.update import folder as chart_folder
from kubeaid_ci.charts.update.bump import PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.job import PreparedUpdates, Ready
from kubeaid_ci.charts.update.plan import PlannedUpdate
from kubeaid_ci.charts.update.result import ChartUpdate, Updates, UpdateStatus
from kubeaid_ci.charts.update.tracked import tracked_dependencies
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git import attributes, work_tree
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Commit
from kubeaid_ci.settings.policy import Step


@dataclass(frozen=True, slots=True)
class HeadCharts:
    """The folders of umbrella charts, and the vendored versions by ``umbrella/folder``."""

    folders: frozenset[str]
    versions: Mapping[str, str]

    @classmethod
    def read(cls, root: Path, repo: ChartRepo, *, cache: bool) -> Self:
        """Read the last commit of a checkout. Without one, nothing has changed: `repo` is what was there."""
        if repo.snapshot.commit is None and _has_commit(root):
            try:
                head = source.read(root, Commit("HEAD"), cache=cache)
            except UserError:
                return cls.of(repo)  # the commit has no charts, or no readable ledger
            head.snapshot.close()
            return cls.of(head)
        return cls.of(repo)

    @classmethod
    def of(cls, repo: ChartRepo) -> Self:
        """Return what a repository holds."""
        folders = {chart.folder for chart in repo.charts.charts} | {bad.path.split("/")[1] for bad in repo.charts.bad}
        return cls(
            frozenset(folders), {tracked.key: tracked.current for tracked in tracked_dependencies(repo.charts.charts)}
        )

    def interrupted(self, repo: ChartRepo) -> Iterator[tuple[str, str]]:
        """Yield dependencies, by key, that have another version than here and than in the ledger: a kill came between.

        Each comes with its version here.
        """
        for tracked in tracked_dependencies(repo.charts.charts):
            entry = repo.ledger.entries.get(tracked.key)
            before = self.versions.get(tracked.key)
            if (
                tracked.current
                and before not in (None, tracked.current)
                and (entry is None or entry.version != tracked.current)
            ):
                yield tracked.key, before or ""

    def step_to(self, versions: Mapping[str, str]) -> Step | None:
        """Return the largest step from the versions here to others."""
        steps = [
            select_release.step(before, versions[key])
            for key, before in self.versions.items()
            if versions.get(key) not in (None, before)
        ]
        return max((one for one in steps if one), key=lambda step: step.weight, default=None)


def _has_commit(root: Path) -> bool:
    repository = Repository.at(root)
    return repository is not None and repository.date("HEAD") is not None


@dataclass(slots=True)
class ChartWriter:
    """A checkout that is written to, with the ledger and the vendored versions as they become on the way.

    VERSION and the list of apps follow from what has changed since `head`, so that a run that was killed before it
    wrote them loses nothing.
    """

    root: Path
    head: HeadCharts
    ledger: Ledger
    folders: set[str]
    versions: dict[str, str]
    dry_run: bool = False
    written: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def begin(cls, root: Path, repo: ChartRepo, head: HeadCharts, *, dry_run: bool) -> Self:
        """Return a writer for the checkout of `repo`; with `dry_run` it writes nothing."""
        now = HeadCharts.of(repo)
        return cls(root, head, repo.ledger, set(now.folders), dict(now.versions), dry_run)

    def write_all(self, updates: PreparedUpdates) -> Updates:
        """Write every update. One that cannot be written does not block the others."""
        results = tuple(self._result(ready) for ready in updates.ready)
        self._write_following()
        findings = (*updates.findings, *self.findings)
        written = tuple(dict.fromkeys(self.written))
        return Updates(results, findings, written, tuple(self.unwritten), dry_run=self.dry_run)

    def _result(self, ready: Ready) -> ChartUpdate:
        if not isinstance(ready, PreparedUpdate):
            return unchanged(ready)
        try:
            return self._write(ready)
        except UserError as error:
            self.unwritten.append(ready.chart.folder)
            self.findings.append(bump.refused_finding(ready.chart, str(error)))
            return ChartUpdate(ready.chart.folder, UpdateStatus.REFUSED, error=str(error))

    def _write(self, prepared: PreparedUpdate) -> ChartUpdate:
        folder, is_new = prepared.chart.folder, prepared.chart.folder not in self.folders
        after = replace(self.ledger, entries={**self.ledger.entries, **prepared.entries}, exists=True)
        versions = self.versions | {key: entry.version for key, entry in prepared.entries.items()}
        then = {LEDGER: ledgers.text(after).encode(), **self._following(self.folders | {folder}, versions)}
        if not self.dry_run:
            chart_folder.replace(self.root, prepared.chart.path, prepared.files, replaced=prepared.replaced, then=then)
        self.ledger, self.versions = after, versions
        self.folders.add(folder)
        self.written += then
        self.findings += [*prepared.findings, *self._ignored(prepared), *self._rewritten(prepared)]
        status = UpdateStatus.ADDED if is_new else UpdateStatus.UPDATED
        return ChartUpdate(folder, status, prepared.subcharts, dry_run=self.dry_run)

    def _following(self, folders: set[str], versions: dict[str, str]) -> dict[str, bytes]:
        """Return the files that follow the charts, if they change."""
        added, step = folders - self.head.folders, self.head.step_to(versions)
        after = platform_files.following(texts(self.root), added=added, step=step)
        return {path: text.encode() for path, text in after.items()}

    def _write_following(self) -> None:
        """Write what an earlier run left out because it was killed."""
        if files := self._following(self.folders, self.versions):
            if not self.dry_run:
                chart_folder.write(self.root, files)
            self.written += files

    def _ignored(self, prepared: PreparedUpdate) -> Sequence[Finding]:
        """Return the new files that ignore files keep out of Git."""
        paths = [path for path, file in prepared.files.items() if file is not None]
        found = sorted(work_tree.ignored(self.root, paths)) if Repository.at(self.root) else []
        rule = RULES["chart/dropped-by-gitignore"]
        message = "an ignore file keeps this new file out of Git; add it with git add --force"
        return [rule.at(path, message, subject=prepared.chart.folder, key=path) for path in found]

    def _rewritten(self, prepared: PreparedUpdate) -> Iterable[Finding]:
        """Return the findings about new files that a checkout changes, because the chart has a ``.gitattributes``."""
        paths = [path for path, file in prepared.files.items() if file is not None]
        has_attributes = any(path.endswith(attributes.FILE) for path in paths)
        if self.dry_run or not has_attributes or not Repository.at(self.root):
            return ()
        return content.rewritten(attributes.rewritten(self.root, paths, commit=None))


def texts(root: Path) -> dict[str, str]:
    """Return the files of a checkout that follow the charts, by path. A link out of the checkout is not followed."""
    top = root.resolve()
    inside = [path for path in platform_files.FILES if (root / path).resolve().is_relative_to(top)]
    present = [path for path in inside if (root / path).is_file()]
    return {path: (root / path).read_bytes().decode("utf-8", "replace") for path in present}


def unchanged(ready: PlannedUpdate | RefusedUpdate) -> ChartUpdate:
    """Return the result for a chart that is not updated."""
    match ready:
        case PlannedUpdate():
            status = UpdateStatus.SKIPPED if ready.findings else UpdateStatus.UP_TO_DATE
            return ChartUpdate(ready.chart.folder, status)
        case RefusedUpdate():
            status = UpdateStatus.FAILED if ready.failures else UpdateStatus.REFUSED
            return ChartUpdate(ready.chart.folder, status, error=ready.error)
