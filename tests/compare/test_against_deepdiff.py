"""Our comparer against deepdiff, on documents that hold nothing that Kubernetes gives a meaning."""

from collections.abc import Iterator, Mapping
from typing import Any

from deepdiff import DeepDiff
from hypothesis import example, given
from hypothesis import strategies as st

from kubeaid_ci.compare.deltas import deltas
from kubeaid_ci.compare.difference import ABSENT

KEYS = st.sampled_from(("a", "b", "c", "name", "spec"))
TEXTS = st.sampled_from(("", "x", "true", "1", "two words"))
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | TEXTS
# In a list deepdiff takes 0 for false and 1 for true; the comparer does not.
LISTED = st.none() | st.booleans() | st.integers(2, 5) | TEXTS
DOCUMENTS = st.dictionaries(
    KEYS, st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)
)
WITH_LISTS = st.dictionaries(
    KEYS,
    st.recursive(
        LISTED, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
)
KINDS = {
    "dictionary_item_added": "added",
    "dictionary_item_removed": "removed",
    "values_changed": "modified",
    "type_changes": "modified",
}


def ours(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for delta in deltas(old, new, group="example.com"):
        kind = "added" if delta.before is ABSENT else "removed" if delta.after is ABSENT else "modified"
        place = next((number for number, step in enumerate(delta.steps) if step.item), None)
        yield tuple(step.name for step in delta.steps[:place]), "modified" if place is not None else kind


def theirs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for kind, levels in DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0).items():
        for level in levels:
            path = level.path(output_format="list")
            place = next((number for number, step in enumerate(path) if isinstance(step, int)), None)
            yield tuple(path[:place]), "modified" if place is not None else KINDS[kind]


@given(DOCUMENTS, DOCUMENTS)
@example({"a": {"b": 1}}, {"a": {"b": True}})
@example({"a": {}}, {"a": None})
def test_mappings_differ_in_the_same_places_and_kinds(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert sorted(ours(old, new)) == sorted(theirs(old, new))


@given(WITH_LISTS, WITH_LISTS)
@example({"a": [1, 2]}, {"a": [2, 1]})
@example({"a": [{"name": "x"}, {"name": "two words"}]}, {"a": [{"name": "two words"}, {"name": "x"}]})
@example({"a": [[], {}]}, {"a": [{}, []]})
def test_lists_differ_where_deepdiff_finds_a_difference_in_them(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert set(ours(old, new)) == set(theirs(old, new))


@given(WITH_LISTS)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert list(ours(document, document)) == list(theirs(document, document)) == []
