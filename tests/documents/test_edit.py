from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import load, load_all, set_scalar
from kubeaid_ci.errors import UserError


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("k: a # why\n", "b", "k: b # why\n"),
        ("k: 'a' # why\n", "b", "k: 'b' # why\n"),
        ('k:   "a"\n', "b", 'k:   "b"\n'),
        ("k: 1.10.0\n", "1.10", 'k: "1.10"\n'),
        ("k: 1.1\n", "1.2.3", "k: 1.2.3\n"),
        ("k: 'a'\n", "it's", "k: 'it''s'\n"),
        ("k: 'a'\n", "x\ny", 'k: "x\\ny"\n'),
        ('k: "a"\n', 'say "hi"\t', 'k: "say \\"hi\\"\\t"\n'),
        ("k: a\n", "", 'k: ""\n'),
        ("k: a\n", "a: b", "k: 'a: b'\n"),
        ("k: a\n", "x\u2028y", 'k: "x\\Ly"\n'),
        ("k:\n", "b", "k: b\n"),
        ("k: # why\n", "b", "k: b # why\n"),
        ("k:", "b", "k: b"),
        ("{k: a, l: b}\n", "x, y", '{k: "x, y", l: b}\n'),
        ("{k: , l: b}\n", "x", "{k: x, l: b}\n"),
        ("{k: a}\n", "x]", '{k: "x]"}\n'),
        ("k: &a b\n", "c", "k: &a c\n"),
        ("k: !!str 1\n", "2", 'k: !!str "2"\n'),
        ("k: !!str # why\n  a\n", "b", "k: !!str # why\n  b\n"),
        ("k: |\n  a\n# why\nl: 1\n", "c", "k: c\n# why\nl: 1\n"),
        ("k: &a\nl: x\n", "c", "k: &a c\nl: x\n"),
        ("k: a\n  b\nl: 1\n", "c", "k: c\nl: 1\n"),
        ("k: | # why\n  a\n  b\n\nl: 1\n", "c", "k: c # why\n\nl: 1\n"),
        ("k: >-\n  a", "c", "k: c"),
        ("k: a\r\nl: 1\r\n", "b", "k: b\r\nl: 1\r\n"),
        ("\ufeffé: 😀\nk: a\n", "b", "\ufeffé: 😀\nk: b\n"),
        ("k: 1\nk: 2\n", "b", "k: 1\nk: b\n"),
        ("? k\n: a\n", "b", "? k\n: b\n"),
        ("k: a\n", True, "k: true\n"),
        ("k: 'a'\n", 3, "k: 3\n"),
        ("k: 1\n", 1.5, "k: 1.5\n"),
        ("k: 1\n", None, "k: null\n"),
        ("k: true\n", 1, "k: 1\n"),
    ],
)
def test_one_scalar_changes_and_nothing_else(old: str, value: Any, new: str) -> None:
    assert set_scalar(old, ["k"], value) == new
    assert load(new, where="new")["k"] == value


CHART = """\
# keep me
dependencies:
- name: redis   # cache
  version: 1.0.0
-   name: "db"
    version: '2.0.0'   # pinned
- x
-
---
version: 3
"""


@pytest.mark.parametrize(
    ("path", "value", "line", "document"),
    [
        (["dependencies", 0, "version"], "1.1.0", "  version: 1.1.0", 0),
        (["dependencies", 1, "version"], "2.1.0", "    version: '2.1.0'   # pinned", 0),
        (["dependencies", 2], "z", "- z", 0),
        (["dependencies", 3], "z", "- z", 0),
        (["version"], "4", 'version: "4"', 1),
    ],
)
def test_a_scalar_deep_down_is_set(path: list[str | int], value: str, line: str, document: int) -> None:
    before = CHART.splitlines()
    after = set_scalar(CHART, path, value, document=document).splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [line]


@pytest.mark.parametrize(
    ("text", "path", "document", "message"),
    [
        ("a: 1\n", ["b"], 0, "^f:1: there is no b to set"),
        ("a: 1\n", ["a", "b"], 0, "^f:1: there is no a.b to set"),
        ("x: 1\na: [1]\n", ["a"], 0, "^f:2: a is not a single value"),
        ("x: &x 1\na: *x\n", ["a"], 0, "^f:2: a is not a single value"),
        ("x: &x 1\na: *x\n", ["x"], 0, "^f:1: x cannot be set in place"),
        ("x: &x {k: 1}\na: *x\n", ["a", "k"], 0, "^f:1: a.k cannot be set in place"),
        ("a: !!int 1\n", ["a"], 0, "^f:1: a cannot be set in place"),
        ("a: 1\n", ["a"], 1, "^f: there is no document 1 to set a in"),
        ("a: [\n", ["a"], 0, "^f:2: not valid YAML"),
    ],
)
def test_what_cannot_be_set_in_place_is_refused(text: str, path: list[str | int], document: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        set_scalar(text, path, "new", document=document, where="f")


def test_a_document_that_is_one_scalar_is_set() -> None:
    assert set_scalar("--- a\n", [], "b") == "--- b\n"


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("ab01 :#-,[]{}&*!|>'\"%@`\n\t~.\u2028", max_size=8),
)


@given(
    TEXTS,
    st.sampled_from(
        ["k: x # c\nl: 1\n", "k: 'x'\n", 'k: "x"\r\n', "l: {k: a, m: [x, y]}\nk: z\n", "- x\n", "{k: a}\n"]
    ),
)
@settings(deadline=None)
def test_any_string_reads_back_as_it_was_set(value: str, text: str) -> None:
    path = [0] if text[0] == "-" else ["k"]
    before, after = (
        load_all(text, where="before")[0],
        load_all(set_scalar(text, path, value), where="after")[0],
    )
    assert after[path[0]] == value
    assert [item for item in after if item != value] == [item for item in before if item != before[path[0]]] or text[
        0
    ] != "-"
