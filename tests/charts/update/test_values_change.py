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
        ("replicas", "modified", "1", '"1"'),
        ("server.host", "modified", '"a"', '"b"'),
        ("server.ports", "modified", "[80]", "[80, 443]"),
        ("server.tls", "removed", '{"on": false, "key": "k"}', None),
        ("server.extra", "added", None, '{"x": 1}'),
        ("nodes", "removed", "{}", None),
        ("fresh", "added", None, "null"),
    ]
    assert values_change.compare(BEFORE, BEFORE) == ()
    assert values_change.compare({"a": True}, {"a": 1})[0].path == "a"


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
