"""The report as one page that needs nothing else: no network, no script, light and dark."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report import outcome, provenance
from kubeaid_ci.report.blocks import (
    Block,
    Code,
    Folded,
    Item,
    ItemList,
    Link,
    Listing,
    Paragraph,
    Quote,
    Section,
    Strong,
    Table,
    Text,
    plain,
)
from kubeaid_ci.report.html_style import STYLE
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import headline, one_line, visible

_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.INFO: "Infos"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Even if something got through the escaping, the browser would neither run nor load it."""
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_SIGNS = {"+": "plus", "-": "minus", "@": "hunk"}


def render(report: Report) -> str:
    """Return the report as an HTML page: headline, tiles, findings by severity, results, folded sections."""
    title = escape(one_line(f"kubeaid-ci {report.command}"))
    tables = [*_findings(report.findings)], [_results(outcome.results(report))]
    first, second = reversed(tables) if report.is_table_first else tables
    parts = [_header(report), _tiles(report), *first, *second, *map(_section, report.sections)]
    if not outcome.speaking(report.findings):
        parts.insert(2, '<p class="silence">No findings.</p>')
    body = "\n".join(part for part in [*parts, _suppressed(report.findings)] if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _header(report: Report) -> str:
    origin = provenance.of_report(report)
    return (
        f"<header><h1>kubeaid-ci <b>{_text(report.command)}</b></h1>"
        f'<span class="version">{_text(report.version)}</span></header>'
        + (f'<p class="origin">{_inline(origin)}</p>' if origin else "")
        + "".join(f'<p class="lead">{_text(line)}</p>' for line in report.opening)
    )


def _tiles(report: Report) -> str:
    tiles = "".join(_tile(name, value) for name, value in outcome.summary(report).items())
    return f'<section class="tiles">{tiles}</section>'


def _tile(name: str, value: Any) -> str:
    """A tile for trouble is coloured only where there is some."""
    colour = name if name in ("errors", "warnings", "infos") and value else ""
    if name == "errors" and not value:
        colour = "fine"
    figure = f"{value:.2f}" if isinstance(value, float) else str(value)
    small = " small" if len(figure) > 8 else ""
    return (
        f'<div class="tile {colour}"><span class="figure{small}">{_text(figure)}</span>'
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
    return f'<section><h2>Results <span class="count">{len(results.rows)}</span></h2>{_table(results)}</section>'


def _cell(cell: Text) -> str:
    number = ' class="number"' if plain(cell).replace(".", "", 1).isdecimal() else ""
    return f"<td{number}>{_inline(cell)}</td>"


def _section(section: Section) -> str:
    body = "".join(map(_block, (*section.blocks, *section.appendix)))
    return f'<details class="section"><summary>{_text(section.title)}</summary><div>{body}</div></details>'


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Quote(text):
            return f"<blockquote>{_inline(text)}</blockquote>"
        case ItemList(items, is_numbered):
            return _list(items, "ol" if is_numbered else "ul")
        case Table():
            return _table(block)
        case Listing(text, language):
            lines = visible(text).splitlines()
            return f"<pre>{chr(10).join(map(_diff_line, lines) if language == 'diff' else map(escape, lines))}</pre>"
        case Folded(title, blocks):
            return f"<details><summary>{_text(title)}</summary>{''.join(map(_block, blocks))}</details>"


def _list(items: Sequence[Item], tag: str) -> str:
    rows = (f"<li>{_inline(item.text)}{_list(item.below, 'ul') if item.below else ''}</li>" for item in items)
    return f"<{tag}>{''.join(rows)}</{tag}>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{_text(title)}</th>" for title in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _diff_line(line: str) -> str:
    kind = _SIGNS.get(line[:1])
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)


def _inline(text: Text) -> str:
    match text:
        case str():
            return "<br>".join(map(escape, visible(text).split("\n")))
        case Code():
            return f"<code>{_text(text.text)}</code>"
        case Strong():
            return f"<strong>{_text(text.text)}</strong>"
        case Link(address, label) if _ADDRESS.fullmatch(address) and address == visible(address):
            return f'<a href="{escape(address)}" rel="noreferrer">{_text(label or address)}</a>'
        case Link(address, label):
            return _text(f"{label} {address}")
    return "".join(map(_inline, text))


def _suppressed(findings: Iterable[Finding]) -> str:
    suppressed = [finding for finding in findings if finding.suppressed_by is not None]
    if not suppressed:
        return ""
    rows = "".join(
        f"<li><b>{_text(finding.subject)}</b> {_text(finding.rule.id)}: {_text(finding.message)} "
        f"<i>{_text(finding.suppressed_by or '')}</i></li>"
        for finding in suppressed
    )
    title = f"Suppressed ({len(suppressed)})"
    return f'<details class="section"><summary>{title}</summary><div><ul>{rows}</ul></div></details>'


def _text(text: str) -> str:
    return escape(one_line(text))
