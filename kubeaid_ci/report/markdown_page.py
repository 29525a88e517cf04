"""The report in Markdown, for step summaries, comments and change requests."""

from collections.abc import Iterator, Sequence

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome, provenance
from kubeaid_ci.report.blocks import Block, Code, Item, ItemList, Listing, Paragraph, Section, Table, Text
from kubeaid_ci.report.markdown import blocks, escape, folded
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import headline, one_line, shortened

_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.INFO: "Infos"}
_ROWS_A_PART = 100
"""So that a part of many findings still fits into a comment of 65,536 characters."""
_LONGEST_MESSAGE = 400
_LONGEST_EXCERPT = 2000


def render(report: Report) -> str:
    """Return the whole report: summary, findings by severity, results, folded sections."""
    return "\n".join(parts(report))


def parts(report: Report) -> tuple[str, ...]:
    """Return the report in self-contained pieces, the most important first, for `markdown.fit`."""
    tables = [_findings(report.findings), _results(report)]
    first, second = reversed(tables) if report.is_table_first else tables
    return (_summary(report), *first, *second, *sections(report.sections))


def sections(items: Sequence[Section]) -> Iterator[str]:
    """Yield the sections, each folded, and then what is in their appendices."""
    yield from (folded(section.title, blocks(section.blocks)) for section in items)
    for section in items:
        about = f" ({section.about})" if section.about else ""
        yield from (folded(f"{part.title}{about}", blocks(part.blocks)) for part in section.appendix)


def _summary(report: Report) -> str:
    """Return the report's own summary, then how many findings there are of each kind that there is."""
    entries = outcome.summary(report).items()
    rows = tuple(
        (name.replace("_", " "), str(value))
        for name, value in entries
        if value or name in report.summary or name == "errors"
    )
    origin = provenance.of_report(report)
    table = blocks([Table(("Summary", ""), rows), *([Paragraph(origin)] if origin else [])])
    return f"## kubeaid-ci {escape(report.command)}\n\n{table}"


def _results(report: Report) -> Iterator[str]:
    results = outcome.results(report)
    for start in range(0, len(results.rows), _ROWS_A_PART):
        table = Table(results.columns, results.rows[start : start + _ROWS_A_PART])
        yield f"### Results{_range(start, len(results.rows))}\n\n{blocks([table])}"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for severity, group in outcome.by_severity(findings).items():
        for start in range(0, len(group), _ROWS_A_PART):
            title = f"{_TITLES[severity]} ({len(group)}){_range(start, len(group))}"
            yield f"### {title}\n\n{_explained(group[start : start + _ROWS_A_PART])}"


def _explained(group: Sequence[Finding]) -> str:
    """Return a table of findings, the source around their places, then once for each rule what to do."""
    rows: list[tuple[Text, ...]] = []
    excerpts: list[Block] = []
    for finding in group:
        first, further = headline(finding.message)
        place = Code(outcome.place(finding))
        where: Text = place if finding.path else ""
        rows.append((where, one_line(finding.subject), shortened(first, _LONGEST_MESSAGE), Code(finding.rule.id)))
        if further:
            excerpts += [Paragraph(place), Listing(shortened(further, _LONGEST_EXCERPT))]
    rules = {finding.rule.id: one_line(finding.rule.help) for finding in group}
    advice = ItemList(tuple(Item((Code(rule), f": {help_text}")) for rule, help_text in rules.items()))
    return blocks([Table(("Where", "About", "What", "Rule"), tuple(rows)), *excerpts, advice])


def _range(start: int, total: int) -> str:
    """Return such as ``, 101 to 200`` if a table is split, else an empty text."""
    return "" if total <= _ROWS_A_PART else f", {start + 1} to {min(start + _ROWS_A_PART, total)}"
