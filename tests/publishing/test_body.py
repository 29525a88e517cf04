"""Our section in a change request's text: people's words around it stay, and nothing forges its marks."""

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kubeaid_ci.forge.change_request import ChangeRequest, Proposal
from kubeaid_ci.publishing import body
from kubeaid_ci.publishing.body import END, START

PROPOSAL = Proposal("b", "main", "Update", "What changes.", {})
BOX = "- [ ] <!-- kubeaid-ci:take-back -->"
TICKED = BOX.replace("[ ]", "[x]")
PIECES = [
    START,
    END,
    BOX,
    TICKED,
    "<!-- kubeaid-ci:state ready 000000000000 000000000000 -->",
    "<!-- ",
    "-->",
    "words",
    "\n",
]
WORDS = st.lists(st.sampled_from([*PIECES, "```", "<details>", "</details>", "\r\n", " "]), max_size=6).map("".join)
PLAIN = st.text(st.sampled_from("ab <>!-`@\n\r"), max_size=30)


@given(WORDS, WORDS)
@settings(max_examples=300, deadline=None)
def test_any_text_gets_one_section_that_is_read_back(existing: str, proposed: str) -> None:
    proposal = Proposal("b", "main", "Update", proposed, {}, draft=True)
    text = body.write(existing, proposal, 10_000, content=b"x")
    assert (text.count(START), text.count(END)) == (1, 1)
    assert body.read(text) == body.Section(
        draft=True, title=body.checksum(b"Update"), content=body.proposal_checksum("Update", b"x"), handed_back=False
    )
    assert body.write(text, proposal, 10_000, content=b"x") == text


@given(PLAIN, PLAIN)
@settings(deadline=None)
def test_words_around_the_section_stay_to_the_letter(before: str, after: str) -> None:
    first = body.write(None, PROPOSAL, 10_000)
    text = body.write(f"{before}{first}{after}", Proposal("b", "main", "Update", "Something else.", {}), 10_000)
    lines = [words.replace("\r\n", "\n").replace("\r", "\n") for words in (before, after)]
    assert text.startswith(lines[0] + START)
    assert text.endswith(END + lines[1])
    assert "Something else." in text
    assert "What changes." not in text


def test_words_without_a_section_come_before_it() -> None:
    assert body.write("By hand.\n", PROPOSAL, 10_000).startswith(f"By hand.\n\n{START}\n")


def test_half_a_marker_of_somebody_takes_nothing_with_it() -> None:
    text = body.write(f"Keep {START} this", PROPOSAL, 10_000)
    assert text.startswith("Keep &lt;!-- kubeaid-ci:start --> this\n\n")
    assert body.write(text, PROPOSAL, 10_000) == text


def test_box_is_read_in_our_section_alone() -> None:
    text = body.write(None, PROPOSAL, 10_000)
    assert not body.read(text + TICKED).handed_back
    assert body.read(text.replace(BOX, TICKED)).handed_back
    assert body.read(text.replace(BOX, TICKED).replace("\n", "\r\n")).handed_back
    assert not body.read(body.write(text.replace(BOX, TICKED), PROPOSAL, 10_000)).handed_back


def test_text_that_we_close_was_turned_down_by_nobody() -> None:
    text = f"By hand.\n\n{body.write(None, PROPOSAL, 10_000, content=b'x')}"
    closed = body.mark_withdrawn(text)
    assert body.read(text).content == body.proposal_checksum("Update", b"x")
    assert body.read(closed).content is None
    assert closed.startswith("By hand.\n\n")
    assert "What changes." in closed


def test_title_that_a_person_chose_is_left_alone() -> None:
    text = body.write(None, PROPOSAL, 10_000)
    assert body.may_rename(ChangeRequest(1, "u", "b", "main", "Update", text))
    assert not body.may_rename(ChangeRequest(1, "u", "b", "main", "Not yet", text))


@given(
    st.lists(
        st.sampled_from(
            ["```diff", "```", "````", "text `<details>`", "<details>", "</details>", "", "| `</details>` |"]
        )
    )
)
@settings(max_examples=200, deadline=None)
def test_text_that_is_cut_closes_what_is_open(lines: list[str]) -> None:
    whole = "\n".join(lines)
    for limit in range(60, len(whole), 7):
        cut = body.fit(whole, limit)
        assert len(cut) <= limit
        tokens = MarkdownIt("commonmark").parse(f"{cut}\n\nafter\n")
        assert [token.type for token in tokens][-3:] == ["paragraph_open", "inline", "paragraph_close"]
        assert tokens[-2].content == "after"
