import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.compare.objects import differences, twice
from kubeaid_ci.documents.nodes import MAX_DEPTH
from kubeaid_ci.git.tree import Action
from tests.compare.rendered import at, changed, changes, container, found, obj, paths, workload

WORKLOAD = workload(
    metadata={"labels": {"app": "web"}, "annotations": {"note": "x"}},
    spec={"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
    pod={
        "serviceAccountName": "web",
        "imagePullSecrets": [{"name": "a"}, {"name": "b"}],
        "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "config", "configMap": {"name": "web"}}],
        "containers": [
            container(
                env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                ports=[{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}],
                volumeMounts=[{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}],
                securityContext={"capabilities": {"drop": ["KILL", "CHOWN"]}},
            ),
            container("side", args=["--a", "--b"]),
        ],
    },
)
ROLE = obj(
    "Role",
    api="rbac.authorization.k8s.io/v1",
    rules=[
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
    ],
)
POLICY = obj(
    "NetworkPolicy",
    api="networking.k8s.io/v1",
    spec={
        "podSelector": {},
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"a": "1"}}}, {"podSelector": {}}], "ports": [{"port": 1}]}
        ],
        "policyTypes": ["Egress", "Ingress"],
    },
)
UNORDERED = [WORKLOAD, ROLE, POLICY]


def shuffled(value: Any, chance: random.Random) -> Any:
    """The value with every list that has no order in another one."""
    if isinstance(value, dict):
        return {name: item if name == "args" else shuffled(item, chance) for name, item in value.items()}
    if isinstance(value, list):
        items = [shuffled(item, chance) for item in value]
        chance.shuffle(items)
        return items
    return value


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [leaf for step, item in items for leaf in leaves(item, (*path, step))]
    return below or [path]


@pytest.mark.parametrize("body", UNORDERED)
def test_an_object_does_not_differ_from_itself(body: Any) -> None:
    assert found(body, copy.deepcopy(body)) == ()


@pytest.mark.parametrize("body", UNORDERED)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_lists_that_kubernetes_merges_by_key_have_no_order(body: Any, seed: int) -> None:
    assert found(body, shuffled(body, random.Random(seed))) == ()


@pytest.mark.parametrize("body", UNORDERED)
def test_every_single_field_that_changes_is_shown(body: Any) -> None:
    for path in leaves(body):
        if path[0] in ("apiVersion", "kind") or path[:2] in (("metadata", "name"), ("metadata", "namespace")):
            continue
        (change,) = changes(body, changed(body, *path, to="another"))
        assert change.action is Action.MODIFIED, path
        assert change.fields, path


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_change_is_shown_in_whatever_order_the_rest_is(seed: int) -> None:
    chance = random.Random(seed)
    path = chance.choice([path for path in leaves(WORKLOAD) if path[0] == "spec"])
    assert paths(WORKLOAD, shuffled(changed(WORKLOAD, *path, to="another"), chance))


def test_items_are_called_by_the_keys_that_kubernetes_merges_by() -> None:
    pod = ("spec", "template", "spec", "containers", 0)
    mounted = changed(WORKLOAD, *pod, "volumeMounts", 1, "readOnly", to=True)
    assert paths(WORKLOAD, mounted) == ["spec.template.spec.containers[main].volumeMounts[/b].readOnly"]
    opened = changed(WORKLOAD, *pod, "ports", 1, "hostPort", to=1)
    assert paths(WORKLOAD, opened) == ["spec.template.spec.containers[main].ports[81/UDP].hostPort"]


def test_members_of_a_set_come_and_go_by_themselves() -> None:
    new = changed(ROLE, "rules", 1, "verbs", to=["get", "delete"])
    (change,) = changes(ROLE, changed(new, "rules", 0, "verbs", to=["list", "get"]))
    assert [(one.path, one.action, one.after) for one in change.fields] == [
        ("rules[0].verbs[delete]", Action.ADDED, "delete")
    ]


def test_the_order_of_init_containers_and_of_variables_that_refer_counts() -> None:
    first, second = container("a"), container("b")
    old, new = (workload(pod={"initContainers": list(order)}) for order in ((first, second), (second, first)))
    assert paths(old, new) == ["spec.template.spec.initContainers"]
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
    old, new = (workload(pod={"containers": [container(env=order)]}) for order in (env, env[::-1]))
    assert paths(old, new) == ["spec.template.spec.containers[main].env"]


def test_the_order_of_lists_in_custom_resources_counts() -> None:
    old = obj("Thing", api="example.com/v1", spec={"tolerations": ["a", "b"]})
    assert paths(old, changed(old, "spec", "tolerations", to=["b", "a"])) == [
        "spec.tolerations[0]",
        "spec.tolerations[1]",
    ]


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1.0, 1)])
def test_one_number_spelled_twice_is_one(old: Any, new: Any) -> None:
    assert found(obj("Thing", spec={"n": old}), obj("Thing", spec={"n": new})) == ()


@pytest.mark.parametrize(("old", "new"), [(1, True), ("80", 80), (0, False), ("", None), ([], {}), ({}, "gone")])
def test_values_of_other_types_differ(old: Any, new: Any) -> None:
    assert paths(obj("Thing", spec={"n": old}), obj("Thing", spec={"n": new})) == ["spec.n"]


def test_labels_come_one_by_one_and_no_labels_are_the_same_as_none() -> None:
    bare = obj("Service")
    assert found(bare, changed(bare, "metadata", "labels", to={})) == ()
    assert paths(bare, changed(bare, "metadata", "labels", to={"a": "1", "b": "2"})) == [
        "metadata.labels.a",
        "metadata.labels.b",
    ]


def test_dashboards_and_configuration_in_texts_are_opened() -> None:
    old = obj("ConfigMap", data={"d.json": '{"panels": [{"title": "a"}], "v": 1}', "c.yaml": "a:\n  b: 1\nc: 2\n"})
    new = obj("ConfigMap", data={"d.json": '{"v":1,"panels":[{"title":"b"}]}', "c.yaml": "c: 2\na: {b: 3}\n"})
    assert paths(old, new) == ["data[c.yaml].a.b", "data[d.json].panels[0].title"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("#cloud-config\na: 1\nb: 2\n", "#other\na: 1\nb: 2\n"),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
        ("a: 1\na: 2\n", "a: 2\nb: 1\n"),
        ("#!/bin/sh\necho a\n", "#!/bin/sh\necho b\n"),
        ("text", '{"a": 1}'),
    ],
)
def test_texts_that_may_be_read_in_two_ways_are_compared_as_text(old: str, new: str) -> None:
    assert paths(obj("ConfigMap", data={"x": old}), obj("ConfigMap", data={"x": new})) == ["data.x"]


@pytest.mark.parametrize("deep", ["[" * 900 + "{}" + "]" * 900, "{" + '"a":{' * 500 + "}" * 501, "[" * 99_999])
def test_a_text_that_is_nested_without_end_is_compared_as_text(deep: str) -> None:
    assert paths(obj("ConfigMap", data={"x": deep}), obj("ConfigMap", data={"x": " " + deep + " "})) == ["data.x"]


def test_an_object_as_deep_as_a_document_may_be_is_compared() -> None:
    old: Any = 1
    for _ in range(MAX_DEPTH - 3):
        old = {"a": old}
    assert (
        len(paths(obj("Thing", spec=old), changed(obj("Thing", spec=old), *["spec", *["a"] * (MAX_DEPTH - 3)], to=2)))
        == 1
    )


def test_an_object_under_another_name_is_a_rename() -> None:
    old, new = (obj("ConfigMap", name, data={"who": f"I am {name}"}) for name in ("old", "new"))
    added, removed = changes(old, new)
    assert (added.action, added.name, added.renamed_from) == (Action.ADDED, "new", "ConfigMap n/old")
    assert (removed.action, removed.name, removed.renamed_from) == (Action.REMOVED, "old", None)


def test_objects_that_differ_in_more_than_the_name_are_no_rename() -> None:
    old, new = obj("ConfigMap", "old", data={"a": "1"}), obj("ConfigMap", "new", data={"a": "2"})
    assert [change.renamed_from for change in changes(old, new)] == [None, None]


def test_another_application_takes_an_object_over() -> None:
    body = obj("Service")
    (difference,) = differences([at(body, app="a")], [at(body, app="b")])
    assert (difference.action, difference.moved, difference.counts) == (Action.MODIFIED, True, True)


def test_an_object_that_another_application_still_holds_does_not_go() -> None:
    body = obj("Service")
    (difference,) = differences([at(body, app="a"), at(body, app="b")], [at(body, app="b")])
    assert difference.action is Action.MODIFIED


def test_a_second_application_that_holds_an_object_is_no_new_object() -> None:
    body = obj("Service")
    (difference,) = differences([at(body, app="a")], [at(body, app="a"), at(body, app="b")])
    assert difference.action is Action.MODIFIED


def test_a_kind_that_kubernetes_moved_to_another_group_is_the_same() -> None:
    old, new = (obj("Ingress", api=api, spec={"x": 1}) for api in ("extensions/v1beta1", "networking.k8s.io/v1"))
    assert paths(old, new) == ["apiVersion"]


def test_of_an_object_that_is_there_twice_the_last_counts() -> None:
    first, last = obj("Service", spec={"a": 1}), obj("Service", spec={"a": 2})
    assert found([first, last], last) == ()
    assert [one.body for one in twice([at(first), at(last)])] == [first]
    assert twice([at(first), at(first), at(last, app="other")]) == []
