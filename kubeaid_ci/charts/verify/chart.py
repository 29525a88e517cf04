"""The verdict on one vendored chart: our copy against what was reviewed, and against what is published."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.charts.ledger import check as ledger_checks
from kubeaid_ci.charts.ledger.ledger import OWN, LedgerEntry
from kubeaid_ci.charts.verify import compare as chart_upstream
from kubeaid_ci.charts.verify.compare import Comparison
from kubeaid_ci.charts.verify.effects import ChartEffects
from kubeaid_ci.charts.verify.verdict import (
    ChartResult,
    ChartStatus,
    FileAction,
    FileChange,
    Side,
    Vendored,
    compare_trees,
)
from kubeaid_ci.compare import file_diff
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git import history, work_tree
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.history import FolderCommit
from kubeaid_ci.git.patches import PatchError, apply_patches
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import TreeRevision, WorkTree
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree import Entry, File, below
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.helm.repository import plain
from kubeaid_ci.net.errors import Failed

Verdict = tuple[ChartResult, tuple[Finding, ...]]
_MOST_COMMITS = 3


@dataclass(frozen=True, slots=True)
class ChartVerifier:
    """Verifies the vendored charts of one state of a repository; `effects` renders those that differ, if given."""

    root: Path
    snapshot: Snapshot
    revision: TreeRevision
    effects: ChartEffects | None

    def verdict(
        self, vendored: Vendored, entry: LedgerEntry | None, got: Fetched | Failed | None, compared: Comparison | None
    ) -> Verdict:
        """Return the verdict; `got` is None if no upstream was contacted, `compared` belongs to the fetched archive."""
        if vendored.subchart.is_link:
            return vendored.result(ChartStatus.DIFFERENT), (_replaced_by_link(vendored),)
        reviewed, reports = self._offline(vendored, entry)
        if got is None or (isinstance(got, Failed) and reports):
            judged = chart_upstream.judge(vendored, entry, got)[1] if got else ()
            return self._with_effects(vendored, reviewed, lambda: self._reviewed(entry), by=Side.OURS), (
                *judged,
                *reports,
            )
        result, findings = chart_upstream.judge(vendored, entry, got, compared)
        if result.status is ChartStatus.IDENTICAL and reports:
            return result, (*findings, _outdated(vendored))
        by = Side.UPSTREAM if chart_upstream.is_republished(vendored, entry, got) else Side.OURS
        return self._with_effects(vendored, result, lambda: compared.published if compared else {}, by=by), findings

    def compare(self, vendored: Vendored, entry: LedgerEntry | None, got: Fetched) -> Comparison:
        """Compare our files with the published files, patched as declared."""
        is_plain = entry is None or not (entry.patches or entry.removed)
        if is_plain and got.tree_id == vendored.subchart.tree:
            return Comparison(published=got.files)  # the same id, the same files: none need be looked at
        try:
            patches = {path: self.snapshot.read(path) for path in (entry.patches if entry else ())}
            wanted = apply_patches(got.files, patches, removed=entry.removed if entry else ())
        except (PatchError, UserError) as error:
            return Comparison(patch_failure=str(error))
        changes = self._changes(vendored, wanted)
        note = self._origin(vendored, entry) if changes else ""
        ignored = self._ignored(vendored, changes)
        return Comparison(changes, ignored=ignored, note=note, published=wanted, ours=self._ours(vendored))

    def _offline(self, vendored: Vendored, entry: LedgerEntry | None) -> Verdict:
        """Return the verdict from only the ledger: identical means that the content was reviewed."""
        if entry is None or entry.version != vendored.subchart.version:
            return vendored.result(ChartStatus.UNVERIFIABLE if vendored.comes_from_elsewhere else ChartStatus.LOCAL), ()
        if entry.origin == OWN and entry.tree is None:
            return vendored.result(ChartStatus.LOCAL), ()
        if not ledger_checks.differs(vendored, entry):
            return vendored.result(ChartStatus.IDENTICAL, digest=entry.sha256), ()
        before = self._reviewed(entry)
        files = self._changes(vendored, before) if before else ()
        result = vendored.result(ChartStatus.DIFFERENT, digest=entry.sha256, files=files)
        return result, tuple(self._edited(vendored, entry, files))

    def _reviewed(self, entry: LedgerEntry | None) -> Mapping[str, File]:
        """Return the files of the tree that the ledger names, where this clone still has it."""
        repository = Repository.at(self.root)
        if repository is None or entry is None or entry.tree is None or not history.has(self.root, entry.tree):
            return {}
        with Blobs(self.root) as blobs:
            found = repository.files(entry.tree).items()
            return {path: File(one.mode, blobs.read(one.id) if one.has_bytes else b"") for path, one in found}

    def _edited(self, vendored: Vendored, entry: LedgerEntry, files: tuple[FileChange, ...]) -> Iterator[Finding]:
        by = self._commits(vendored, entry)
        if files:
            compared = Comparison(files, ignored=self._ignored(vendored, files), note=by, ours=self._ours(vendored))
            yield from chart_upstream.file_findings(vendored, compared, than="what the ledger records")
            return
        message = f"the chart does not hold what the ledger records{by}; fetch the whole history to see the files"
        tree = vendored.subchart.tree or ""
        yield RULES["chart/file-modified"].at(
            vendored.subchart.path, message, subject=vendored.key, key="tree", content=tree
        )

    def _origin(self, vendored: Vendored, entry: LedgerEntry | None) -> str:
        """Return what changed a chart that is not as published; the ledger may never have known it otherwise."""
        if entry is not None and ledger_checks.differs(vendored, entry):
            return self._commits(vendored, entry)
        repository = Repository.at(self.root)
        is_work_tree = isinstance(self.revision, WorkTree)
        if is_work_tree and repository and repository.tree("HEAD", vendored.subchart.path) != vendored.subchart.tree:
            return "; our copy was changed in the work tree"
        step = history.last(self.root, vendored.subchart.path, revision=self.snapshot.commit or "HEAD")
        return f"; our copy was last changed by {_step_text(step)}" if step else ""

    def _commits(self, vendored: Vendored, entry: LedgerEntry) -> str:
        revision = self.snapshot.commit or "HEAD"
        steps = history.since(self.root, vendored.subchart.path, entry.tree or "", revision=revision)
        named = [_step_text(step) for step in steps or ()]
        more = f" and {len(named) - _MOST_COMMITS} more" if len(named) > _MOST_COMMITS else ""
        if named:
            return f"; changed by {', '.join(named[:_MOST_COMMITS])}{more}"
        return "; changed in the work tree" if steps is not None and isinstance(self.revision, WorkTree) else ""

    def _ignored(self, vendored: Vendored, changes: Iterable[FileChange]) -> frozenset[str]:
        """Return the missing files that ignore files exclude."""
        start = f"{vendored.subchart.path}/"
        missing = [start + change.path for change in changes if change.change is FileAction.MISSING]
        return frozenset(path.removeprefix(start) for path in work_tree.ignored(self.root, missing))

    def _changes(self, vendored: Vendored, theirs: Mapping[str, File]) -> tuple[FileChange, ...]:
        ours = self._ours(vendored)
        found = compare_trees(ours, {path: file.entry for path, file in theirs.items()})
        return tuple(
            replace(change, diff=file_diff.diff(theirs.get(change.path), self._file(vendored, ours, change.path)))
            for change in found
        )

    def _with_effects(
        self, vendored: Vendored, result: ChartResult, theirs: Callable[[], Mapping[str, File]], *, by: Side
    ) -> ChartResult:
        if not result.files or self.effects is None:
            return result
        ours = self._ours(vendored)
        mine = {path: File(entry.mode, self._read(vendored, path)) for path, entry in ours.items()}
        return replace(result, effects=self.effects.of(vendored, ours=mine, theirs=theirs(), by=by))

    def _ours(self, vendored: Vendored) -> Mapping[str, Entry]:
        return below(self.snapshot.files, vendored.subchart.path)

    def _file(self, vendored: Vendored, ours: Mapping[str, Entry], path: str) -> File | None:
        return File(ours[path].mode, self._read(vendored, path)) if path in ours else None

    def _read(self, vendored: Vendored, path: str) -> bytes:
        path = f"{vendored.subchart.path}/{path}"
        return self.snapshot.read(path) if self.snapshot.files[path].has_bytes else b""


def _step_text(step: FolderCommit) -> str:
    return f"{step.commit[:10]} ({step.subject})"


def _outdated(vendored: Vendored) -> Finding:
    message = f"{vendored.key} is what is published, but not what the ledger records; look at it, then accept it"
    tree = vendored.subchart.tree or ""
    return RULES["chart/ledger-changed"].at(
        vendored.subchart.path, message, subject=vendored.key, key="outdated", content=tree
    )


def _replaced_by_link(vendored: Vendored) -> Finding:
    target = plain(vendored.subchart.target or "")
    message = f"{vendored.key} is a link to {target}, not the folder that is published or recorded"
    return RULES["chart/file-modified"].at(vendored.subchart.path, message, subject=vendored.key, key="link")
