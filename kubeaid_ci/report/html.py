"""The report as one page that needs nothing else: no network, no script, light and dark."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome, provenance
from kubeaid_ci.report.html_markdown import rendered
from kubeaid_ci.report.html_style import STYLE
from kubeaid_ci.report.markdown import GAP
from kubeaid_ci.report.report import Report, Table
from kubeaid_ci.report.table import shown
from kubeaid_ci.visible import headline, one_line, visible

_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.INFO: "Infos"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Even if something got through the escaping, the browser would neither run nor load it."""


def render(report: Report) -> str:
    """The report as an HTML page: tiles, findings by severity, results, folded sections."""
    title = escape(one_line(f"kubeaid-ci {report.command}"))
    parts = [_header(report), _tiles(report), *_findings(report.findings), _results(shown(report))]
    if not outcome.speaking(report.findings):
        parts.insert(2, '<p class="silence">No findings.</p>')
    body = "\n".join(part for part in [*parts, *_sections(report), _suppressed(report.findings)] if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _header(report: Report) -> str:
    return (
        f"<header><h1>kubeaid-ci <b>{_text(report.command)}</b></h1>"
        f'<span class="version">{_text(report.version)}</span></header>'
        f"{rendered(visible(provenance.markdown(report)))}"
    )


def _tiles(report: Report) -> str:
    tiles = "".join(_tile(name, value) for name, value in outcome.summary(report).items())
    return f'<section class="tiles">{tiles}</section>'


def _tile(name: str, value: Any) -> str:
    """A tile for trouble is coloured only where there is some."""
    colour = name if name in ("errors", "warnings", "infos") and value else ""
    if name == "errors" and not value:
        colour = "fine"
    said = f"{value:.2f}" if isinstance(value, float) else str(value)
    small = " small" if len(said) > 8 else ""
    return (
        f'<div class="tile {colour}"><span class="figure{small}">{_text(said)}</span>'
        f'<span class="name">{_text(name.replace("_", " "))}</span></div>'
    )


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for severity, group in outcome.by_severity(findings).items():
        rules = {finding.rule.id: finding.rule for finding in group}
        cards = "".join(
            _card(rule.id, rule.help, [finding for finding in group if finding.rule.id == rule.id])
            for rule in rules.values()
        )
        count = f'<span class="count">{len(group)}</span>'
        yield f'<section class="{severity}"><h2>{_TITLES[severity]} {count}</h2>{cards}</section>'


def _card(rule: str, advice: str, findings: Sequence[Finding]) -> str:
    rows = "".join(map(_finding, findings))
    return f'<article><h3>{_text(rule)}</h3><p class="help">{_text(advice)}</p><ul>{rows}</ul></article>'


def _finding(finding: Finding) -> str:
    where = f'<code class="place">{_text(outcome.place(finding))}</code>' if finding.path else ""
    first, further = headline(finding.message)
    excerpt = f"<pre>{escape(further)}</pre>" if further else ""
    return (
        f'<li><div class="where"><b>{_text(finding.subject)}</b>{where}</div>'
        f'<div class="message">{escape(first)}</div>{excerpt}</li>'
    )


def _results(results: Table) -> str:
    if not results.rows:
        return ""
    head = "".join(f"<th>{escape(title)}</th>" for title in results.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in results.rows)
    return (
        f'<section><h2>Results <span class="count">{len(results.rows)}</span></h2><div class="wide">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _cell(cell: str) -> str:
    number = ' class="number"' if cell.replace(".", "", 1).isdecimal() else ""
    return f"<td{number}>{escape(cell)}</td>"


def _sections(report: Report) -> Iterator[str]:
    for title, body in report.sections.items():
        yield (
            f'<details class="section"><summary>{_text(title)}</summary>'
            f"<div>{rendered(visible(body.replace(GAP, '')))}</div></details>"
        )


def _suppressed(findings: Iterable[Finding]) -> str:
    silenced = [finding for finding in findings if finding.suppressed_by is not None]
    if not silenced:
        return ""
    rows = "".join(
        f"<li><b>{_text(finding.subject)}</b> {_text(finding.rule.id)}: {_text(finding.message)} "
        f"<i>{_text(finding.suppressed_by or '')}</i></li>"
        for finding in silenced
    )
    title = f"Suppressed ({len(silenced)})"
    return f'<details class="section"><summary>{title}</summary><div><ul>{rows}</ul></div></details>'


def _text(text: str) -> str:
    return escape(one_line(text))
