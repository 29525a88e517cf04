"""What a look at machine, repositories and forge has to show."""

from collections import Counter

from kubeaid_ci.model.checkup import Check, Checkup, State
from kubeaid_ci.model.report import Report, Table


def report(checkup: Checkup, *, version: str) -> Report:
    """The report of ``kubeaid-ci doctor``: a row for each check, then what to do about those that are not well."""
    counts = Counter(check.state for check in checkup.results)
    told = {state.value.replace(" ", "_"): counts[state] for state in State if counts[state]}
    return Report(
        "doctor",
        version,
        summary={"checks": len(checkup.results)} | told,
        results=checkup.results,
        findings=checkup.findings,
        table=Table(("state", "where", "what", "found"), tuple(map(_row, checkup.results))),
    )


def _row(check: Check) -> tuple[str, ...]:
    return (check.state.value, check.area.value, check.name, check.detail)
