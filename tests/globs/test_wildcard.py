"""The automaton finds what a regular expression of the same meaning finds."""

import re

from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.globs.wildcard import Either, Folders, Many, One, Part, Pattern

SINGLE: list[tuple[Part, str]] = [
    (One("a".__eq__), "a"),
    (One("/".__eq__), "/"),
    (One(lambda character: character != "/"), "[^/]"),
    (Many(lambda character: character != "/"), "[^/]*"),
    (Many(lambda _: True), ".*"),
    (Folders(), "(?:.*/)?"),
    (Folders(empty=False), "(?:[^/]+/)*"),
]
sequences = st.recursive(
    st.lists(st.sampled_from(SINGLE), max_size=4),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda branches: [
            (Either([[part for part, _ in branch] for branch in branches]), _either(branches)),
        ]
    ),
    max_leaves=6,
)


def _either(branches: list[list[tuple[Part, str]]]) -> str:
    return f"(?:{'|'.join(''.join(text for _, text in branch) for branch in branches)})"


@given(sequences, st.text("ab/", max_size=8))
def test_a_pattern_is_its_regular_expression(sequence: list[tuple[Part, str]], text: str) -> None:
    pattern = Pattern([part for part, _ in sequence])
    expression = "".join(written for _, written in sequence)
    assert pattern.fullmatch(text) is (re.fullmatch(expression, text) is not None)
