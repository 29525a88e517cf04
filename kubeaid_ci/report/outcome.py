"""The outcome of a report: the findings that count, their order, and the exit code."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kubeaid_ci.findings.finding import FailOn, Finding, Severity
from kubeaid_ci.report.report import Report


def exit_code(findings: Iterable[Finding], fail_on: FailOn) -> int:
    """1 where a finding that is not suppressed is at or above `fail_on`, else 0."""
    return int(any(fail_on.reached_by(finding.severity) for finding in speaking(findings)))


def speaking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are not suppressed: the worst first, then by place, rule and subject."""
    return tuple(sorted((finding for finding in findings if finding.suppressed_by is None), key=_order))


def by_severity(findings: Iterable[Finding]) -> Mapping[Severity, tuple[Finding, ...]]:
    """The findings that are not suppressed, under each severity that has any, the worst first."""
    spoken = speaking(findings)
    groups = {severity: tuple(f for f in spoken if f.severity is severity) for severity in Severity}
    return {severity: group for severity, group in groups.items() if group}


def counts(report: Report) -> dict[str, int]:
    """Return the number of errors, warnings, infos and suppressed findings."""
    speaks = Counter(finding.severity for finding in report.findings if finding.suppressed_by is None)
    return {
        "errors": speaks[Severity.ERROR],
        "warnings": speaks[Severity.WARNING],
        "infos": speaks[Severity.INFO],
        "suppressed": len(report.findings) - speaks.total(),
    }


def summary(report: Report) -> dict[str, Any]:
    """The report's own summary, then the counts of findings that it does not give itself."""
    return {**report.summary, **{k: v for k, v in counts(report).items() if k not in report.summary}}


def place(finding: Finding) -> str:
    """Return the position of a finding: ``path:line``, ``path``, or its subject if it has no path."""
    if finding.path is None:
        return finding.subject
    return finding.path if finding.line is None else f"{finding.path}:{finding.line}"


def _order(finding: Finding) -> tuple[int, str, int, str, str, str]:
    where = (finding.path or "", finding.line or 0)
    return (-finding.severity.weight, *where, finding.rule.id, finding.subject, finding.message)
