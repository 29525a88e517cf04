"""The Markdown of a report's sections as HTML.

It knows the subset that sections are written in: headings, lists, tables, fenced code, folded parts,
code spans, bold text, links and escapes. Anything else shows as the text it is; no HTML of the
Markdown's own gets through except ``<br>`` and the tags of folded parts.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape, unescape

_FENCE = re.compile(r"(`{3,})\s*([\w+-]*)\s*$")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"\s*[-*]\s+(.*)")
_DIVIDER = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
_FOLD = re.compile(r"<details>|</details>|<summary>.*</summary>")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_DEEPEST = 8
_DIFF_LINES = {"+": "plus", "-": "minus", "@": "hunk"}
_INLINE = re.compile(
    r"(?P<ticks>(?<!`)`+(?!`))(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|\*\*(?P<bold>.{1,500}?)\*\*"
    r"|\[(?P<label>[^\[\]]{1,200})\]\((?P<address>https?://[^\s)]+)\)"
    r"|(?P<break><br>)"
)


def rendered(markdown: str) -> str:
    """The Markdown as HTML."""
    return "\n".join(_blocks(markdown.splitlines()))


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    position = 0
    while position < len(lines):
        end = _end_of_block(lines, position)
        yield _block(lines[position:end])
        position = end


def _end_of_block(lines: Sequence[str], start: int) -> int:
    """A fence reaches to its closing line; a run of table rows, items or text to the next other line."""
    opening = _FENCE.match(lines[start])
    if opening:
        closings = (n for n in range(start + 1, len(lines)) if lines[n].rstrip() == opening[1])
        return next(closings, len(lines) - 1) + 1
    kind = _kind(lines[start])
    if kind in ("blank", "heading", "fold"):
        return start + 1
    return next((n for n in range(start + 1, len(lines)) if _kind(lines[n]) != kind), len(lines))


def _kind(line: str) -> str:
    patterns = {"fence": _FENCE, "heading": _HEADING, "item": _ITEM}
    if not line.strip():
        return "blank"
    if line.startswith("|"):
        return "row"
    if _FOLD.fullmatch(line.strip()):
        return "fold"
    return next((kind for kind, pattern in patterns.items() if pattern.match(line)), "text")


def _block(lines: Sequence[str]) -> str:
    return _BLOCKS[_kind(lines[0])](lines)


def _text(lines: Sequence[str]) -> str:
    return f"<p>{_inline(' '.join(lines))}</p>"


def _heading(lines: Sequence[str]) -> str:
    return f"<h4>{_inline(lines[0].lstrip('# '))}</h4>"


def _list(lines: Sequence[str]) -> str:
    """Items that are indented further belong to the item before them."""
    outer = _indent(lines[0])
    items: list[str] = []
    position = 0
    while position < len(lines):
        inner = range(position + 1, len(lines))
        end = next((n for n in inner if _indent(lines[n]) <= outer), len(lines))
        below = _list(lines[position + 1 : end]) if end > position + 1 else ""
        text = _ITEM.sub(r"\1", lines[position])
        items.append(f"<li>{_inline(text)}{below}</li>")
        position = end
    return f"<ul>{''.join(items)}</ul>"


def _indent(line: str) -> int:
    """Return how far an item is indented; deeper levels than a report has are one level."""
    return min(len(line) - len(line.lstrip(" ")), _DEEPEST)


def _fence(lines: Sequence[str]) -> str:
    opening = _FENCE.match(lines[0])
    body = lines[1:-1] if len(lines) > 1 and opening and lines[-1].rstrip() == opening[1] else lines[1:]
    if opening and opening[2] == "diff":
        return f"<pre>{chr(10).join(map(_diff_line, body))}</pre>"
    return f"<pre>{escape(chr(10).join(body))}</pre>"


def _diff_line(line: str) -> str:
    kind = _DIFF_LINES.get(line[:1])
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)


def _table(lines: Sequence[str]) -> str:
    rows = [_CELL_BORDER.split(line.strip().removeprefix("|").removesuffix("|")) for line in lines]
    headed = len(lines) > 1 and bool(_DIVIDER.fullmatch(lines[1].strip()))
    head = f"<thead>{_row(rows[0], 'th')}</thead>" if headed else ""
    body = "".join(_row(row, "td") for row in rows[2 * headed :])
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str], tag: str) -> str:
    shown = (_inline(cell.strip().replace("\\|", "|")) for cell in cells)
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in shown)}</tr>"


def _fold(lines: Sequence[str]) -> str:
    """Render a summary: its tags are fixed, its content is text."""
    line = lines[0].strip()
    if line.startswith("<summary>"):
        said = line.removeprefix("<summary>").removesuffix("</summary>")
        return f"<summary>{escape(unescape(said))}</summary>"
    return line


def _inline(text: str) -> str:
    """Running text: what the Markdown escapes shows as itself, once; nothing becomes a tag by itself."""
    done, shown = 0, []
    for match in _INLINE.finditer(text):
        shown += [escape(unescape(text[done : match.start()])), _span(match)]
        done = match.end()
    return "".join([*shown, escape(unescape(text[done:]))])


def _span(match: re.Match[str]) -> str:
    if match["code"] is not None:
        return f"<code>{escape(match['code'].strip())}</code>"
    if match["bold"] is not None:
        return f"<strong>{_inline(match['bold'])}</strong>"
    if match["label"] is not None:
        address = escape(unescape(match["address"]))
        return f'<a href="{address}" rel="noreferrer">{_inline(match["label"])}</a>'
    return "<br>" if match["break"] else escape(match["escaped"])


_BLOCKS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "blank": lambda _: "",
    "fence": _fence,
    "fold": _fold,
    "heading": _heading,
    "item": _list,
    "row": _table,
    "text": _text,
}
