"""Updates of vendored charts, and the result of each."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.settings.policy import Step


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One default value that a new version of a chart has, lacks, or sets otherwise; the sides as short text."""

    keys: tuple[str, ...]
    action: Action
    before: str | None = None
    after: str | None = None

    @property
    def path(self) -> str:
        """The keys as one writes them: ``server.replicas``."""
        return ".".join(self.keys)


@dataclass(frozen=True, slots=True)
class FileCounts:
    """The number of added, removed and modified files of a vendored chart."""

    added: int = 0
    removed: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True)
class SubchartUpdate:
    """One vendored chart, by folder and by name, that goes to another version; `before` is empty for a new one."""

    subchart: str
    name: str
    before: str
    after: str
    repository: str
    step: Step | None = None
    alias: str = ""
    app_before: str | None = None
    app_after: str | None = None
    kube_version: str | None = None
    released: date | None = None
    deprecated: bool = False
    sha256: str = ""
    url: str = ""
    links: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """The publisher's notes about the release, one line each."""
    files: FileCounts = FileCounts()
    values: tuple[ValueChange, ...] = ()
    notes: tuple[str, ...] = ()
    """Notes for the reviewer, one sentence each."""


@dataclass(frozen=True, slots=True)
class LostValue:
    """A value that a cluster sets and that a chart no longer has; `path` is in the config repo."""

    cluster: str
    app: str
    key: str
    path: str
    line: int | None = None


class UpdateStatus(StrEnum):
    """The result for a chart. All but `UPDATED` and `ADDED` charts are left as they were."""

    ADDED = "added"
    UPDATED = "updated"
    UP_TO_DATE = "up-to-date"
    SKIPPED = "skipped"
    """The ledger marks the chart as our own."""
    REFUSED = "refused"
    """Something must be reviewed or corrected first; the findings describe what."""
    FAILED = "failed"
    """The upstream could not be reached, or gave no archive."""


@dataclass(frozen=True, slots=True)
class ChartUpdate:
    """One umbrella chart, and what an update changes in it; with `dry_run` only what it would change."""

    chart: str
    status: UpdateStatus
    subcharts: tuple[SubchartUpdate, ...] = ()
    error: str | None = None
    request: Published | None = None
    """The change request that has the update, if it is published as one."""
    dry_run: bool = False

    @property
    def step(self) -> Step | None:
        """The largest step among its charts; of a chart that is new nothing."""
        steps = [subchart.step for subchart in self.subcharts if subchart.step]
        return max(steps, key=lambda step: step.weight, default=None)


@dataclass(frozen=True, slots=True)
class Updates(JsonResult):
    """The results of an update, in order of chart. `written` are files next to the charts that changed.

    `unwritten` are charts that the disk refused. With `dry_run` nothing was written.
    """

    results: tuple[ChartUpdate, ...]
    findings: tuple[Finding, ...] = ()
    written: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    dry_run: bool = False
    command: str = "charts update"
