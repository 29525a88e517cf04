from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

from kubeaid_ci.report.html import render
from tests.report.samples import build_report, hostile_report

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


def test_a_table_first_report_begins_with_its_results() -> None:
    page = Page(render(replace(build_report(), is_table_first=True))).said
    assert page.index("Results") < page.index("Errors")


def test_the_headline_and_the_origin_come_first() -> None:
    report = replace(
        build_report(),
        opening=("1 of 3 clusters changed",),
        revisions={
            "config": {"repository": "github.com/acme/config", "revision": {"ref": "main", "commit": "1a2b3c4d"}}
        },
        made=datetime(2026, 3, 1, 4, 5, tzinfo=UTC),
        run="https://ci.example.com/run/7",
    )
    page = Page(render(report))
    assert (
        "config repo github.com/acme/config at main (1a2b3c4d) · kubeaid-ci 1.2.3 · 2026-03-01 04:05 UTC · run"
        in page.said
    )
    assert page.addresses == ["https://ci.example.com/run/7"]
    assert page.said.index("1 of 3 clusters changed") < page.said.index("Errors")
