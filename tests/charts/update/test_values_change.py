import time

import pytest

from kubeaid_ci.charts.update import values_change

BEFORE = {
    "replicas": 1,
    "server": {"host": "a", "ports": [80], "tls": {"on": False, "key": "k"}},
    "nodes": {},
    "same": 1,
}
AFTER = {"replicas": "1", "server": {"host": "b", "ports": [80, 443], "extra": {"x": 1}}, "same": 1, "fresh": None}


def test_keys_that_come_go_or_have_another_default_are_told():
    found = [(one.path, one.action.value, one.before, one.after) for one in values_change.compare(BEFORE, AFTER)]
    assert found == [
        ("server.tls", "removed", '{"on": false, "key": "k"}', None),
        ("nodes", "removed", "{}", None),
        ("replicas", "modified", "1", '"1"'),
        ("server.host", "modified", '"a"', '"b"'),
        ("server.ports", "modified", "[80]", "[80, 443]"),
        ("server.extra", "added", None, '{"x": 1}'),
        ("fresh", "added", None, "null"),
    ]
    assert values_change.compare(BEFORE, BEFORE) == ()
    assert values_change.compare({"a": True}, {"a": 1})[0].path == "a"


def test_changes_are_in_the_order_of_the_files_in_every_run():
    before = {f"key{number}": {"a": 1, "b": "x", "c": [1]} for number in range(20, 0, -1)}
    after = {name: {"c": [2], "b": 1, "a": 2} for name in sorted(before)} | {
        f"new{number}": 1 for number in range(9, 0, -1)
    }
    found = [one.path for one in values_change.compare(before, after)]
    assert found == [
        *(f"{name}.{key}" for name in before for key in "abc"),
        *(f"new{number}" for number in range(9, 0, -1)),
    ]


def test_long_defaults_are_cut():
    assert len(values_change.compare({"a": "x"}, {"a": "y" * 5000})[0].after) == 200


def test_keys_that_we_set_and_that_went_are_told_and_no_others():
    ours = {"server": {"tls": {"key": "mine", "on": True}, "host": "x"}, "nodes": {"zone": "a"}, "other": 1}
    found = list(values_change.removed_keys(ours, values_change.compare(BEFORE, AFTER)))
    assert found == [("server", "tls", "key"), ("server", "tls", "on"), ("nodes", "zone")]
    assert list(values_change.removed_keys({}, values_change.compare(BEFORE, AFTER))) == []


def test_secrets_among_the_defaults_are_not_shown() -> None:
    before = {"adminPassword": "hunter2", "tokens": {"ci": "hunter2"}, "db": {"url": "postgres://u:hunter2@db/x"}}
    after = {"adminPassword": "hunter3", "tokens": {"ci": "hunter3"}, "db": {"url": "postgres://u:hunter3@db/x"}}
    for old, new in ((before, after), (before, {}), ({}, after), ({"a": before}, {"a": 1})):
        found = values_change.compare(old, new)
        assert found
        assert "hunter" not in repr(found)
    assert values_change.compare(before, after)[0].after == '"(secret, 7 bytes)" (changed)'


def test_mappings_with_few_common_keys_are_compared_key_by_key() -> None:
    found = values_change.compare({"a": {"x": 1, "y": 2, "z": 3}}, {"a": {"x": 1, "p": 2, "q": 3, "r": 4}})
    assert {one.path for one in found} == {"a.y", "a.z", "a.p", "a.q", "a.r"}


def test_a_boolean_is_not_a_number_in_a_list_either() -> None:
    assert [one.path for one in values_change.compare({"a": [1]}, {"a": [True]})] == ["a"]


def _nested(depth: int, inner: object) -> object:
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def test_deep_values_are_compared_as_a_whole() -> None:
    (change,) = values_change.compare(_nested(140, {"x": 1, "y": 1}), _nested(140, {"x": 2, "y": 2}))
    assert (change.path, change.action.value) == (".".join("a" * 20), "modified")


@pytest.mark.parametrize("depth", [0, 140])
def test_a_document_with_more_values_than_any_chart_is_compared_by_its_top_level_keys(depth: int) -> None:
    before, after = ({"top": _nested(depth, {f"k{n}": side for n in range(60_000)}), side: 1} for side in "xy")
    start = time.process_time()
    found = [(one.path, one.action.value) for one in values_change.compare(before, after)]
    assert found == [("x", "removed"), ("top", "modified"), ("y", "added")]
    assert time.process_time() - start < 30
