"""What the commands about charts have to show."""

from collections import Counter
from collections.abc import Iterable

from kubeaid_ci.model.chart_verdict import ChartResult, ChartStatus, Verification
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.linting import Lint
from kubeaid_ci.model.rendering import RenderStatus
from kubeaid_ci.model.report import Report, Table
from kubeaid_ci.report.markdown import code, fence
from kubeaid_ci.report.values import plain

_MOST_FILES = 100
# A person reads the first differences, and opens the rest on demand.
_MOST_LINES = 30
_LIST = ("chart", "subchart", "declared", "vendored", "kind", "repository", "state", "lock", "ledger")


def verification(found: Verification, *, version: str) -> Report:
    """The report of ``kubeaid-ci charts verify``: what is not identical first, and every difference."""
    counts = Counter(result.status for result in found.results)
    shown = sorted(found.results, key=lambda one: (one.chart, one.subchart))
    # Without a ledger every chart is unverifiable, which one finding says better than a hundred rows.
    told = {finding.subject for finding in found.findings}
    unsure = [one for one in shown if one.status is ChartStatus.UNVERIFIABLE and _name(one) in told]
    speaking = [*(one for one in shown if one.status is ChartStatus.DIFFERENT), *unsure]
    sections = {f"{_name(one)}: {_counted(one)}": _section(one) for one in speaking if one.files}
    if found.ledger:
        sections["Ledger"] = "".join(f"- {code(line)}\n" for line in found.ledger)
    return Report(
        "charts verify",
        version,
        summary={"charts": len(found.results)} | {status.value: counts[status] for status in ChartStatus},
        results=found.results,
        findings=found.findings,
        table=Table(("chart", "version", "status", "files", "repository"), tuple(map(_row, speaking))),
        sections=sections,
        details=_details(found, speaking),
    )


def listing(lines: Iterable[object], findings: tuple[Finding, ...], *, version: str) -> Report:
    """The report of ``kubeaid-ci charts list``."""
    records = tuple(lines)
    rows = [plain(line) for line in records]
    vendored = sum(bool(row["subchart"]) for row in rows)
    return Report(
        "charts list",
        version,
        summary={
            "charts": len({row["chart"] for row in rows}),
            "subcharts": vendored,
        },
        results=records,
        findings=findings,
        table=Table(_LIST, tuple(tuple(row[name] or "-" for name in _LIST) for row in rows)),
    )


def lint(found: Lint, *, version: str) -> Report:
    """The report of ``kubeaid-ci charts lint``: the charts that did not render, and every finding."""
    counts = Counter(result.status for result in found.results)
    rendered = counts[RenderStatus.RENDERED]
    failed = [one for one in found.results if one.status is not RenderStatus.RENDERED]
    return Report(
        "charts lint",
        version,
        summary={
            "charts": len(found.results),
            "rendered": rendered,
            "not_rendered": len(failed),
            "kubernetes": " to ".join(map(str, found.kubernetes)),
        },
        results=found.results,
        findings=found.findings,
        table=Table(
            ("chart", "status", "why"), tuple((one.chart, one.status.value, one.error or "") for one in failed)
        ),
    )


def _name(result: ChartResult) -> str:
    return f"{result.chart}/{result.subchart}"


def _row(result: ChartResult) -> tuple[str, ...]:
    return (_name(result), result.version, result.status.value, _counted(result), result.repository)


def _counted(result: ChartResult) -> str:
    """Such as ``1 added, 3 modified``."""
    counts = Counter(change.change.value for change in result.files)
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def _section(result: ChartResult) -> str:
    parts = [f"{code(change.path)} {change.change.value}\n\n{fence(change.diff, 'diff')}" for change in result.files]
    left = len(parts) - _MOST_FILES
    return "\n".join([*parts[:_MOST_FILES], *([f"and {left} more files\n"] if left > 0 else [])])


def _details(found: Verification, speaking: Iterable[ChartResult]) -> dict[str, tuple[str, ...]]:
    details = {"ledger": found.ledger} if found.ledger else {}
    for result in speaking:
        lines = [line for change in result.files for line in _plain(change.path, change.change.value, change.diff)]
        left = len(lines) - _MOST_LINES
        more = [f"… and {left} more lines; --format markdown has all"] if left > 0 else []
        if lines:
            details[_name(result)] = (*lines[:_MOST_LINES], *more)
    return details


def _plain(path: str, change: str, diff: str) -> list[str]:
    return [f"{change} {path}", *(f"  {line}" for line in diff.splitlines())]
