"""Newer releases of vendored charts, and those that policies allow."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.helm.published import Release
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.settings.policy import Step


@dataclass(frozen=True, slots=True)
class Tracked:
    """A dependency of an umbrella chart that has an upstream, and the chart that is vendored for it, if any.

    `new_folder` is the folder in ``charts/`` to vendor it in if nothing is vendored (default: the chart's name).
    `shared_by` are other dependencies that render the same folder under another alias.
    """

    chart: Chart
    dependency: Dependency
    subchart: Subchart | None
    new_folder: str = ""
    shared_by: tuple[Dependency, ...] = ()

    @property
    def folder(self) -> str:
        """The folder in ``charts/``: that of the vendored chart, or the one to create."""
        return self.subchart.folder if self.subchart else self.new_folder or self.dependency.name

    @property
    def key(self) -> str:
        """Its name in the ledger and in findings: ``umbrella/folder``."""
        return f"{self.chart.folder}/{self.folder}"

    @property
    def current(self) -> str:
        """The vendored version; an empty text if nothing readable is vendored."""
        return self.subchart.version if self.subchart and not self.subchart.is_link else ""


@dataclass(frozen=True, slots=True)
class Held:
    """A newer release that is not taken, and why."""

    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The selection: `newest` is the best release that the policy allows, if it differs from ours.

    `latest` is the newest of all that are newer than ours; `held` are those above `newest`, newest first.
    """

    newest: Release | None = None
    latest: Release | None = None
    held: tuple[Held, ...] = ()


class Standing(StrEnum):
    """The status of a vendored chart. An unreachable upstream is never reported as current."""

    CURRENT = "current"
    OUTDATED = "outdated"
    HELD = "held"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outlook:
    """One dependency, what is newer, and what a person wants to know before taking it.

    `newest` is what an update takes, `latest` what there is; `released` is the day that the index gives
    to `newest` (often rewritten later), `first_seen` the day on which it was first seen from here.
    """

    chart: str
    subchart: str
    status: Standing
    current: str
    newest: str | None = None
    latest: str | None = None
    step: Step | None = None
    held: tuple[Held, ...] = ()
    released: date | None = None
    first_seen: date | None = None
    app_version: str | None = None
    kube_version: str | None = None
    deprecated: bool = False
    repository: str = ""
    group: str | None = None
    links: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outlooks(JsonResult):
    """Every requested dependency, in order of chart. `may_pass` is true if a retry may help."""

    results: tuple[Outlook, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[str, ...] = ()
    """The changes written to the ledger, one plain line each."""
    may_pass: bool = False
