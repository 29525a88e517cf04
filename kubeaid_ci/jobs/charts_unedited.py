"""Makes sure that a vendored chart is what was published, with the declared patches, before it is replaced.

An edit that nobody declared would be lost with the update without a word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubeaid_ci.checks import chart_upstream
from kubeaid_ci.checks import ledger as ledger_checks
from kubeaid_ci.checks.chart_upstream import Comparison
from kubeaid_ci.compare.chart_trees import compare
from kubeaid_ci.edges.patches import PatchError, apply_patches
from kubeaid_ci.edges.snapshot import Snapshot
from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.charts_bump import RefusedError, at
from kubeaid_ci.model.chart_verdict import FileChange, Vendored
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.ledger import LedgerEntry
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.tree import File, below
from kubeaid_ci.model.upstream import Failed, Fetched


@dataclass(frozen=True, slots=True)
class Copy:
    """Our copy of one published chart, and what the ledger has of it."""

    tracked: Tracked
    entry: LedgerEntry | None
    snapshot: Snapshot

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of its files in the repository."""
        subchart = self.tracked.subchart
        start = f"{subchart.path}/" if subchart else ""
        return tuple(path for path in self.snapshot.files if start and path.startswith(start))

    def may_be_replaced(self, upstreams: Upstreams, *, overwrite: bool) -> None:
        """Raise `RefusedError` where the copy is not to be replaced; `overwrite` lets edits go."""
        one = self.tracked
        if archive := next((name for name in one.chart.archives if name.startswith(f"{one.dependency.name}-")), None):
            raise self._unknown(
                f"{archive} is packed in {one.chart.path}/charts; unpack it, so that it can be compared"
            )
        if one.subchart is None:
            return
        if one.subchart.is_link:
            raise self._unknown(f"{one.subchart.path} is a link; put the published chart there before it is updated")
        if self.entry is not None and not self.entry.is_compared:
            message = f"{one.key} is {self.entry.origin} by the ledger, so no upstream can update it"
            raise RefusedError(message, at(one, "chart/unverifiable", message, severity=Severity.INFO))
        if not overwrite:
            self._compare(Vendored(one.chart.folder, one.subchart, one.dependency), upstreams)

    def patched(self, got: Fetched) -> Mapping[str, File]:
        """Published files with the declared patches put on."""
        patches, removed = (self.entry.patches, self.entry.removed) if self.entry else ((), ())
        try:
            texts = {path: self.snapshot.read(path) for path in patches}
            return apply_patches(got.files, texts, removed=removed)
        except (PatchError, UserError) as error:
            raise RefusedError(str(error), at(self.tracked, "chart/patch-does-not-apply", str(error))) from error

    def changes(self, theirs: Mapping[str, File]) -> tuple[FileChange, ...]:
        """How ours differs from other files."""
        subchart = self.tracked.subchart
        ours = below(self.snapshot.files, subchart.path) if subchart else {}
        return compare(ours, {path: file.entry for path, file in theirs.items()})

    def _compare(self, vendored: Vendored, upstreams: Upstreams) -> None:
        one, entry = self.tracked, self.entry
        if entry is not None and entry.version == one.current:
            if ledger_checks.differs(vendored, entry):
                raise self._edited("what the ledger records", ())
            if entry.sha256 is not None:
                return  # recorded only of an archive that held the same
        known = entry.url if entry and entry.url and entry.version == one.current else ""
        got = upstreams.fetch(one.dependency.name, one.current, one.dependency.repository, known_url=known)
        if isinstance(got, Failed):
            message = f"{one.key} {one.current} cannot be compared with what was published: {got.message}"
            raise RefusedError(message, at(one, "chart/unverifiable", message), outside=got.may_pass)
        if changes := self.changes(self.patched(got)):
            than = f"the published {one.dependency.name} {one.current}"
            than += " with our patches" if entry and entry.patches else ""
            raise self._edited(than, chart_upstream.file_findings(vendored, Comparison(changes), than=than))

    def _unknown(self, message: str) -> RefusedError:
        return RefusedError(message, at(self.tracked, "chart/unverifiable", message))

    def _edited(self, than: str, findings: Iterable[Finding]) -> RefusedError:
        message = (
            f"{self.tracked.key} is not {than}, and an update would undo the difference;"
            " declare it as a patch in the ledger, or give it up with --overwrite"
        )
        told = tuple(findings) or (at(self.tracked, "chart/file-modified", message),)
        return RefusedError(message, *told)
