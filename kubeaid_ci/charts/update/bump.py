"""Input and result of updating one umbrella chart: the changes, or the reason it was refused."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kubeaid_ci.charts.ledger.ledger import LedgerEntry
from kubeaid_ci.charts.update.result import SubchartUpdate
from kubeaid_ci.charts.update.tracked import TrackedDependency
from kubeaid_ci.charts.verify import upstream
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import File
from kubeaid_ci.helm.chart import Chart
from kubeaid_ci.helm.published import Release
from kubeaid_ci.net.errors import Failed


@dataclass(frozen=True, slots=True)
class Bump:
    """One dependency and the release to update it to. `before` is the version to report as the old one."""

    tracked: TrackedDependency
    release: Release
    before: str


@dataclass(frozen=True, slots=True)
class PreparedUpdate:
    """Everything that an update of one umbrella chart changes.

    `files` are by path in the repository, None to remove the file. Of the folders `replaced` nothing else is kept.
    `entries` are those of the ledger by their key.
    """

    chart: Chart
    subcharts: tuple[SubchartUpdate, ...]
    files: Mapping[str, File | None] = field(repr=False)
    replaced: tuple[str, ...]
    entries: Mapping[str, LedgerEntry]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedUpdate:
    """Why an umbrella chart is not updated. `findings` give details of `error`.

    `failures` are upstreams that gave no usable answer: then the chart failed, and it is not the chart's fault.
    """

    chart: Chart
    error: str
    findings: tuple[Finding, ...] = ()
    failures: tuple[tuple[TrackedDependency, Failed], ...] = ()


class UpdateRefusedError(Exception):
    """Stops the update of a chart."""

    def __init__(self, error: str, *findings: Finding, failure: tuple[TrackedDependency, Failed] | None = None) -> None:
        super().__init__(error)
        self.findings = findings
        self.failures = (failure,) if failure else ()

    def of(self, chart: Chart) -> RefusedUpdate:
        """Return the result for the chart."""
        return RefusedUpdate(chart, str(self), self.findings, self.failures)


def check(refused: Iterable[RefusedUpdate], *, asked: int) -> Iterator[Finding]:
    """Yield an error for each refused chart with its details, and each upstream that failed once.

    `asked` is the number of dependencies that were looked up.
    """
    failures: list[tuple[TrackedDependency, Failed]] = []
    for refusal in refused:
        failures += refusal.failures
        if not refusal.failures:
            yield refused_finding(refusal.chart, refusal.error)
        yield from refusal.findings
    yield from upstream.unreachable_findings(failures, asked=asked, consequence="{} not updated")


def refused_finding(chart: Chart, error: str) -> Finding:
    """Return the finding for a chart that is not updated."""
    message = f"{chart.folder} is not updated: {error}"
    return RULES["chart/update-refused"].at(chart.file, message, subject=chart.folder, key="update")


def at(tracked: TrackedDependency, rule: str, message: str, *, severity: Severity | None = None) -> Finding:
    """Return a finding at the line that declares a dependency."""
    place = tracked.dependency
    return RULES[rule].at(place.path, message, subject=tracked.key, line=place.line, severity=severity, key=rule)
