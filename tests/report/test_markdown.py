import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kubeaid_ci.forge.forge import utf8_size
from kubeaid_ci.report.markdown import GAP, code, escape, fence, fit, folded, left_out, table
from kubeaid_ci.visible import one_line, visible

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")

# What forges act on in the text of a rendered page, and GitLab in the source of a description.
REFERENCE = re.compile(
    r"(?<!\w)@\w|#\d|(?i:\bgh-\d)|(?<!\w)[!$%~&^](?=\d|\")|\bABC-\d|\w://|\bwww\.|\[issue:", re.ASCII
)
CLOSING = re.compile(
    r"\b(?i:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?):? +"
    r"(?:issues? +)?(?:[\w./-]*#\d|https?://|[A-Z][A-Z0-9_]+-\d)"
)
ANY_TEXT = st.text(st.sampled_from("ab1 \n\t`*_[]()<>|#@!$%~&^\\-+.:/=\"'{}wfixes\x1b\r\u202e\u200b"), max_size=40)
LINES = [
    "plain text with a-dash, under_score and 1.2.3",
    "fixes #1, closes: acme/config#12 and resolves GH-3",
    "Implements ABC-12; Closes https://git.example.com/acme/config/issues/4 or www.example.com",
    "@someone and @acme/team, !7 $8 %9 ~10 &11 ^alert#12 [issue:13]",
    "**bold** _it_ ~~gone~~ `code` [a](https://example.com) ![i](x) <b>x</b> &lt; <!-- c --> <https://x.test>",
    "a|b \\| c \\\\| d",
    "# heading",
    "- item",
    "+ item",
    "12) item",
    "1. item",
    "> quote",
    "---",
    "===",
    "***",
    "~~~",
    "```",
    "/merge",
    "    indented",
    "[ref]: https://example.com",
    "<details>",
]


def shown(tokens: list[Token]) -> str:
    """The text that a reader sees."""
    signs = {"text": None, "code_inline": None, "softbreak": "\n", "hardbreak": "\n"}
    parts = []
    for token in tokens:
        assert token.type in (*signs, "inline", "paragraph_open", "paragraph_close", "html_inline"), token.type
        if token.type == "html_inline":
            assert token.content == "<br>"
            parts.append("\n")
        elif token.type == "inline":
            parts.append(shown(token.children or []))
        elif token.type in signs:
            parts.append(signs[token.type] or token.content)
    return "".join(parts)


def seen(text: str) -> str:
    """What `escape` ought to show: each line without blanks at its ends."""
    return "\n".join(line.strip() for line in visible(text).strip().splitlines())


@pytest.mark.parametrize("line", LINES)
def test_escaped_text_shows_as_it_is_and_refers_to_nothing(line: str) -> None:
    escaped = escape(line)
    page = shown(MARKDOWN.parse(escaped))
    assert page.replace(GAP, "") == line.strip()
    assert not REFERENCE.search(page)
    assert not CLOSING.search(escaped)
    assert not escaped.startswith("/")


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_escaped_text_shows_as_it_is(text: str) -> None:
    page = shown(MARKDOWN.parse(escape(text)))
    assert page.replace(GAP, "") == seen(text)
    assert not REFERENCE.search(page)


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_in_a_code_span_stays_code(text: str) -> None:
    (inline,) = [token for token in MARKDOWN.parse(f"x {code(text)} y") if token.type == "inline"]
    (span,) = [token for token in inline.children or [] if token.type == "code_inline"]
    assert span.content.replace(GAP, "").strip() == one_line(text)


@given(ANY_TEXT, ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_stays_in_its_cell(first: str, second: str) -> None:
    tokens = MARKDOWN.parse(table(("A", "B"), [(code(first), escape(second)), ("x", "y")]))
    cells = [token.children or [] for token in tokens if token.type == "inline"][2:]
    assert len(cells) == 4
    assert shown(cells[0]).replace(GAP, "").strip() == one_line(first)
    assert shown(cells[1]).replace(GAP, "") == seen(second)
    assert [shown(cell) for cell in cells[2:]] == ["x", "y"]


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_stays_in_its_fence(text: str) -> None:
    tokens = MARKDOWN.parse(f"{fence(text, 'diff')}\nafter\n")
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].info == "diff"
    assert tokens[0].content.replace(GAP, "").rstrip("\n") == visible(text).rstrip("\n")


def test_the_language_of_a_fence_cannot_leave_its_line() -> None:
    assert fence("x", "diff`\n<b>").startswith("```diffb\nx\n```\n")


@pytest.mark.parametrize("line", LINES[:5])
def test_code_closes_no_issue_even_for_a_forge_that_reads_the_source(line: str) -> None:
    assert not CLOSING.search(fence(line))
    assert not CLOSING.search(code(line))


def test_code_holds_no_command_and_no_marker_even_for_a_forge_that_reads_the_source() -> None:
    block = fence("/merge\n  /close now\n/etc/passwd stays\n<!-- kubeaid-ci:end -->")
    assert not re.search(r"^\s*/(merge|close)", block, re.MULTILINE)
    assert "\n/etc/passwd stays\n" in block
    assert "<!--" not in block
    assert "<!--" not in code("<!-- kubeaid-ci:end -->")


def test_well_known_numbers_stay_fit_for_copying() -> None:
    text = "CVE-2026-1234, SHA-256 and registry.example.com/app:1.2"
    assert escape(text) == text


def test_a_folded_part_opens_on_its_title_alone() -> None:
    title = f"a &lt;/summary&gt;&lt;b&gt; @{GAP}x &quot;q&quot;"
    assert folded('a </summary><b> @x "q"', "\nbody\n") == (
        f"<details>\n<summary>{title}</summary>\n\nbody\n\n</details>\n"
    )


def test_sections_that_fit_are_joined_whole() -> None:
    assert fit(["a\n", "b\n"], 5) == "a\n\nb\n"
    assert fit([], 0) == ""


def test_what_does_not_fit_is_skipped_and_counted_and_the_next_is_tried() -> None:
    sections = ["first\n", "x" * 500 + "\n", "last\n", "y" * 500 + "\n"]
    assert fit(sections, 100) == f"first\n\nlast\n\n{left_out(2)}"


def test_nothing_is_shown_where_not_even_the_closing_line_fits() -> None:
    assert fit(["x" * 100], 10) == ""


def test_a_limit_in_bytes_counts_bytes() -> None:
    sections = ["ü" * 40 + "\n", "b\n"]
    assert fit(sections, 84) == "\n".join(sections)
    assert fit(sections, 83, size=utf8_size, note=lambda count: f"{count} left out\n") == "b\n\n1 left out\n"


@given(st.lists(st.text(max_size=30), max_size=6), st.integers(0, 150))
def test_the_limit_holds(sections: list[str], limit: int) -> None:
    assert utf8_size(fit(sections, limit, size=utf8_size)) <= limit
