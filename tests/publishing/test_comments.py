"""What the publisher says quotes commits and names; nobody is called by it."""

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kubeaid_ci.git.commit import Commit
from kubeaid_ci.publishing import comments

PIECES = [
    "@alice",
    "fixes #1",
    "`",
    "```",
    "\\",
    "<b>",
    "<!-- kubeaid-ci:comment:closed -->",
    "\n",
    "- ",
    "/merge",
    " ",
    "x",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


def commit(subject: str, committer: str = "Somebody") -> Commit:
    return Commit("a" * 40, (), "", 0, committer, subject)


@given(TEXT, TEXT, TEXT)
@settings(max_examples=200, deadline=None)
def test_quoted_commits_and_branches_are_code_and_nothing_else(subject: str, committer: str, branch: str) -> None:
    said = (
        comments.foreign(branch, (commit(subject, committer),), gone=False, command="run"),
        comments.nothing_left(branch),
    )
    for text in said:
        inline = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "inline"]
        children = [child for token in inline for child in token.children or []]
        assert {child.type for child in children} <= {"text", "code_inline", "softbreak"}
        assert not [
            child for child in children if child.type == "text" and ("@" in child.content or "#" in child.content)
        ]


def test_many_commits_are_counted() -> None:
    text = comments.overwritten(tuple(commit(f"Number {number}") for number in range(12)))
    assert text.count("\n- ") == 11
    assert text.endswith("- and 2 more")


def test_names_of_what_could_not_be_built_are_counted() -> None:
    text = comments.incomplete("b", tuple(f"c{number}" for number in range(13)))
    assert "c9 and 3 more" in text
    assert "c10" not in text
