"""The report of ``kubeaid-ci charts outdated``."""

from collections import Counter
from collections.abc import Iterator

from kubeaid_ci.charts.update.outlook import Outlook, Outlooks, Standing
from kubeaid_ci.report.markdown import code, escape
from kubeaid_ci.report.report import Report, Table

_COLUMNS = ("chart", "current", "newest", "latest", "released", "held back")


def report(found: Outlooks, *, version: str) -> Report:
    """Report what is outdated, with the reasons; links to release notes are in the sections."""
    counts = Counter(one.status for one in found.results)
    # Rows of "not known" would bury the finding that has the reason.
    hidden = {Standing.CURRENT} | ({Standing.UNKNOWN} if counts[Standing.UNKNOWN] == len(found.results) else set())
    shown = [one for one in found.results if one.status not in hidden]
    sections = {f"{_name(one)}: {_step(one)}": _section(one) for one in shown if one.newest or one.held}
    if found.ledger:
        sections["Ledger"] = "".join(f"- {code(line)}\n" for line in found.ledger)
    return Report(
        "charts outdated",
        version,
        summary={"charts": len(found.results)} | {status.value: counts[status] for status in Standing},
        results=found.results,
        findings=found.findings,
        table=Table(_COLUMNS, tuple(map(_row, shown))),
        sections=sections,
        details={"ledger": found.ledger} if found.ledger else {},
    )


def _row(one: Outlook) -> tuple[str, ...]:
    reason = one.held[0].reason if one.held else "not known" if one.status is Standing.UNKNOWN else ""
    day = one.released.isoformat() if one.released else ""
    return (_name(one), one.current or "-", one.newest or "-", one.latest or "-", day or "-", reason)


def _name(one: Outlook) -> str:
    return f"{one.chart}/{one.subchart}"


def _step(one: Outlook) -> str:
    return f"{one.current or 'not vendored'} → {one.newest or 'held back'}"


def _section(one: Outlook) -> str:
    return "".join(f"- {line}\n" for line in _lines(one))


def _lines(one: Outlook) -> Iterator[str]:
    if one.app_version:
        yield f"application {code(one.app_version)}"
    if one.kube_version:
        yield f"for Kubernetes {code(one.kube_version)}"
    if one.first_seen:
        yield f"first seen {one.first_seen.isoformat()}"
    if one.deprecated:
        yield "deprecated by its publisher"
    # Plain addresses, found to be harmless where they were taken in.
    yield from (f"<{link}>" for link in one.links)
    yield from (f"{code(held.version)} held back: {escape(held.reason)}" for held in one.held)
