"""The report for somebody at a terminal: what is wrong, where, and what to do, the worst first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.report import Report, Table
from kubeaid_ci.report import outcome
from kubeaid_ci.report.table import shown
from kubeaid_ci.report.visible import headline, one_line, visible

_INDENT = "    "
_BREAK = "\n"


class Kind(StrEnum):
    """What a line is, for whoever wants to colour it; findings have the names of their severities."""

    HEADING = "heading"
    ROW = "row"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    HELP = "help"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its line break."""

    kind: Kind
    text: str


def render(report: Report) -> str:
    """The report as plain lines without colours; the last one sums it up."""
    return "".join(f"{line.text}\n" for line in lines(report))


def lines(report: Report) -> Iterator[Line]:
    """The lines of the report: opening, results, findings (the worst first), summary."""
    yield from (Line(Kind.HEADING, one_line(line)) for line in report.opening)
    yield from _table(shown(report))
    yield from _details(report.details)
    yield from _findings(outcome.speaking(report.findings))
    yield Line(Kind.SUMMARY, _summary(report))


def _table(results: Table) -> Iterator[Line]:
    rows = (tuple(title.upper() for title in results.columns), *results.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows if results.rows else ()):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield Line(Kind.ROW if number else Kind.HEADING, "  ".join(cells).rstrip())


def _details(details: Mapping[str, tuple[str, ...]]) -> Iterator[Line]:
    for title, body in details.items():
        yield Line(Kind.HEADING, f"{one_line(title)}:")
        for line in body:
            yield Line(Kind.ROW, f"  {visible(line).replace(_BREAK, ' ')}".rstrip())


def _findings(findings: Iterable[Finding]) -> Iterator[Line]:
    explained: set[str] = set()
    for finding in findings:
        yield from _finding(finding)
        if finding.rule.id not in explained and finding.rule.help:
            explained.add(finding.rule.id)
            yield Line(Kind.HELP, f"{_INDENT}help: {one_line(finding.rule.help)}")


def _finding(finding: Finding) -> Iterator[Line]:
    """The first line starts at the margin; the message's further lines cannot pass for findings."""
    place = one_line(outcome.place(finding))
    first, further = headline(finding.message)
    subject = one_line(finding.subject)
    about = "" if subject in place or subject in first else f" [{subject}]"
    kind = Kind(finding.severity.value)
    yield Line(kind, f"{place}: {finding.severity} {finding.rule.id}: {first}{about}")
    for line in further.splitlines():
        yield Line(kind, f"{_INDENT}{line}".rstrip())


def _summary(report: Report) -> str:
    """``build: 1 error, 2 warnings (3 suppressed); clusters 4, changed 2``."""
    counts = outcome.counts(report)
    suppressed = counts.pop("suppressed")
    said = ", ".join(counted(count, name.removesuffix("s")) for name, count in counts.items() if count)
    notes = [f"{suppressed} suppressed"] if suppressed else []
    notes += [f"{report.summary['known']} known at {one_line(report.base)} not shown"] if report.base else []
    hidden = f" ({', '.join(notes)})" if notes else ""
    counted_already = {"in_short", *outcome.counts(report), *(["known"] if report.base else [])}
    own = [(name, value) for name, value in report.summary.items() if name not in counted_already]
    rest = ", ".join(f"{one_line(name.replace('_', ' '))} {one_line(str(value))}" for name, value in own)
    return f"{report.command}: {said or 'no findings'}{hidden}" + (f"; {rest}" if rest else "")


def counted(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
