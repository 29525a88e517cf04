"""The text of a change request is valid Markdown and calls nobody, whatever manifests, names and errors hold."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.compare.manifests import AlertChange, Change, compare
from kubeaid_ci.forge.change_request import Proposal
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.publishing import body as plan
from kubeaid_ci.publishing.changes import ClusterChange
from kubeaid_ci.publishing.request_text import body, title
from kubeaid_ci.report.markdown import GAP
from kubeaid_ci.visible import one_line
from tests.report.test_markdown import CLOSING, REFERENCE

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")
PIECES = [
    "@alice", "@acme/team", "fixes #1", "Closes acme/config#12", "resolves https://git.example.com/a/b/issues/3", "GH-4",
    "```", "````", "~~~", "`", "``", "|", "\\|", "\\", "\n", "\n\n", "\r\n", "\n    ", "\t", " ", "---", "\n# x", "\n- x",
    "<details>", "</details>", "<summary>", "</summary>", "<!--", "-->", "<b>", "<script>alert(1)</script>", "<br>", "&lt;",
    "<!-- kubeaid-ci:start -->", "<!-- kubeaid-ci:end -->", "- [x] <!-- kubeaid-ci:take-back -->", "/merge", "\n/close\n",
    "[a](https://example.com)", "![i](x)", "https://example.com/x#1", "www.example.com", "*", "_", "~~", "$", "!7", "x", "9",
    "spec.replicas", "name", "\x1b[2J", "\u202e", "\u200b", "\ud800", "ü", "diff --git", "@@ -1 +1 @@", "+", "-",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
MAYBE = st.none() | TEXT
ACTIONS = st.sampled_from(Action)
CHANGES = st.builds(Change, TEXT, TEXT | st.just(""), TEXT, TEXT, ACTIONS, st.lists(TEXT, max_size=3).map(tuple))
ALERTS = st.builds(AlertChange, TEXT, TEXT, TEXT, ACTIONS, MAYBE, MAYBE)
RESULTS = st.builds(
    BuildResult,
    TEXT,
    TEXT,
    MAYBE,
    MAYBE,
    st.just(BuildStatus.CHANGED),
    error=MAYBE,
    changes=st.lists(CHANGES, max_size=3).map(tuple),
)
CLUSTERS = st.builds(
    ClusterChange,
    RESULTS,
    release_before=MAYBE,
    revision_before=MAYBE,
    alerts=st.lists(ALERTS, max_size=2).map(tuple),
    images_added=st.lists(TEXT, max_size=2).map(tuple),
    images_removed=st.lists(TEXT, max_size=2).map(tuple),
    diffs=st.dictionaries(TEXT, TEXT, max_size=2),
)
SEVERAL = st.lists(CLUSTERS, min_size=1, max_size=2)
FAILED = st.lists(RESULTS, max_size=2)
PLENTY = 1_000_000
# Where a text is cut at its very last, a fold may be left without a title.
OPENING = re.compile(r"<details>(\n<summary>[^<>]*</summary>)?\n?")


def assert_quiet(text: str) -> list[Token]:
    """The page holds nothing but what is ours, and no text in it is acted on by any forge."""
    tokens = MARKDOWN.parse(text)
    depth = 0
    for token in tokens:
        match token.type:
            case "html_block":
                part = token.content.strip("\n")
                assert OPENING.fullmatch(part) or part == "</details>" or part.startswith("<!-- kubeaid-ci:"), part
                depth += part.startswith("<details>")
                depth -= part == "</details>"
                assert depth in (0, 1)
                assert not REFERENCE.search(re.sub(r"<[^>]*>", " ", part))
            case "fence":
                assert_no_command(token.content)
            case "inline":
                assert_inline_quiet(token.children or [])
            case _:
                assert token.type.removesuffix("_open").removesuffix("_close") in (
                    "paragraph", "table", "thead", "tbody", "tr", "th", "td", "heading", "bullet_list", "list_item",
                )  # fmt: skip
    assert depth == 0
    assert not CLOSING.search(text)
    return tokens


def assert_inline_quiet(children: list[Token]) -> None:
    for child in children:
        match child.type:
            case "text":
                assert not REFERENCE.search(child.content)
            case "code_inline":
                assert_no_command(child.content)
            case "html_inline":
                assert child.content == "<br>" or child.content == "<!-- kubeaid-ci:take-back -->"
            case _:
                assert child.type in ("softbreak", "strong_open", "strong_close", "em_open", "em_close")


def assert_no_command(code: str) -> None:
    assert not CLOSING.search(code)
    assert "<!--" not in code
    assert not re.search(r"^\s*/[a-z_]+(\s|$)", code, re.MULTILINE)


def shown(token: Token) -> str:
    return "".join(child.content for child in token.children or []).replace(GAP, "").strip()


def rows(tokens: list[Token]) -> list[list[str]]:
    """The cells of all tables, by row."""
    found: list[list[str]] = []
    for before, token in itertools.pairwise(tokens):
        if before.type == "tr_open":
            found.append([])
        if before.type in ("td_open", "th_open"):
            found[-1].append(shown(token))
    return found


@given(SEVERAL, FAILED)
@settings(max_examples=80, deadline=None)
def test_nothing_breaks_out_of_the_text_and_nobody_is_called(
    changes: list[ClusterChange], failed: list[BuildResult]
) -> None:
    tokens = assert_quiet(body(changes, failed, limit=PLENTY))
    assert [token.type for token in tokens].count("fence") == sum(len(change.diffs) for change in changes)
    cells = rows(tokens)
    assert [row[0] for row in cells[1 : len(changes) + 1]] == [one_line(change.result.cluster) for change in changes]
    tables = [change.result.changes for change in changes] + [change.alerts for change in changes]
    assert len(cells) == 1 + len(changes) + sum(len(table) + 1 for table in tables if table)
    for change in changes:
        for one in change.result.changes:
            named = f"{one.namespace}/{one.name}" if one.namespace else one.name
            assert [one_line(one.kind), one_line(named)] in [row[1:3] for row in cells]


@given(SEVERAL, FAILED, st.integers(0, 3000))
@settings(max_examples=80, deadline=None)
def test_what_is_left_out_leaves_the_rest_whole(
    changes: list[ClusterChange], failed: list[BuildResult], limit: int
) -> None:
    text = body(changes, failed, limit=limit)
    assert len(text) <= limit
    assert_quiet(text)
    whole = body(changes, failed, limit=PLENTY)
    assert (text == whole) == (len(whole) <= limit)
    if text != whole and text:
        assert re.search(r"_\d+ more sections? did not fit here", text)


@given(SEVERAL, FAILED, st.integers(600, 4000))
@settings(max_examples=80, deadline=None)
def test_text_within_its_markers_stays_whole_and_forges_none(
    changes: list[ClusterChange], failed: list[BuildResult], limit: int
) -> None:
    proposal = Proposal("b", "main", title(changes), body(changes, failed, limit=PLENTY), {}, draft=bool(failed))
    text = plan.write(None, proposal, limit, content=b"x")
    assert len(text) <= limit
    assert_quiet(text)
    assert (text.count(plan.START), text.count(plan.END)) == (1, 1)
    section = plan.read(text)
    assert (section.draft, section.handed_back) == (bool(failed), False)
    assert section.content == plan.proposal_checksum(title(changes), b"x")


@given(CLUSTERS)
@settings(deadline=None)
def test_title_is_one_short_line_that_closes_nothing(change: ClusterChange) -> None:
    text = title([change])
    assert len(text) <= 240
    assert len(text.splitlines()) == 1
    assert not CLOSING.search(text)
    assert not REFERENCE.search(text)


def test_title_counts_clusters_and_yields_to_a_given_one() -> None:
    one = ClusterChange(BuildResult("prod", "prod", None, None, BuildStatus.CHANGED))
    assert title([one]) == "build(kube-prometheus): rebuild the manifests of prod"
    assert title([one, one]) == "build(kube-prometheus): rebuild the manifests of 2 clusters"
    assert title([one], given="Rebuild\nall ") == "Rebuild all"


def test_largest_diffs_come_first_and_those_that_do_not_fit_are_counted() -> None:
    diffs = {"small": "+a\n", "huge": "+b\n" * 2000, "large": "+c\n" * 100}
    result = BuildResult("prod", "prod", None, None, BuildStatus.CHANGED)
    text = body([ClusterChange(result, diffs=diffs)], [], limit=2000)
    assert re.findall(r"<summary>(\w+)</summary>", text) == ["large", "small"]
    assert text.endswith(
        "_1 more section did not fit here; the changed files and the job's artifacts have all of it._\n"
    )


def test_release_and_revision_show_from_what_to_what() -> None:
    result = BuildResult("prod", "prod", "v0.18.0", "32.0.0", BuildStatus.CHANGED)
    text = body([ClusterChange(result, release_before="v0.17.0", revision_before="31.1.1")], [], limit=PLENTY)
    assert "| `prod` | `v0.17.0` → `v0.18.0` | `31.1.1` → `32.0.0` |  | text only |" in text


@pytest.mark.parametrize(
    ("count", "note"), [(10, ""), (11, "<br>and 1 more"), (50, "<br>and 40 more"), (60, "<br>and more than 40 more")]
)
def test_fields_that_are_not_listed_are_counted(count: int, note: str) -> None:
    named = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}}
    old, new = ({**named, **{f"f{number:02}": value for number in range(count)}} for value in (1, 2))
    (change,) = compare(objects("a.yaml", old), objects("a.yaml", new))
    result = BuildResult("prod", "prod", None, None, BuildStatus.CHANGED, changes=(change,))
    text = body([ClusterChange(result)], [], limit=PLENTY)
    assert f"`f09`{note} |" in text
