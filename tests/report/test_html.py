import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from kubeaid_ci.report.html import render
from kubeaid_ci.report.html_markdown import rendered
from kubeaid_ci.report.markdown import code, escape, fence, folded, table
from tests.report.samples import HOSTILE, build_report, hostile_report

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Counts the tags of a page, follows their nesting and gathers its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.said = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.addresses += [str(value) for name, value in attributes if name in ("src", "href", "action")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_holds_everything_and_needs_nothing_else() -> None:
    page = Page(render(build_report()))
    assert page.addresses == []
    assert "script" not in page.tags
    for said in (
        "kubeaid-ci build",
        "no such variable: w",
        "Correct the line.",
        "replicas differ",
        "until Monday",
    ):
        assert said in page.said
    assert page.said.index("Errors") < page.said.index("Warnings") < page.said.index("Results")


def test_the_page_follows_the_readers_choice_of_light_or_dark_and_forbids_scripts() -> None:
    page = render(build_report())
    assert "prefers-color-scheme: dark" in page
    assert "Content-Security-Policy\" content=\"default-src 'none'" in page
    assert "url(" not in page
    assert "@import" not in page


def test_hostile_text_adds_no_tag() -> None:
    hostile, harmless = (
        hostile_report(),
        Page(render(hostile_report()).replace("&lt;", "(").replace("&gt;", ")")),
    )
    page = Page(render(hostile))
    assert page.tags == harmless.tags
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.said
    assert all(letter == "\n" or letter.isprintable() for letter in page.said)


def test_a_run_without_findings_says_so() -> None:
    assert "No findings." in Page(render(replace(build_report(), findings=()))).said


def test_a_section_shows_its_markdown() -> None:
    body = (
        "### Objects\n\n"
        + table(("Kind", "Fields"), [("Role", code("a|b`c")), (escape("x|y_z <b> @me"), "**bold**")])
        + "\n- one\n- "
        + escape("two & three")
        + "\n\n"
        + fence("--- a\n+++ b\n@@ -1 +1 @@\n-old <i>\n+new\n```\n same", "diff")
        + "\n"
        + folded("more <b>", "[docs](https://example.com/a?b&c)\n")
    )
    shown = Page(f"<div>{rendered(body)}</div>").said
    assert "@\u200bme" in shown
    shown = shown.replace("\u200b", "")
    for said in (
        "Objects",
        "a|b`c",
        "x|y_z <b> @me",
        "bold",
        "two & three",
        "-old <i>",
        "\n```\n",
        "more <b>",
        "docs",
    ):
        assert said in shown
    page = rendered(body)
    assert '<span class="plus">+new</span>' in page
    assert '<a href="https://example.com/a?b&amp;c" rel="noreferrer">docs</a>' in page
    assert "<th>Kind</th>" in page


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '[x](https://example.com/"onclick="alert(1))',
        "<details onclick=alert(1)>",
        "<summary><img src=x onerror=alert(1)></summary>",
        "&lt;script&gt;",
        "`<script>`",
        "| <script> | `<script>` |",
        "```\n<script>",
        "# <script>",
        "- <script>",
        "**<script>**",
        "[<script>](https://example.com)",
    ],
)
def test_markdown_brings_no_tag_of_its_own(markdown: str) -> None:
    page = rendered(markdown)
    assert not re.search(r"<(script|img|details o)", page)
    assert not re.search(r'href="(?!https?://)|" ?onclick', page)


@pytest.mark.parametrize("line", ["[" * 50_000, "`" * 50_000, "**" * 50_000, "` `` " * 20_000, "\\" * 50_000])
def test_a_long_line_of_signs_takes_no_long_time(line: str) -> None:
    assert rendered(f"x {line}").startswith("<p>")


def test_hostile_text_in_a_section_is_visible_and_our_own_gaps_are_not() -> None:
    page = render(replace(build_report(), sections={HOSTILE: escape(HOSTILE)}))
    assert r"\x1b[2J" in page
    assert r"\u200b" not in page


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n  - b\n  - c\n- d", "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>"),
        ("- a\n  - b\n    - c\n- d", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>"),
        ("  - a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    ],
)
def test_a_list_in_a_list_belongs_to_its_item(markdown: str, html: str) -> None:
    assert rendered(markdown) == html


def test_lists_nest_only_as_deep_as_reports_do() -> None:
    deep = "\n".join(f"{' ' * level}- x" for level in range(5_000))
    assert rendered(deep).count("<ul>") <= 10
