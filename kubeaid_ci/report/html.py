"""The report as one page that needs nothing else: no network, no script, light and dark."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape
from itertools import count
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
    details = ["<h2>Details</h2>"] if report.sections else []
    parts = [_header(report), _tiles(report), *first, *second, *details, *map(_section, report.sections)]
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
    """Return the figures of the summary, those of findings first; without zeros and what the headline has already."""
    counts = {name: value for name, value in outcome.counts(report).items() if value or name == "errors"}
    figures = {name: value for name, value in outcome.summary(report).items() if value and value not in report.opening}
    tiles = "".join(_tile(name, value) for name, value in {**counts, **figures}.items())
    return f'<section class="tiles">{tiles}</section>'


def _tile(name: str, value: Any) -> str:
    colour = name if name in ("errors", "warnings", "infos") and value else "fine" if name == "errors" else ""
    figure = f"{value:.2f}" if isinstance(value, float) else str(value)
    small = " small" if len(figure) > 8 else ""
    return (
        f'<div class="tile {colour}"><span class="figure{small}">{_text(figure)}</span>'
        f'<span class="name">{_text(name.replace("_", " "))}</span></div>'
    )


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for severity, group in outcome.by_severity(findings).items():
        by_rule: dict[str, list[list[Finding]]] = {}
        for alike in outcome.alike(group):
            by_rule.setdefault(alike[0].rule.id, []).append(alike)
        total = f'<span class="count">{len(group)}</span>'
        cards = "".join(map(_card, by_rule.values()))
        yield f'<section class="{severity}"><h2>{_TITLES[severity]} {total}</h2>{cards}</section>'


def _card(groups: Sequence[Sequence[Finding]]) -> str:
    """Return the findings of one rule, each message once with everything that it is about."""
    rule = groups[0][0].rule
    rows = "".join(map(_finding, groups))
    return f'<article><h3>{_text(rule.id)}</h3><p class="help">{_text(rule.help)}</p><ul>{rows}</ul></article>'


def _finding(alike: Sequence[Finding]) -> str:
    first, further = headline(alike[0].message)
    subjects = "".join(f"<b>{_text(subject)}</b>" for subject in dict.fromkeys(finding.subject for finding in alike))
    places = dict.fromkeys(outcome.place(finding) for finding in alike if finding.path)
    where = "".join(f'<code class="place">{_text(place)}</code>' for place in places)
    excerpt = f"<pre>{escape(further)}</pre>" if further else ""
    return f'<li><div class="message">{escape(first)}</div><div class="where">{subjects}{where}</div>{excerpt}</li>'


def _results(results: Table) -> str:
    if not results.rows:
        return ""
    return f'<section><h2>Results <span class="count">{len(results.rows)}</span></h2>{_table(results)}</section>'


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
    numbers = {
        place
        for place, cells in enumerate(zip(*table.rows, strict=True))
        if all(plain(cell).replace(".", "", 1).isdecimal() for cell in cells if cell) and any(cells)
    }
    head = _row(map(_text, table.columns), "th", numbers)
    rows = "".join(_row(map(_inline, row), "td", numbers) for row in table.rows)
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _row(cells: Iterable[str], tag: str, numbers: Collection[int]) -> str:
    """Return a row of cells; those of columns of `numbers` are aligned to the right."""
    starts = (f'<{tag} class="number">' if place in numbers else f"<{tag}>" for place in count())
    return f"<tr>{''.join(f'{start}{cell}</{tag}>' for start, cell in zip(starts, cells, strict=False))}</tr>"


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
