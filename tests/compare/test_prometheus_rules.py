from kubeaid_ci.compare.manifests import AlertChange
from kubeaid_ci.compare.prometheus_rules import alerts
from kubeaid_ci.git.tree import Action
from tests.compare.samples import alert, manifest, rules


def test_alerts_appear_vanish_and_change() -> None:
    old = [rules("r", {"g": [alert("Kept", "1"), alert("Gone", "2"), alert("Other", "3 > 0")]})]
    new = [rules("r", {"g": [alert("Kept", "1"), alert("Other", "3 > 1"), alert("New", "4")]})]
    assert alerts(old, new) == (
        AlertChange("Gone", "g", "r.yaml", Action.REMOVED, "2", None),
        AlertChange("New", "g", "r.yaml", Action.ADDED, None, "4"),
        AlertChange("Other", "g", "r.yaml", Action.MODIFIED, "3 > 0", "3 > 1"),
    )


def test_another_annotation_or_label_is_no_change_of_an_alert() -> None:
    old, new = rules("r", {"g": [alert("A", "1", team="x")]}), rules("r", {"g": [alert("A", "1", team="y")]})
    assert alerts([old], [new]) == ()


def test_recording_rules_count_and_may_have_a_number_for_expression() -> None:
    old, new = (rules("r", {"g": [{"record": "a:b", "expr": expr}]}) for expr in (0, 1))
    assert alerts([old], [new]) == (AlertChange("a:b", "g", "r.yaml", Action.MODIFIED, "0", "1"),)


def test_a_new_object_brings_all_of_its_alerts() -> None:
    found = alerts([], [rules("r", {"g": [alert("A", "1")], "f": [alert("B", "2")]})])
    assert [(change.group, change.name, change.action) for change in found] == [
        ("f", "B", Action.ADDED),
        ("g", "A", Action.ADDED),
    ]


def test_a_group_that_is_gone_takes_its_alerts_along() -> None:
    found = alerts([rules("r", {"g": [alert("A", "1")], "f": []})], [rules("r", {"f": []})])
    assert found == (AlertChange("A", "g", "r.yaml", Action.REMOVED, "1", None),)


def test_alerts_of_one_name_are_told_apart() -> None:
    pair = [alert("Full", "x < 20", severity="warning"), alert("Full", "x < 3", severity="critical")]
    new = [pair[0], alert("Full", "x < 5", severity="critical")]
    (change,) = alerts([rules("r", {"g": pair})], [rules("r", {"g": new})])
    assert change.name == "Full{severity=critical}"


def test_other_kinds_and_broken_specs_have_no_alerts() -> None:
    broken = [
        manifest("PrometheusRule", "a", spec=None),
        manifest("PrometheusRule", "b", spec={"groups": {"name": "g"}}),
        manifest("PrometheusRule", "c", spec={"groups": ["g", {"name": "g", "rules": 1}]}),
        manifest("ConfigMap", "d", spec={"groups": [{"name": "g", "rules": [alert("A", "1")]}]}),
    ]
    assert alerts([], broken) == ()
