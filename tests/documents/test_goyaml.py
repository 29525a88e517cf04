import json
import subprocess
import sys
from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import dump, load, parse_json
from kubeaid_ci.errors import UserError
from tests.documents import go

GOLDEN = Path(__file__).parent / "golden"
RULES = sorted(path.stem for path in GOLDEN.glob("*.json"))

# go-yaml writes these keys in a way that reads back as something else: a merge, and a lost blank.
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2028\u2029"), max_size=8).filter(
    "<<".__ne__
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u2028\u2029"), max_size=20)
LINES = st.lists(st.sampled_from(["", "a", " a", "a: b", "- a", "# a", "é", "  "]), max_size=5).map("\n".join)
NUMBERS = st.one_of(st.integers(-(1 << 63), (1 << 64) - 1), st.floats(allow_nan=False, allow_infinity=False))
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, LINES),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
)


def rule_input(rule: str) -> Any:
    return parse_json((GOLDEN / f"{rule}.json").read_text("utf-8"))


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_writer_holds(rule: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{rule}.yaml", dump(rule_input(rule)))


REFUSED_BY_HELM = ("del\x7f", "\x80", "nel\x85here", "\x9f", "\ufffe", "\uffff")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "numbers"])
def test_the_golden_files_are_what_go_writes(rule: str) -> None:
    value = rule_input(rule)
    items = [{name: item} for name, item in value.items()] if isinstance(value, dict) else value
    kept = [item for item in items if item not in REFUSED_BY_HELM]
    assert [dump(item).removesuffix("\n") for item in kept] == go.write(kept)


@given(TREES)
@settings(deadline=None)
def test_what_is_written_reads_back_as_it_was(tree: Any) -> None:
    assert load(dump(tree), where="written") == tree


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=6), st.randoms())
@settings(deadline=None)
def test_the_order_in_which_keys_came_does_not_show(mapping: dict[str, int], random: Any) -> None:
    names = [name for name in mapping if name.isprintable()]
    shuffled = random.sample(names, len(names))
    assert dump({name: mapping[name] for name in shuffled}) == dump({name: mapping[name] for name in names})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null\n"),
        ({}, "{}\n"),
        ([], "[]\n"),
        ("a\nb\n", "|\n  a\n  b\n"),
        ([["a"], {"b": ["c"]}], "- - a\n- b:\n  - c\n"),
        (-0.0, "-0\n"),
        ([inf, -inf, nan], "- .inf\n- -.inf\n- .nan\n"),
        (1 << 64, "1.8446744073709552e+19\n"),
        (10**400, "1" + "0" * 400 + "\n"),
    ],
)
def test_a_value_at_the_top_is_written(value: Any, text: str) -> None:
    assert dump(value) == text


def test_long_lines_are_not_folded() -> None:
    assert dump({"k": "word " * 100 + "end"}) == "k: " + "word " * 100 + "end\n"


@pytest.mark.parametrize("value", ["\ud83d", {"\udc00": 1}, "two\nlines \ud800"])
def test_half_a_surrogate_pair_is_refused(value: Any) -> None:
    with pytest.raises(UserError, match="half a surrogate pair, U\\+D"):
        dump(value)


@pytest.mark.parametrize("value", [{"a": {1, 2}}, [b"x"], object()])
def test_a_type_that_json_does_not_have_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="as YAML"):
        dump(value)


def test_nesting_without_end_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UserError, match="nested too deeply"):
        dump(value)


def test_writing_needs_no_yaml_library() -> None:
    code = (
        "import sys; from kubeaid_ci.documents import dump, parse_json, split\n"
        "split(dump(parse_json('{}'))); print('yaml' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_golden_inputs_hold_no_number_that_json_spells_differently() -> None:
    for rule in RULES:
        if rule != "numbers":
            assert json.loads((GOLDEN / f"{rule}.json").read_text("utf-8")) == rule_input(rule)
