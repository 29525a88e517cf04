"""Results of comparing vendored charts with the ledger and with what is published."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.compare.difference import ObjectChange
from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Tree
from kubeaid_ci.helm.chart import Dependency, Subchart
from kubeaid_ci.report.json_result import JsonResult


class FileAction(StrEnum):
    """The difference of one of our files: ``added`` is only in ours."""

    MODIFIED = "modified"
    ADDED = "added"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs, by its path in the chart, and a diff fit for people."""

    path: str
    change: FileAction
    diff: str = ""


def compare_trees(ours: Tree, theirs: Tree) -> tuple[FileChange, ...]:
    """Return the files whose bytes or mode differ, in order of path, without diffs.

    Nothing is normalised first, because that would hide a difference.
    """
    changes = []
    for path in sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)):
        if path in ours and path in theirs:
            action = FileAction.MODIFIED
        else:
            action = FileAction.ADDED if path in ours else FileAction.MISSING
        changes.append(FileChange(path, action))
    return tuple(changes)


class ChartStatus(StrEnum):
    """Verification status of a vendored chart. Not comparable is never reported as identical."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    UNVERIFIABLE = "unverifiable"
    LOCAL = "local"


class Side(StrEnum):
    """The side that changed a chart: ours, or its publisher under the same version."""

    OURS = "ours"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of differing files, rendered by Helm with default values.

    `changed_by` is the side whose change is shown; `rendered` is ``umbrella`` or, if that does not render or shows
    nothing, ``subchart``: the chart by itself. `error` is the reason why the effects are unknown.
    """

    changed_by: Side
    rendered: str = ""
    dangers: tuple[Finding, ...] = ()
    objects: tuple[ObjectChange, ...] = ()
    images: tuple[ImageChange, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ChartResult:
    """One vendored chart's verdict. `upstream_digest` is the SHA-256 of the published archive, if known."""

    chart: str
    subchart: str
    version: str
    repository: str
    status: ChartStatus
    upstream_digest: str | None = None
    files: tuple[FileChange, ...] = ()
    effects: Effects | None = None


@dataclass(frozen=True, slots=True)
class Vendored:
    """A chart vendored right below an umbrella chart, and what declares it (Chart.yaml, else its lock)."""

    umbrella: str
    subchart: Subchart
    dependency: Dependency | None

    @property
    def key(self) -> str:
        """Its name in the ledger and in findings: ``umbrella/folder``."""
        return f"{self.umbrella}/{self.subchart.folder}"

    @property
    def title(self) -> str:
        """Key and version for messages; the key only if there is no version."""
        return " ".join(filter(None, (self.key, self.subchart.version)))

    @property
    def repository(self) -> str:
        """The upstream as declared; an empty text if none is."""
        return self.dependency.repository if self.dependency and self.dependency.kind.is_published else ""

    @property
    def comes_from_elsewhere(self) -> bool:
        """True if an upstream is declared, even if it is unreachable."""
        return bool(self.repository or (self.dependency and self.dependency.is_out_of_reach))

    @property
    def is_named_in_text(self) -> bool:
        """Return whether a file can name it: names of folders need not be text."""
        return not any("\ud800" <= letter <= "\udfff" for letter in self.key)

    def result(
        self, status: ChartStatus, *, digest: str | None = None, files: tuple[FileChange, ...] = ()
    ) -> ChartResult:
        """Return the verdict about it."""
        subchart = self.subchart
        return ChartResult(self.umbrella, subchart.folder, subchart.version, self.repository, status, digest, files)


@dataclass(frozen=True, slots=True)
class Verification(JsonResult):
    """The result of a verification, in order of chart. `may_pass` is true if a retry may reach missing upstreams."""

    results: tuple[ChartResult, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[str, ...] = ()
    """The changes written to the ledger, one plain line each."""
    may_pass: bool = False
