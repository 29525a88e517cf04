"""The report of a check."""

from collections.abc import Callable, Mapping

from kubeaid_ci.check.result import Checks, ClusterCheck
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import counted

Size = Callable[[str], int]

_HEADER = (
    "cluster",
    "errors",
    "warnings",
    "infos",
    "no policy",
    "no memory limit",
    "no CPU request",
    "no backup",
    "no alert",
)
_FIGURES = (
    ("network", "none", "workloads"),
    ("memory_limit", "missing", "containers"),
    ("cpu_request", "missing", "containers"),
    ("backup", "uncovered", "volumes"),
    ("alerts", "uncovered", "applications"),
)


def report(checks: Checks, findings: tuple[Finding, ...] | None = None, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci check``; `findings` are those to show, if the settings have judged them."""
    judged = checks if findings is None else checks.with_findings(findings)
    return Report(
        "check",
        version,
        summary={
            "clusters": len(judged.clusters),
            "applications": judged.applications,
            "unknown": judged.unknown,
        },
        results=judged.clusters,
        findings=judged.findings,
        table=Table(_HEADER, tuple(_row(check) for check in judged.clusters)),
        opening=(_headline(judged),),
        is_table_first=True,
    )


def outputs(report: Report) -> Mapping[str, str]:
    """Return the outputs for a CI system."""
    counts = outcome.counts(report)
    return {"errors": str(counts["errors"]), "warnings": str(counts["warnings"]), "in-short": report.opening[0]}


def _headline(checks: Checks) -> str:
    """``2 of 9 clusters have errors · 3 errors, 14 warnings · 5 of 65 Applications not fully known``."""
    bad = sum(check.findings[Severity.ERROR] > 0 for check in checks.clusters)
    spoken = [finding.severity for finding in checks.findings if finding.suppressed_by is None]
    totals = [counted(spoken.count(severity), severity.value) for severity in (Severity.ERROR, Severity.WARNING)]
    parts = [f"{bad} of {counted(len(checks.clusters), 'cluster')} with errors", ", ".join(totals)]
    if checks.unknown:
        parts.append(f"{checks.unknown} of {counted(checks.applications, 'Application')} not fully known")
    return " · ".join(parts)


def _row(check: ClusterCheck) -> tuple[str, ...]:
    counts = (str(check.findings[severity.value] or "") for severity in Severity)
    figures = (_figure(check.coverage[name], missing, total) for name, missing, total in _FIGURES)
    return (check.cluster, *counts, *figures)


def _figure(figures: Mapping[str, int], missing: str, total: str) -> str:
    return f"{figures[missing]}/{figures[total]}" if figures[total] else "-"
