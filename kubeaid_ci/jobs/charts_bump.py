"""What goes into an update of one umbrella chart, and what comes out: everything it changes, or why it must not be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.model.chart import Chart
from kubeaid_ci.model.chart_update import SubchartUpdate
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.ledger import LedgerEntry
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.tree import File
from kubeaid_ci.model.upstream import Release


@dataclass(frozen=True, slots=True)
class Bump:
    """One dependency, and the release that it is to have."""

    tracked: Tracked
    release: Release


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that an update of one umbrella chart changes. `files` are by path in the repository.

    Of the folders `anew` nothing is kept; `entries` are those of the ledger by their key.
    """

    chart: Chart
    subcharts: tuple[SubchartUpdate, ...]
    files: Mapping[str, File | None] = field(repr=False)
    anew: tuple[str, ...]
    entries: Mapping[str, LedgerEntry]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an update is not made; `outside` where somebody else is at fault and not the chart."""

    chart: Chart
    error: str
    findings: tuple[Finding, ...] = ()
    outside: bool = False


class RefusedError(Exception):
    """What stops the update of a chart."""

    def __init__(self, error: str, *findings: Finding, outside: bool = False) -> None:
        super().__init__(error)
        self.findings = findings
        self.outside = outside


def at(one: Tracked, rule: str, message: str, *, severity: Severity | None = None) -> Finding:
    """A finding at the line that declares a dependency."""
    place = one.dependency
    return RULES[rule].at(place.path, message, subject=one.key, line=place.line, severity=severity, key=rule)
