"""Every block in every format that people read, also with hostile texts."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kubeaid_ci.report import markdown
from kubeaid_ci.report.blocks import (
    Block,
    Code,
    Folded,
    Inline,
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
    item_list,
    joined,
)
from kubeaid_ci.report.formats import FORMATS
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import block_lines
from tests.report.samples import HOSTILE
from tests.report.test_html import Page

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
TAGS = {
    *[
        "p",
        "h2",
        "h3",
        "blockquote",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "strong",
        "br",
        "a",
        "details",
        "summary",
    ]
}
LOOSE = ("br", "a", "span")
"""The tags of line breaks, links to web addresses, and the colours of a diff."""
EVERY: tuple[Block, ...] = (
    Paragraph(("see ", Code("a|b"), ", ", Strong("now"), ": ", Link("https://example.com/a?b&c", "docs"))),
    Quote("a note"),
    ItemList((Item("one", (Item(Code("below")),)), Item("two"))),
    ItemList((Item("first"), Item("second")), is_numbered=True),
    Table(("Kind", "Fields"), (("Role", Code("a|b`c")), ("x|y_z", Strong("bold")))),
    Listing("--- a\n+++ b\n@@ -1 +1 @@\n-old <i>\n+new\n```\n same", "diff"),
    Folded("more <b>", (Paragraph("inside"),)),
)


def page(*blocks: Block, title: str = "title") -> str:
    return FORMATS["html"](Report("diff", "1", sections=(Section(title, blocks),)))


def test_each_block_as_markdown() -> None:
    assert (
        markdown.blocks(EVERY)
        == """\
see `a|b`, **now**: [docs](https://example.com/a?b&c)

> a note

- one
  - `below`
- two

1. first
2. second

| Kind | Fields |
| --- | --- |
| Role | ``a\\|b`c`` |
| x&#124;y\\_z | **bold** |

````diff
--- a
+++ b
@@ -1 +1 @@
-old <i>
+new
```
 same
````

<details>
<summary>more &lt;b&gt;</summary>

inside

</details>
"""
    )


def test_each_block_as_html() -> None:
    html = page(*EVERY)
    assert Page(html).addresses == ["https://example.com/a?b&c"]
    for part in (
        '<p>see <code>a|b</code>, <strong>now</strong>: <a href="https://example.com/a?b&amp;c" rel="noreferrer">docs</a>',
        "<blockquote>a note</blockquote>",
        "<ul><li>one<ul><li><code>below</code></li></ul></li><li>two</li></ul>",
        "<ol><li>first</li><li>second</li></ol>",
        "<th>Kind</th>",
        "<td><code>a|b`c</code></td>",
        '<span class="minus">-old &lt;i&gt;</span>\n<span class="plus">+new</span>\n```\n same</pre>',
        "<details><summary>more &lt;b&gt;</summary><p>inside</p></details>",
    ):
        assert part in html


def test_each_block_as_text() -> None:
    lines = [line for block in EVERY for line in block_lines(block)]
    assert lines == [
        "see a|b, now: docs",
        "a note",
        *("one", "  below", "two"),
        *("first", "second"),
        *("KIND   FIELDS", "Role   a|b`c", "x|y_z  bold"),
        *("--- a", "+++ b", "@@ -1 +1 @@", "-old <i>", "+new", "```", " same"),
        *("more <b>", "  inside"),
    ]


@pytest.mark.parametrize("first", ["", "a", "`", "a`b"])
@pytest.mark.parametrize("second", ["<script>", "`<script>", "``<a>``"])
@pytest.mark.parametrize("between", [(), ("",), (Strong(""),)])
def test_code_next_to_code_stays_code(first: str, second: str, between: tuple[Inline, ...]) -> None:
    shown = Page(MARKDOWN.render(markdown.inline((Code(first), *between, Code(second)))))
    assert {*shown.tags} <= {"p", "code"}


def test_what_is_left_out_of_a_list_is_counted() -> None:
    items = item_list(["a", "b", "c"], most=1, what="objects").items
    assert items == (Item("a"), Item("and 2 more objects"))
    assert item_list(["a"], most=1).items == (Item("a"),)
    assert joined(["a", ("b", Code("c"))], " → ") == ("a", " → ", "b", Code("c"))


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", 'https://x/"onclick="alert(1)', "https://x/<script>", "https://x y", "data:,x"]
)
def test_only_web_addresses_become_links(address: str) -> None:
    shown = page(Paragraph(("x ", Link(address, "label"))))
    assert "<a " not in shown
    assert "](" not in markdown.inline(("x ", Link(address, "label"))).replace("\\]", "")


HOSTILE_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cn", "Co"]), max_size=30),
    st.lists(
        st.sampled_from(
            ["<script>", "&lt;", "`", "```", "|", "\\", "*", "**", "[x](javascript:1)", "](", "\x1b[31m", "\u202e", "\u2066",
             "\n", "\r", " ", "- ", "1. ", "# ", "> ", "@name", "fixes #1", "<!--", "-->", "</details>", "</pre>", "|\n|-|", "\0"]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip
INLINE = st.one_of(
    HOSTILE_TEXTS,
    st.builds(Code, HOSTILE_TEXTS),
    st.builds(Strong, HOSTILE_TEXTS),
    st.builds(Link, HOSTILE_TEXTS, HOSTILE_TEXTS),
)
TEXTS: st.SearchStrategy[Text] = st.one_of(INLINE, st.lists(INLINE, max_size=4).map(tuple))
ITEMS = st.recursive(
    st.builds(Item, TEXTS), lambda below: st.builds(Item, TEXTS, st.lists(below, max_size=2).map(tuple)), max_leaves=4
)
FLAT = st.one_of(
    st.builds(Paragraph, TEXTS),
    st.builds(Quote, TEXTS),
    st.builds(ItemList, st.lists(ITEMS, min_size=1, max_size=3).map(tuple), is_numbered=st.booleans()),
    st.builds(Listing, HOSTILE_TEXTS, st.sampled_from(["", "diff", "yaml"])),
    st.builds(Table, st.tuples(HOSTILE_TEXTS, HOSTILE_TEXTS), st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)),
)
BLOCKS = st.one_of(FLAT, st.builds(Folded, HOSTILE_TEXTS, st.lists(FLAT, max_size=3).map(tuple)))


def harmless(value: Any) -> Any:
    """Return the same blocks with the text ``x`` in place of each text; of a link only its text is left."""
    match value:
        case str() | Link():
            return "x"
        case bool():
            return value
        case tuple():
            return tuple(map(harmless, value))
    fields = {name: harmless(getattr(value, name)) for name in value.__slots__ if name != "language"}
    return replace(value, **fields)


@given(st.lists(BLOCKS, max_size=4), HOSTILE_TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_text_changes_the_structure_of_the_html_page(blocks: list[Block], title: str) -> None:
    shown, expected = Page(page(*blocks, title=title)), Page(page(*harmless(tuple(blocks))))
    assert [tag for tag in shown.tags if tag not in LOOSE] == [tag for tag in expected.tags if tag not in LOOSE]
    assert all(address.startswith(("http://", "https://")) for address in shown.addresses)
    assert all(letter in "\n\t" or letter.isprintable() for letter in shown.said)


@given(st.lists(BLOCKS, max_size=4), HOSTILE_TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_text_changes_the_structure_of_the_markdown_page(blocks: list[Block], title: str) -> None:
    report = Report("diff", "1", sections=(Section(title, tuple(blocks)),))
    shown = Page(MARKDOWN.render(FORMATS["markdown"](report)))
    assert {*shown.tags} <= TAGS
    assert all(address.startswith(("http://", "https://")) for address in shown.addresses)
    assert not re.search(r"\bfixes #1", shown.said)


@given(st.lists(BLOCKS, max_size=4), HOSTILE_TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_text_reaches_the_terminal_or_a_line_of_its_own(blocks: list[Block], title: str) -> None:
    text = FORMATS["text"](Report("diff", "1", details=(Section(title, tuple(blocks)),)))
    assert all(letter in "\n\t" or letter.isprintable() for letter in text)
    assert all(line.startswith("  ") for line in text.splitlines()[1:-1] if line)


@pytest.mark.parametrize(
    "line", ["[" * 50_000, "`" * 50_000, "**" * 50_000, "` `` " * 20_000, "\\" * 50_000, "x" * 1_000_000]
)
@pytest.mark.parametrize("name", ["html", "markdown", "text"])
def test_a_long_line_of_signs_takes_no_long_time(name: str, line: str) -> None:
    section = Section("long", (Paragraph((line, Code(line), Link(line))), Listing(line, "diff")))
    begin = time.process_time()
    FORMATS[name](Report("diff", "1", sections=(section,), details=(section,)))
    assert time.process_time() - begin < 5


def test_hostile_text_in_a_section_is_visible() -> None:
    assert r"\x1b[2J" in page(Paragraph(HOSTILE), title=HOSTILE)


def test_what_is_in_the_appendix_follows_all_sections_in_markdown_and_its_section_in_html() -> None:
    sections = tuple(
        Section(
            name, (Paragraph(f"about {name}"),), (Folded(f"object of {name}", (Listing("kind: X", "yaml"),)),), name
        )
        for name in ("one", "two")
    )
    report = Report("diff", "1", sections=sections, details=sections)
    pages = {name: FORMATS[name](report) for name in ("html", "markdown", "text")}
    assert pages["html"].index("object of one") < pages["html"].index("about two")
    assert pages["markdown"].index("about two") < pages["markdown"].index("<summary>object of one (one)</summary>")
    assert "object of" not in pages["text"]
