"""Blocks and texts as Markdown that stays valid and triggers no action, whatever the texts contain.

Forges act on text: ``@name`` calls a person, ``fixes #1`` closes an issue, a line ``/merge`` in a
GitLab description merges. Most of them look at the rendered page, where a backslash does not help,
so a zero-width space is inserted between the sign and the name.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

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
    Strong,
    Table,
    Text,
)
from kubeaid_ci.visible import visible

GAP = "\u200b"
"""The zero-width space."""

_REFERENCES: tuple[tuple[re.Pattern[str], str], ...] = (
    # @person, #issue, !merge-request, $snippet, %milestone, ~label, &epic, ^alert
    (re.compile(r'([@#!$%~&^])(?=[\w"])'), rf"\1{GAP}"),
    # GH-1 and the keys of issue trackers, but not the names of well-known numbered things
    (re.compile(r"\b(?!(?:CVE|RFC|ISO|UTF|SHA|MD)-)([A-Z][A-Z0-9_]+|(?i:gh))-(?=\d)", re.ASCII), rf"\1-{GAP}"),
    # [issue:1] and its kind
    (re.compile(r"\[(?=[a-z_]+:)"), rf"[{GAP}"),
    # addresses that become links, and with them mentions of the issue that they lead to
    (re.compile(r"(?<=\w):(?=//)"), rf":{GAP}"),
    (re.compile(r"\bwww\.", re.IGNORECASE | re.ASCII), rf"www{GAP}."),
)
_CLOSING = re.compile(
    r"\b((?:clos|fix|resolv|implement)\w*:?)(?=\s+(?:issues?\s+)?"
    r"(?:[\w./-]*#\d|https?://|\[\w+:|[A-Z][A-Z0-9_]+-\d))",
    re.IGNORECASE,
)
_QUICK_ACTION = re.compile(r"^([^\S\n]*)/(?=[a-z_]+(?:\s|$))", re.MULTILINE)
_SPECIAL = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"} | {sign: f"\\{sign}" for sign in r"\`*_[]~"}
)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+")
_BLOCK_START = re.compile(r"^(?:(?=(?:[-+]|#{1,6})(?:\s|$)|[-=][-=\s]*$|/)|(\d+)(?=[.)](?:\s|$)))")
"""Characters that begin a list, heading, command or the like at the start of a line."""


def block(item: Block) -> str:
    """Return a block as Markdown; ends with a line break."""
    match item:
        case Paragraph():
            return f"{inline(item.text)}\n"
        case Quote():
            return f"> {inline(item.text)}\n"
        case ItemList():
            return "".join(_items(item.items, numbered=item.is_numbered))
        case Table():
            return table([escape(name) for name in item.columns], (tuple(map(inline, row)) for row in item.rows))
        case Listing():
            return fence(item.text, item.language)
        case Folded():
            return folded(item.title, blocks(item.blocks))


def blocks(items: Iterable[Block]) -> str:
    """Return blocks as Markdown, with an empty line between them."""
    return "\n".join(map(block, items))


def inline(text: Text) -> str:
    """Return running text as Markdown, fit for a paragraph, a list item or a table cell."""
    match text:
        case str():
            return escape(text)
        case Code():
            return code(text.text)
        case Strong():
            return f"**{strong}**" if (strong := escape(text.text)) else ""
        case Link(address, label) if _ADDRESS.fullmatch(address):
            return f"[{escape(label)}]({address})" if label else f"<{address}>"
        case Link(address, label):
            return escape(f"{label} {address}")
    line = ""
    for part in text:
        more = _spaced(part) if isinstance(part, str) else inline(part)
        # The backticks of two code spans in a row would be read as one run, which ends neither span.
        line += f" {more}" if line.endswith("`") and more.startswith("`") else more
    return line


def escape(text: str) -> str:
    """Return a text as running Markdown that shows it as it is, in a paragraph, a list item or a table cell.

    Line breaks become ``<br>``.
    """
    return "<br>".join(_escaped(line.strip()) for line in visible(text).strip().splitlines())


def code(text: str) -> str:
    """Return the text as a code span, on one line, whatever backticks it holds. `table` takes care of its pipes."""
    line = _disarmed(" ".join(visible(text).split()))
    ticks = "`" * (_longest_run(line) + 1)
    gap = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{gap}{line}{gap}{ticks}"


def fence(text: str, lang: str = "") -> str:
    """Return the text as a fenced block of code, longer fenced than anything inside; ends with a line break."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    body = _disarmed(visible(text)).rstrip("\n")
    return f"{ticks}{re.sub(r'[^A-Za-z0-9_+-]', '', lang)}\n{body}\n{ticks}\n"


def html(text: str) -> str:
    """Return the text for inside an HTML tag within Markdown, on one line."""
    line = _unlinked(" ".join(visible(text).split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def folded(title: str, body: str) -> str:
    """Return ready Markdown behind a title that opens it on a click; ends with a line break."""
    return f"<details>\n<summary>{html(title)}</summary>\n\n{body.strip(chr(10))}\n\n</details>\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of ready Markdown cells, each on one line; ends with a line break."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def left_out(count: int) -> str:
    """Return the line that counts what did not fit."""
    return f"_Left out, because there is no room for it: {count} section{'s' if count > 1 else ''}._\n"


def quiet(line: str) -> str:
    """Return plain text of one line that refers to nothing and closes nothing, wherever it is quoted: for titles."""
    return _CLOSING.sub(rf"\1{GAP}", _unlinked(line))


def fit(
    sections: Sequence[str],
    limit: int,
    *,
    size: Callable[[str], int] = len,
    note: Callable[[int], str] = left_out,
) -> str:
    """Return the sections with a blank line between them, within a limit.

    A section that does not fit is skipped and counted, and the next ones are tried; `note` gives the
    closing line for the number left out. `size` measures (`len`: characters, `utf8_size`: bytes). The
    result is empty if not even the closing line fits.
    """
    whole = "\n".join(sections)
    if size(whole) <= limit:
        return whole
    room = limit - size(note(len(sections))) - size("\n")
    fitting: list[str] = []
    for section in sections:
        needed = size(section) + size("\n")
        if needed <= room:
            fitting.append(section)
            room -= needed
    closing = "\n".join([*fitting, note(len(sections) - len(fitting))])
    return closing if size(closing) <= limit else ""


def _items(items: Sequence[Item], *, numbered: bool, indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, 1):
        mark = f"{number}." if numbered else "-"
        yield f"{indent}{mark} {inline(item.text)}\n"
        yield from _items(item.below, numbered=False, indent=f"{indent}{' ' * len(mark)} ")


def _spaced(part: str) -> str:
    """Return a part of a text, escaped, with the spaces that separate it from its neighbours."""
    before, after = (" " if space else "" for space in (part.startswith(" "), part.endswith(" ") and part.strip()))
    return f"{before}{escape(part)}{after}"


def _escaped(line: str) -> str:
    escaped = _unlinked(line).translate(_SPECIAL)
    return _BLOCK_START.sub(r"\1\\", escaped)


def _unlinked(line: str) -> str:
    for pattern, replacement in _REFERENCES:
        line = pattern.sub(replacement, line)
    return line


def _disarmed(text: str) -> str:
    """Escape code: some forges look for commands and closing words even in code."""
    text = text.replace("<!--", f"<!{GAP}--")
    return _QUICK_ACTION.sub(rf"\1{GAP}/", _CLOSING.sub(rf"\1{GAP}", text))


def _cell(markdown: str) -> str:
    """Return a cell on one line with its pipes escaped: a pipe ends a cell even within code."""
    line = markdown.replace("\n", " ")
    return line.replace("\\|", f"\\{GAP}|").replace("|", "\\|")


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)
