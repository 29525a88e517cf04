"""Values straight from the events are those of the tree."""

import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import load_all, straight
from kubeaid_ci.documents.loader import _Values
from kubeaid_ci.documents.nodes import documents
from kubeaid_ci.errors import UserError

SCALARS = ["a", "on", "0o17", "1_000", "1e3", "~", "null", "''", '"1"', "1.50", "2001-01-01", "=", "|\n   x\n", "<<"]
ODD = ["&a 1", "*a", "!!str 1", "!!int '1'", "!own x", "{a: 1, a: 2}", "[1, [2, {b: }]]", "? [x]\n  : 1", "&a {c: 1}"]


def by_tree(text: str) -> list[Any]:
    return [_Values(document).value(document.root, 0) for document in documents(text, "x")]


def told(read: Any, text: str) -> str:
    try:
        return repr(read(text))
    except UserError as error:
        return str(error)


def same(text: str) -> None:
    assert told(lambda text: load_all(text, where="x"), text) == told(by_tree, text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(values, max_size=3), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_value_is_read_alike(written: list[Any], flow: bool) -> None:
    same(yaml.safe_dump_all(written, default_flow_style=flow, allow_unicode=True, sort_keys=False))


@pytest.mark.parametrize("seed", range(300))
def test_lines_in_any_mix_are_read_or_refused_alike(seed: int) -> None:
    chance = random.Random(seed)
    lines = []
    for _ in range(chance.randint(1, 8)):
        lead = "  " * chance.randint(0, 2) + chance.choice(["", "", "- "])
        key = chance.choice(["", "a: ", "b: ", "1: ", "on: ", "'q': ", "~: ", "<<: ", ": ", "# ", "--- "])
        lines.append(lead + key + chance.choice([*SCALARS, *SCALARS, *ODD, ""]))
    same("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "null\n",
        "--- a\n--- b\n",
        "a: &x {b: 1}\nc: *x\n",
        "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
        "a: 1\nb: 2\na: 3\n",
        "a: {b: 1}\na: {c: 1}\n",
        "!!map {a: 1}\n",
        "a: !!float 1\n",
        "a: !!binary aGk=\n",
        "[[1], {a: [b, {c: d}]}]\n",
        "[" * 151 + "]" * 151,
        "[" * 149 + "]" * 149,
        "{" * 200,
        "a: [1\n",
        "a: 'x\n",
        "\ta: 1\n",
        "a: \ud800\n",
        "a: *nothing\n",
        "[a, b]: c\n",
    ],
)
def test_whatever_is_unusual_is_read_or_refused_alike(text: str) -> None:
    same(text)


def test_most_documents_need_no_tree() -> None:
    assert straight.values("kind: x\nspec:\n- a: &b 1\n  c: [on, 'off']\n") == [
        {"kind": "x", "spec": [{"a": 1, "c": [True, "off"]}]}
    ]
    with pytest.raises(straight.UnusualError):
        straight.values("a: &b 1\nc: *b\n")
