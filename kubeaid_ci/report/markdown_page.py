"""The report in Markdown, for step summaries, comments and change requests."""

from collections.abc import Iterator, Sequence

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome, provenance
from kubeaid_ci.report import table as tables
from kubeaid_ci.report.markdown import code, escape, fence, folded, table
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import headline, one_line, shortened

_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.INFO: "Infos"}
_ROWS_A_PART = 100
"""So that a part of many findings still fits into a comment of 65,536 characters."""
_LONGEST_MESSAGE = 400
_LONGEST_EXCERPT = 2000


def render(report: Report) -> str:
    """The whole report: summary, results, findings by severity, folded sections."""
    return "\n".join(parts(report))


def parts(report: Report) -> tuple[str, ...]:
    """The report in self-contained pieces, the most important first, for `markdown.fit`."""
    blocks = [_findings(report.findings), _results(report)]
    first, second = reversed(blocks) if report.is_table_first else blocks
    return (_summary(report), *first, *second, *_sections(report))


def _summary(report: Report) -> str:
    rows = [(escape(name.replace("_", " ")), escape(str(value))) for name, value in _said(report)]
    origin = provenance.markdown(report)
    return f"## kubeaid-ci {escape(report.command)}\n\n{table(('Summary', ''), rows)}" + (
        f"\n{origin}" if origin else ""
    )


def _said(report: Report) -> Iterator[tuple[str, object]]:
    """The report's own summary, then how many findings there are of each kind that there is."""
    for name, value in outcome.summary(report).items():
        if value or name in report.summary or name == "errors":
            yield name, value


def _results(report: Report) -> Iterator[str]:
    results = tables.shown(report)
    for start in range(0, len(results.rows), _ROWS_A_PART):
        rows = [[escape(cell) for cell in row] for row in results.rows[start : start + _ROWS_A_PART]]
        yield f"### Results{_range(start, len(results.rows))}\n\n{table(results.columns, rows)}"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for severity, group in outcome.by_severity(findings).items():
        for start in range(0, len(group), _ROWS_A_PART):
            title = f"{_TITLES[severity]} ({len(group)}){_range(start, len(group))}"
            yield f"### {title}\n\n{_explained(group[start : start + _ROWS_A_PART])}"


def _explained(group: Sequence[Finding]) -> str:
    """A table of findings, then once for each rule what to do."""
    rules = {finding.rule.id: finding.rule for finding in group}
    rows = table(("Where", "About", "What", "Rule"), map(_row, group)) + "".join(map(_excerpt, group))
    return rows + "\n" + "".join(f"- {code(rule.id)}: {escape(one_line(rule.help))}\n" for rule in rules.values())


def _row(finding: Finding) -> tuple[str, str, str, str]:
    where = code(outcome.place(finding)) if finding.path else ""
    message = escape(shortened(headline(finding.message)[0], _LONGEST_MESSAGE))
    return (where, escape(one_line(finding.subject)), message, code(finding.rule.id))


def _excerpt(finding: Finding) -> str:
    """The lines of a message after its first, such as the source around the place."""
    _, further = headline(finding.message)
    if not further:
        return ""
    return f"\n{code(outcome.place(finding))}\n\n{fence(shortened(further, _LONGEST_EXCERPT))}"


def _sections(report: Report) -> Iterator[str]:
    return (folded(title, body) for title, body in report.sections.items())


def _range(start: int, total: int) -> str:
    """``, 101 to 200``, where a table is split; else nothing."""
    return "" if total <= _ROWS_A_PART else f", {start + 1} to {min(start + _ROWS_A_PART, total)}"
