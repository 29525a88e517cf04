"""The writer and the loader against Go's own YAML library.

What is left out, and why: toYaml folds lines after 80 columns (`gojsontoyaml` does not), passes
numbers through 64-bit floats, and refuses or changes raw U+007F–U+009F, U+FFFE and U+FFFF on the way
in. Some sets of keys have no order in go-yaml: its sort is not transitive, its output then random.
"""

from decimal import Decimal
from itertools import pairwise, product
from math import isfinite
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import dump, load
from kubeaid_ci.documents.goyaml import compare_keys, ordered
from kubeaid_ci.documents.resolve import _WORDS
from kubeaid_ci.errors import UserError
from tests.documents import go

# No shrinking: a failing assertion names the one value, and each try costs a rendering.
quickly = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)

TELLING = st.text("aZz0123456789 \n\t:#-?,[]{}&*!|>'\"%@`=<~._+eExXobBTyn/\\\r\0é\u2028\u2029\ufeff😀\xa0", max_size=12)
ANY = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(0x7F, 0xA0)), "\ufffe", "\uffff"]),
    max_size=10,
)
NUMBERISH = st.from_regex(r"[-+]?[0-9._xob]{1,4}[0-9a-fA-F_.:eE+-]{0,12}", fullmatch=True)
TIMEISH = st.from_regex(
    r"[12]0[0-9]{2}-[0-2]?[0-9]-[0-3]?[0-9]([Tt ] {0,2}[0-2]?[0-9]:[0-6]?[0-9]:[0-6]?[0-9]"
    r"([.,][0-9]{0,11})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?)?",
    fullmatch=True,
)
WORDS = st.sampled_from([*_WORDS, "yEs", "oN", "<<", "=", "-", "?", ":", "--", "---", "..."])
TEXT = st.one_of(TELLING, ANY, NUMBERISH, TIMEISH, WORDS)
NUMBER = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
KEY = st.one_of(TELLING, WORDS, st.from_regex(r"[aB_]{0,2}[0-9]{0,3}[aB._-]{0,2}[0-9]{0,2}", fullmatch=True))
TREE = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEY, inner, max_size=4)),
    max_leaves=12,
)


def numbers_as_helm_passes_them(value: Any) -> Any:
    """Numbers as Go's JSON spells floats: whole ones below 1e21 as integers of the fewest digits."""
    match value:
        case dict():
            return {key: numbers_as_helm_passes_them(item) for key, item in value.items()}
        case list():
            return [numbers_as_helm_passes_them(item) for item in value]
        case int() | float() if not isinstance(value, bool):
            number = float(value)
            return int(Decimal(repr(number))) if number.is_integer() and abs(number) < 1e21 else number
    return value


def mappings(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict) else []) + [found for item in inner for found in mappings(item)]


def comparable(value: Any, ours: str) -> bool:
    orders = [ordered(mapping) for mapping in mappings(value)]
    settled = all(compare_keys(a, b) < 0 for keys in orders for i, a in enumerate(keys) for b in keys[i + 1 :])
    return settled and all(len(line) <= 80 for line in ours.splitlines())


def assert_written_as_go_does(values: list[Any]) -> None:
    expected = [numbers_as_helm_passes_them(value) for value in values]
    ours = [dump(value).removesuffix("\n") for value in expected]
    compared = [
        (value, mine, theirs)
        for value, mine, theirs in zip(expected, ours, go.write(values), strict=True)
        if comparable(value, mine)
    ]
    assert [(value, mine) for value, mine, _ in compared] == [(value, theirs) for value, _, theirs in compared]


@quickly
@given(st.lists(TEXT, min_size=30, max_size=150))
def test_strings_are_written_as_go_writes_them(texts: list[str]) -> None:
    assert_written_as_go_does(texts)


@quickly
@given(st.lists(NUMBER, min_size=20, max_size=80))
def test_numbers_are_written_as_go_writes_them(numbers: list[float]) -> None:
    assert_written_as_go_does(numbers)


@quickly
@given(st.lists(TREE, min_size=5, max_size=25))
def test_trees_are_written_as_go_writes_them(trees: list[Any]) -> None:
    assert_written_as_go_does(trees)


@quickly
@given(st.lists(st.sets(KEY, min_size=2, max_size=6), min_size=10, max_size=40))
def test_keys_stand_in_the_order_go_gives_them(sets: list[set[str]]) -> None:
    assert_written_as_go_does([dict.fromkeys(names) for names in sets])


def test_every_short_string_of_signs_is_written_as_go_writes_it() -> None:
    signs = "a0 \n:-#'\"?.,~{"
    assert_written_as_go_does(["".join(chars) for n in (1, 2, 3) for chars in product(signs, repeat=n)])


@quickly
@given(st.lists(st.one_of(NUMBERISH, TIMEISH, WORDS), min_size=30, max_size=150))
def test_plain_scalars_are_read_as_go_reads_them(texts: list[str]) -> None:
    lines = [f"k: {text}\n" for text in texts]
    for line, theirs in zip(lines, go.read(lines), strict=True):
        assert reading(line) == ({"k": theirs["k"]} if "k" in theirs else None), line


@quickly
@given(st.lists(st.one_of(NUMBERISH, TIMEISH, WORDS), min_size=30, max_size=150))
def test_plain_keys_are_read_as_go_reads_them(texts: list[str]) -> None:
    # Nothing is left out but what Helm's rule takes for a separator of documents.
    lines = [f"{text}: 1\n" for text in texts if not text.startswith("---")]
    for line, theirs in zip(lines, go.read(lines), strict=True):
        assert reading(line) == (None if "Error" in theirs else theirs), line


def reading(text: str) -> Any:
    """What we read, with what JSON cannot say (infinity) and what is no YAML as nothing."""
    try:
        value = load(text, where="text")
    except UserError:
        return None
    unsayable = any(isinstance(item, float) and not isfinite(item) for item in value.values())
    return None if unsayable else numbers_as_helm_passes_them(value)


SAMPLES = [
    "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
    "a: &x {b: 1}\nc: {b: 2, <<: *x}\n",
    "a: &x {b: 1}\ny: &y {b: 2, e: 3}\nc: {<<: [*x, *y], d: 2}\n",
    "a: 1\na: 2\n",
    "a: !!str 1\nb: !!int '3'\nc: !!float 3\nd: !!binary aGk=\ne: !custom 4\n",
    "a: |\n  x\n   y\n\n  z\nb: >-\n  x\n  y\n\n  z\nc: |+\n  x\n\n",
    "a: 'it''s'\nb: \"\\u00e9\\x41\\\n  b\"\nc: a\n  b\n\n  c\n",
    "? a\n: b\n? [1]\n",
    "a: [1, 2.5, {b: c}, 'd', [e]]\nb: {}\nc: []\nd:\n",
    "=: =\non: off\n1: 2\n1.5: a\n0.1: b\n0x10: c\n1e3: d\n",
    "a: 18446744073709551615\nb: -9223372036854775808\nc: 99999999999999999999\nd: 1e400\n",
    "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n",
]


def test_documents_are_read_as_go_reads_them() -> None:
    for text, theirs in zip(SAMPLES, go.read(SAMPLES), strict=True):
        assert reading(text) == (None if "Error" in theirs else theirs), text


def test_the_samples_are_not_all_refused() -> None:
    assert sum("Error" in value for value in go.read(SAMPLES)) == 1


def test_the_comparison_notices_a_difference() -> None:
    assert all(a != b for a, b in pairwise(go.write(["yes", "plain", "a: b", "x\ny"])))
