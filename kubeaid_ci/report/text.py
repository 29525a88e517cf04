"""The report for somebody at a terminal: what is wrong, where, and what to do, the worst first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report import outcome
from kubeaid_ci.report.blocks import (
    Block,
    Folded,
    Item,
    ItemList,
    Listing,
    Paragraph,
    Quote,
    Section,
    Table,
    Text,
    plain,
)
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import headline, one_line, shortened, visible

_INDENT = "    "
_MOST_DETAILS = 40


class Kind(StrEnum):
    """The kind of a line, for colouring; findings have the names of their severities."""

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
    """Return the report as plain lines without colours, for files, pipes and CI logs; the last line sums it up."""
    return "".join(f"{line.text}\n" for line in lines(report))


def lines(
    report: Report, *, verbose: bool = False, most: int | None = None, width: int | None = None
) -> Iterator[Line]:
    """Return the lines of the report: opening, results, findings (errors first), summary.

    Long details are shown only if `verbose`. `most` is the number of findings to show on a screen, `width` the number
    of characters to which a cell of the results is cut there; they do not hold if `verbose`. None shows all.
    """
    yield from (Line(Kind.HEADING, one_line(line)) for line in report.opening)
    yield from _table(outcome.results(report), None if verbose else width)
    details = list(_details(report.details))
    if verbose or len(details) <= _MOST_DETAILS:
        yield from details
    else:
        yield Line(Kind.HELP, f"details: {len(details)} lines; show them with -v or --format markdown")
    yield from _findings(outcome.speaking(report.findings), None if verbose else most)
    yield Line(Kind.SUMMARY, _summary(report))


def section_lines(section: Section) -> Iterator[str]:
    """Yield the lines of a section without its title, each free of control characters. Its appendix is for pages."""
    for block in section.blocks:
        yield from block_lines(block)


def _table(results: Table, width: int | None) -> Iterator[Line]:
    if width is not None:
        cut = tuple(tuple(shortened(one_line(plain(cell)), width) for cell in row) for row in results.rows)
        results = Table(results.columns, cut)
    for number, row in enumerate(_rows(results) if results.rows else ()):
        yield Line(Kind.ROW if number else Kind.HEADING, row)


def _rows(table: Table) -> Iterator[str]:
    """Yield the head and the rows of a table, the cells of a column below each other."""
    rows = [
        [one_line(title).upper() for title in table.columns],
        *([_one_line(cell) for cell in row] for row in table.rows),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _details(sections: Iterable[Section]) -> Iterator[Line]:
    for section in sections:
        yield Line(Kind.HEADING, f"{one_line(section.title)}:")
        yield from (Line(Kind.ROW, f"  {line}".rstrip()) for line in section_lines(section))


def block_lines(block: Block) -> Iterator[str]:
    """Yield the lines of a block, each free of control characters."""
    match block:
        case Paragraph() | Quote():
            yield _one_line(block.text)
        case ItemList():
            yield from _items(block.items)
        case Table():
            yield from _rows(block)
        case Listing():
            yield from visible(block.text).splitlines()
        case Folded():
            yield one_line(block.title)
            yield from (f"  {line}" for below in block.blocks for line in block_lines(below))


def _items(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield _one_line(item.text)
        yield from (f"  {line}" for line in _items(item.below))


def _one_line(text: Text) -> str:
    return visible(plain(text)).replace("\n", " ")


def _findings(findings: Iterable[Finding], most: int | None) -> Iterator[Line]:
    alike = outcome.alike(findings)
    explained: set[str] = set()
    is_cut = most is not None and len(alike) > most
    for group in alike[:most]:
        yield from _finding(group)
        rule = group[0].rule
        if rule.id not in explained and rule.help:
            explained.add(rule.id)
            help_text = f"kubeaid-ci rules {rule.id}" if is_cut else one_line(rule.help)
            yield Line(Kind.HELP, f"{_INDENT}help: {help_text}")
    if most is not None and is_cut:
        yield Line(Kind.HELP, f"{len(alike) - most} more findings; show them with -v or --format markdown")


def _finding(group: Sequence[Finding]) -> Iterator[Line]:
    """Return the lines of equal findings. Only the first starts at the margin: the others cannot pass for findings."""
    finding = group[0]
    place = one_line(outcome.place(finding))
    first, further = headline(finding.message)
    kind = Kind(finding.severity.value)
    yield Line(kind, f"{place}: {finding.severity} {finding.rule.id}: {first}{_about(group, place, first)}")
    for line in further.splitlines():
        yield Line(kind, f"{_INDENT}{line}".rstrip())


def _about(group: Sequence[Finding], place: str, message: str) -> str:
    """Return the subjects in brackets; for a single finding, only if neither its place nor its message has it."""
    subjects = list(dict.fromkeys(one_line(finding.subject) for finding in group))
    if len(subjects) == 1:
        return "" if subjects[0] in place or subjects[0] in message else f" [{subjects[0]}]"
    return f" [{', '.join(subjects)}]"


def _summary(report: Report) -> str:
    """Return such as ``build: 1 error, 2 warnings (3 suppressed); clusters 4, changed 2``."""
    counts = outcome.counts(report)
    suppressed = counts.pop("suppressed")
    findings = ", ".join(counted(count, name.removesuffix("s")) for name, count in counts.items() if count)
    notes = [f"{suppressed} suppressed"] if suppressed else []
    notes += [f"{report.summary['known']} known at {one_line(report.base)} not shown"] if report.base else []
    hidden = f" ({', '.join(notes)})" if notes else ""
    counted_already = {"in_short", *outcome.counts(report), *(["known"] if report.base else [])}
    own = [(name, value) for name, value in report.summary.items() if name not in counted_already]
    rest = ", ".join(f"{one_line(name.replace('_', ' '))} {one_line(str(value))}" for name, value in own)
    return f"{report.command}: {findings or 'no findings'}{hidden}" + (f"; {rest}" if rest else "")


def counted(count: int, noun: str) -> str:
    """Return such as ``1 error``, ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
