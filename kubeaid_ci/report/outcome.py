"""The parts that several formats print: counts, findings in order, results as a table; and the exit code."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubeaid_ci.findings.finding import FailOn, Finding, Severity
from kubeaid_ci.report.blocks import Table, plain
from kubeaid_ci.report.json import plain as as_json
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import one_line, shortened

# Of a field that is no report's own choice of a column.
_LONGEST_CELL = 60


def exit_code(findings: Iterable[Finding], fail_on: FailOn) -> int:
    """Return 1 if a finding that is not suppressed is at or above `fail_on`, else 0."""
    return int(any(fail_on.reached_by(finding.severity) for finding in speaking(findings)))


def speaking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are not suppressed: the worst first, then by place, rule and subject."""

    def order(finding: Finding) -> tuple[int, str, int, str, str, str]:
        where = (finding.path or "", finding.line or 0)
        return (-finding.severity.weight, *where, finding.rule.id, finding.subject, finding.message)

    return tuple(sorted((finding for finding in findings if finding.suppressed_by is None), key=order))


def by_severity(findings: Iterable[Finding]) -> Mapping[Severity, tuple[Finding, ...]]:
    """Return the findings that are not suppressed, by each severity that has any, the worst first."""
    unsuppressed = speaking(findings)
    groups = {severity: tuple(f for f in unsuppressed if f.severity is severity) for severity in Severity}
    return {severity: group for severity, group in groups.items() if group}


def alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return findings in groups of the same severity, rule and message; two places of a subject are two groups."""
    repeats: Counter[tuple[str, str, str, str]] = Counter()
    groups: dict[tuple[str, str, str, int], list[Finding]] = {}
    for finding in findings:
        key = (finding.severity.value, finding.rule.id, finding.message)
        groups.setdefault((*key, repeats[*key, finding.subject]), []).append(finding)
        repeats[*key, finding.subject] += 1
    return list(groups.values())


def counts(report: Report) -> dict[str, int]:
    """Return the number of errors, warnings, infos and suppressed findings."""
    by_severity = Counter(finding.severity for finding in report.findings if finding.suppressed_by is None)
    return {
        "errors": by_severity[Severity.ERROR],
        "warnings": by_severity[Severity.WARNING],
        "infos": by_severity[Severity.INFO],
        "suppressed": len(report.findings) - by_severity.total(),
    }


def summary(report: Report) -> dict[str, Any]:
    """Return the report's own summary, then the counts of findings that it does not have."""
    return {**report.summary, **{k: v for k, v in counts(report).items() if k not in report.summary}}


def place(finding: Finding) -> str:
    """Return the position of a finding: ``path:line``, ``path``, or its subject if it has no path."""
    if finding.path is None:
        return finding.subject
    return finding.path if finding.line is None else f"{finding.path}:{finding.line}"


def results(report: Report) -> Table:
    """Return the report's own table with each cell on one line; if it has none, a table of its results' fields."""
    if report.table is None:
        return fields_table(report.results)
    return Table(report.table.columns, tuple(tuple(one_line(plain(cell)) for cell in row) for row in report.table.rows))


def fields_table(values: Iterable[Any]) -> Table:
    """Return a row for each value and a column for each field; columns that would be empty are left out.

    A list is printed as the number of its entries, a number of seconds with two digits.
    """
    records = [record for record in map(as_json, values) if isinstance(record, dict)]
    cells = [{name: _cell(value) for name, value in record.items()} for record in records]
    names = dict.fromkeys(name for record in cells for name, cell in record.items() if cell)
    titles = tuple(one_line(name.replace("_", " ")) for name in names)
    return Table(titles, tuple(tuple(record.get(name, "") for name in names) for record in cells))


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case list() | dict():
            return str(len(value)) if value else ""
        case float():
            return f"{value:.2f}"
        case None:
            return ""
    return shortened(one_line(str(value)), _LONGEST_CELL)
