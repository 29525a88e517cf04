"""Checks that a vendored chart has no undeclared edits before it is replaced: an update would lose them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubeaid_ci.charts.ledger import check as ledger_checks
from kubeaid_ci.charts.ledger.ledger import LEDGER, LedgerEntry
from kubeaid_ci.charts.update.bump import UpdateRefusedError, at
from kubeaid_ci.charts.update.tracked import TrackedDependency
from kubeaid_ci.charts.verify import compare as chart_upstream
from kubeaid_ci.charts.verify.compare import Comparison
from kubeaid_ci.charts.verify.verdict import FileChange, Vendored, compare_trees
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.patches import PatchError, apply_patches
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree import File, below
from kubeaid_ci.helm.dependencies import allows
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed


@dataclass(frozen=True, slots=True)
class VendoredCopy:
    """Our copy of one published chart, and its entry in the ledger."""

    tracked: TrackedDependency
    entry: LedgerEntry | None
    snapshot: Snapshot

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of its files in the repository."""
        subchart = self.tracked.subchart
        start = f"{subchart.path}/" if subchart else ""
        return tuple(path for path in self.snapshot.files if start and path.startswith(start))

    def check_replaceable(self, upstreams: Upstreams, *, overwrite: bool) -> tuple[Finding, ...]:
        """Raise `UpdateRefusedError` if the copy must not be replaced. `overwrite` discards edits.

        Returns warnings about what could not be checked.
        """
        one = self.tracked
        if archive := next((name for name in one.chart.archives if _packs(name, one.dependency.name)), None):
            raise UpdateRefusedError(f"{one.chart.path}/charts/{archive} is a packed chart; unpack it or remove it")
        if one.subchart is None:
            return ()
        if one.subchart.is_link:
            raise UpdateRefusedError(f"{one.subchart.path} is a link; replace it by the published chart")
        return () if overwrite else self._compare(one.current, upstreams)

    def patched(self, got: Fetched, version: str) -> Mapping[str, File]:
        """Return the published files with the declared patches applied."""
        patches, removed = (self.entry.patches, self.entry.removed) if self.entry else ((), ())
        try:
            texts = {path: self.snapshot.read(path) for path in patches}
            return apply_patches(got.files, texts, removed=removed)
        except (PatchError, UserError) as error:
            finding = at(self.tracked, "chart/patch-does-not-apply", str(error))
            message = f"a declared patch does not apply to {self.tracked.dependency.name} {version}"
            raise UpdateRefusedError(message, finding) from error

    def changes(self, theirs: Mapping[str, File]) -> tuple[FileChange, ...]:
        """Return how our files differ from others."""
        subchart = self.tracked.subchart
        ours = below(self.snapshot.files, subchart.path) if subchart else {}
        return compare_trees(ours, {path: file.entry for path, file in theirs.items()})

    def _compare(self, current: str, upstreams: Upstreams) -> tuple[Finding, ...]:
        one, entry = self.tracked, self._reviewed(current)
        if entry is not None and entry.sha256 is not None:
            return ()  # recorded only if the archive held the same
        known = entry.url if entry and entry.url else ""
        got = upstreams.fetch(one.dependency.name, current, one.dependency.repository, known_url=known)
        if isinstance(got, Failed):
            return self._not_compared(got, current, is_reviewed=entry is not None)
        if changes := self.changes(self.patched(got, current)):
            than = f"the published {one.dependency.name} {current}"
            than += " with our patches" if entry and entry.patches else ""
            raise self._edited(than, changes)
        return ()

    def _reviewed(self, current: str) -> LedgerEntry | None:
        """Return the entry for the version that is vendored; raises `UpdateRefusedError` if the content differs."""
        entry = self.entry
        if entry is None or entry.version != current:
            return None
        if self._vendored and ledger_checks.differs(self._vendored, entry):
            raise self._edited("what the ledger records", ())
        return entry

    def _not_compared(self, got: Failed, current: str, *, is_reviewed: bool) -> tuple[Finding, ...]:
        """Return a warning if our copy is as reviewed but cannot be compared. Raises `UpdateRefusedError`."""
        message = f"{self.tracked.key} {current} cannot be compared with what was published: {got.message}"
        if got.may_pass:
            raise UpdateRefusedError(message, failure=(self.tracked, got))
        if is_reviewed:
            accepted = f"{message}; it is as {LEDGER} records it, so edits in it were reviewed and are replaced"
            return (at(self.tracked, "chart/unverifiable", accepted),)
        raise UpdateRefusedError(
            f"{message}; review it and record it with `charts verify --offline --update-ledger`, or discard it with"
            " --overwrite"
        )

    @property
    def _vendored(self) -> Vendored | None:
        one = self.tracked
        return Vendored(one.chart.folder, one.subchart, one.dependency) if one.subchart else None

    def _edited(self, than: str, changes: Iterable[FileChange]) -> UpdateRefusedError:
        message = (
            f"{self.tracked.key} differs from {than}, and an update would lose the difference;"
            " declare it as a patch in the ledger, or discard it with --overwrite"
        )
        compared = Comparison(tuple(changes))
        found = chart_upstream.file_findings(self._vendored, compared, than=than) if self._vendored else ()
        return UpdateRefusedError(message, *found)


def _packs(file: str, name: str) -> bool:
    """Return whether a file is named as a packed chart of that name: ``<name>-<version>.tgz``."""
    return file.startswith(f"{name}-") and allows(">=0-0", file.removeprefix(f"{name}-").removesuffix(".tgz"))
