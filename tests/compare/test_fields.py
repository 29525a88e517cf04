from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.compare.manifests import fields
from kubeaid_ci.compare.matching import same
from tests.compare.samples import alert


def rule_list(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"rules": list(rules)}


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
        ({"a": 1}, {"a": {"deep": {"er": 1}}}, ["a"]),
        ({}, {"a": {"deep": {"er": 1}}}, ["a"]),
        ({"a": None}, {}, ["a"]),
        ({"replicas": 1}, {"replicas": True}, ["replicas"]),
        ({"a": {"on": [True]}}, {"a": {"on": [1]}}, ["a.on[0]"]),
        (
            {"metadata": {"labels": {"app.kubernetes.io/name": "x"}}},
            {"metadata": {"labels": {"app.kubernetes.io/name": "y"}}},
            ["metadata.labels[app.kubernetes.io/name]"],
        ),
        ({1: "x", "a": 1}, {1: "y", "a": 2}, ["1", "a"]),
    ],
)
def test_a_field_is_named_by_its_path(old: Any, new: Any, paths: list[str]) -> None:
    assert fields(old, new) == paths


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (["a", "b", "c"], ["a", "x", "c"], ["args[1]"]),
        (["a", "b", "c"], ["a", "new", "b", "c"], ["args[1]"]),
        (["a", "b", "c"], ["b", "c"], ["args[0]"]),
        (["a"], ["a", "b", "c"], ["args[1]", "args[2]"]),
        ([], ["a"], ["args[0]"]),
        ([{"port": 1}, {"port": 2}], [{"port": 1}, {"port": 3}], ["args[1].port"]),
        ([[1, 2], [3]], [[1, 2], [4]], ["args[1][0]"]),
    ],
)
def test_items_without_names_go_by_their_place(old: Any, new: Any, paths: list[str]) -> None:
    assert fields({"args": old}, {"args": new}) == paths


def test_containers_go_by_name() -> None:
    old = {"containers": [{"name": "proxy", "image": "p:1"}, {"name": "grafana", "image": "g:1"}]}
    new = {"containers": [{"name": "grafana", "image": "g:2"}, {"name": "log", "image": "l:1"}]}
    assert fields(old, new) == ["containers[proxy]", "containers[grafana].image", "containers[log]"]


def test_where_only_the_order_of_named_items_differs_the_list_is_named() -> None:
    first, second = {"name": "a"}, {"name": "b"}
    assert fields({"env": [first, second]}, {"env": [second, first]}) == ["env"]


def test_one_alert_in_two_severities_is_told_apart_by_them() -> None:
    old = rule_list(alert("Full", "x > 1", severity="warning"), alert("Full", "x > 2", severity="critical"))
    new = rule_list(alert("Full", "x > 2", severity="critical"), alert("Full", "x > 0", severity="warning"))
    assert fields(old, new) == ["rules[Full{severity=warning}].expr"]


def test_a_second_severity_is_an_addition() -> None:
    old = rule_list(alert("Full", "x > 1", severity="warning"))
    new = rule_list(alert("Full", "x > 1", severity="warning"), alert("Full", "x > 2", severity="critical"))
    assert fields(old, new) == ["rules[Full{severity=critical}]"]


def test_the_severity_of_a_single_alert_is_one_of_its_fields() -> None:
    old, new = (rule_list(alert("Full", "x", severity=severity)) for severity in ("info", "warning"))
    assert fields(old, new) == ["rules[Full].labels.severity"]


def test_alerts_of_one_severity_are_told_apart_by_the_labels_that_differ() -> None:
    old = rule_list(
        alert("Burn", "a", severity="critical", long="1h", team="x"),
        alert("Burn", "b", severity="critical", long="6h", team="x"),
    )
    new = rule_list(old["rules"][0], alert("Burn", "c", severity="critical", long="6h", team="x"))
    assert fields(old, new) == ["rules[Burn{long=6h}].expr"]


def test_rules_that_only_their_expression_tells_apart_are_numbered() -> None:
    def records(*exprs: str) -> dict[str, Any]:
        return rule_list(*({"record": "a:b", "expr": expr} for expr in exprs))

    assert fields(records("1", "2", "3"), records("1", "9", "3")) == ["rules[a:b#2].expr"]
    assert fields(records("1", "2", "3"), records("0", "1", "2", "3")) == ["rules[a:b#4]"]
    assert fields(records("1", "2", "3"), records("1", "3")) == ["rules[a:b#2]"]
    assert fields(records("1", "2"), records("8", "9")) == ["rules[a:b#1].expr", "rules[a:b#2].expr"]


def test_a_list_where_one_item_has_no_name_goes_by_place() -> None:
    old = {"items": [{"name": "a", "v": 1}, {"v": 2}]}
    new = {"items": [{"name": "a", "v": 1}, {"v": 3}]}
    assert fields(old, new) == ["items[1].v"]


_NAMED = st.fixed_dictionaries(
    {"name": st.sampled_from("abc")},
    optional={
        "v": st.integers(0, 2),
        "labels": st.dictionaries(st.sampled_from("xy"), st.sampled_from("12")),
    },
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(_NAMED, max_size=4)
        | st.dictionaries(st.text("ab./", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)
_BODIES = st.dictionaries(st.sampled_from("kl"), _VALUES)


@given(_BODIES, _BODIES)
def test_fields_are_named_exactly_where_something_differs(old: Any, new: Any) -> None:
    paths = fields(old, new)
    assert bool(paths) == (not same(old, new))
    assert len(paths) == len(set(paths))
    assert len(paths) == len(fields(new, old))
