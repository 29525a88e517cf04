import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.documents import split
from kubeaid_ci.documents.pieces import pieces

TEXTS = st.lists(st.sampled_from(["---", "\n", "a: 1", "  b", " ", "# c", "\r\n", "-", "%YAML 1.1", "\ufeff"])).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("\n \n", []),
        ("a: 1\n", ["a: 1\n"]),
        ("---\na: 1\n---\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("a: 1\n\n---# comment\nb: 2\n", ["a: 1\n\n", "# comment\nb: 2\n"]),
        ("---# first\na: 1\n", ["# first\na: 1\n"]),
        ("\n\n--- \na: 1\n", ["a: 1\n"]),
        ("---\n---\n---# x\na: 1\n---", ["# x\na: 1\n"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "b: 2\r\n"]),
        ("\ufeff---\na: 1\n", ["a: 1\n"]),
        ("a: |\n  ---\n  x\n", ["a: |\n  ---\n  x\n"]),
        ("a: |\n  x\n---\nb: 1", ["a: |\n  x\n", "b: 1"]),
        ("--- {a: 1}\n--- |\n  x\n", ["{a: 1}\n", "|\n  x\n"]),
        ("%YAML 1.1\n# why\n---\na: 1\n", ["a: 1\n"]),
        ("---\n  a: 1\nb: 2\n", ["a: 1\nb: 2\n"]),
        ("---\n  a: 1\n  b: 2\n# end\n", ["  a: 1\n  b: 2\n# end\n"]),
        ("---\n\n  - a\n\n  - b\n---\nc\n", ["  - a\n\n  - b\n", "c\n"]),
    ],
)
def test_a_text_falls_into_documents(text: str, documents: list[str]) -> None:
    assert split(text) == documents


@given(TEXTS)
def test_every_piece_stands_in_the_text_where_it_says(text: str) -> None:
    found = list(pieces(text))
    assert all(text[offset:].startswith(piece) and piece.strip() for offset, piece in found)
    assert [piece for _, piece in found] == split(text)
