"""The report for GitLab's code quality widget.

Format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome
from kubeaid_ci.report.json import dump
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import one_line

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report) -> str:
    """Return the findings that are not suppressed, as GitLab's list of code quality violations."""
    return dump(list(_violations(outcome.speaking(report.findings))))


def _violations(findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.fingerprint] += 1
        yield {
            "description": one_line(finding.message),
            "check_name": finding.rule.id,
            "fingerprint": _unique(finding.fingerprint, counts[finding.fingerprint]),
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": one_line(finding.path or finding.subject),
                "lines": {"begin": finding.line or 1},
            },
        }


def _unique(fingerprint: str, occurrence: int) -> str:
    """Return another fingerprint for a repeated one: GitLab shows only the first finding of each."""
    if occurrence == 1:
        return fingerprint
    return hashlib.sha256(f"{fingerprint}\0{occurrence}".encode()).hexdigest()[: len(fingerprint)]
