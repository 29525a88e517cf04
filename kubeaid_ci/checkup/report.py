"""The report of ``kubeaid-ci doctor``."""

from collections import Counter
from collections.abc import Collection

from kubeaid_ci.checkup.result import Check, Checkup, State
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report


def report(checkup: Checkup, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci doctor``: a row for each check, then what to do about those that failed."""
    counts = Counter(check.state for check in checkup.results)
    explained = frozenset(finding.subject for finding in checkup.findings)
    by_state = {state.value.replace(" ", "_"): counts[state] for state in State if counts[state]}
    return Report(
        "doctor",
        version,
        summary={"checks": len(checkup.results)} | by_state,
        results=checkup.results,
        findings=checkup.findings,
        table=Table(("state", "where", "what", "found"), tuple(_row(check, explained) for check in checkup.results)),
    )


def _row(check: Check, explained: Collection[str]) -> tuple[str, ...]:
    """Return the row of a check. What a finding explains is not repeated: `explained` are the findings' subjects."""
    found = "see below" if f"{check.area}: {check.name}" in explained else check.detail
    return (check.state.value, check.area.value, check.name, found)
