import json
from typing import Any

from kubeaid_ci.compare.manifests import FIELDS_SHOWN, Change, compare, objects
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest
from tests.compare.samples import manifest


def config(**data: Any) -> Manifest:
    return manifest("ConfigMap", "dashboards", data={f"{name}.json": text for name, text in data.items()})


def test_equal_objects_give_no_change() -> None:
    assert compare([manifest("Service", "a", spec={"x": 1})], [manifest("Service", "a", spec={"x": 1})]) == ()


def test_objects_are_added_removed_and_modified() -> None:
    old = [manifest("Service", "a"), manifest("Service", "b", spec={"x": 1})]
    new = [manifest("Service", "c"), manifest("Service", "b", spec={"x": 2})]
    assert compare(old, new) == (
        Change("Service", "", "a", "a.yaml", Action.REMOVED),
        Change("Service", "", "b", "b.yaml", Action.MODIFIED, ("spec.x",)),
        Change("Service", "", "c", "c.yaml", Action.ADDED),
    )


def test_changes_are_sorted_by_file_then_kind_and_name() -> None:
    new = [manifest("Service", "b", "2"), manifest("Role", "z", "2"), manifest("Service", "a", "2")]
    new.append(manifest("Secret", "q", "1"))
    assert [(change.file, change.kind, change.name) for change in compare([], new)] == [
        ("1", "Secret", "q"),
        ("2", "Role", "z"),
        ("2", "Service", "a"),
        ("2", "Service", "b"),
    ]


def test_an_object_that_only_moved_to_another_file_is_unchanged() -> None:
    assert compare([manifest("Service", "a", "old.yaml")], [manifest("Service", "a", "new.yaml")]) == ()


def test_an_object_that_moved_and_changed_is_modified_in_its_new_file() -> None:
    old, new = manifest("Service", "a", "old.yaml"), manifest("Service", "a", "new.yaml", spec=1)
    assert compare([old], [new]) == (Change("Service", "", "a", "new.yaml", Action.MODIFIED, ("spec",)),)


def test_another_api_version_is_a_field_of_the_same_object() -> None:
    old, new = manifest("Job", "a", group="batch/v1beta1"), manifest("Job", "a", group="batch/v1")
    assert compare([old], [new])[0].fields == ("apiVersion",)


def test_of_an_object_that_is_there_twice_the_right_one_is_removed() -> None:
    one, two = manifest("Role", "a", "one.yaml", rules=[1]), manifest("Role", "a", "two.yaml", rules=[2])
    assert compare([one, two], [two]) == (Change("Role", "", "a", "one.yaml", Action.REMOVED),)


def test_a_twin_in_the_same_file_is_compared_by_its_place() -> None:
    old = [manifest("Role", "a", rules=[1]), manifest("Role", "a", rules=[2])]
    new = [manifest("Role", "a", rules=[1]), manifest("Role", "a", rules=[3])]
    assert [change.fields for change in compare(old, new)] == [("rules[0]",)]


def test_a_dashboard_is_one_field() -> None:
    old = config(etcd=json.dumps({"panels": [1, 2]}), other='{"a": 1}')
    new = config(etcd=json.dumps({"panels": [1, 3]}), other='{"a": 1}')
    assert compare([old], [new])[0].fields == ("data[etcd.json]",)


def test_a_dashboard_that_is_only_spelled_differently_is_unchanged() -> None:
    old = config(etcd='{"a": 0.80000000000000004, "b": [ ]}')
    assert compare([old], [config(etcd='{\n  "b": [],\n  "a": 0.8\n}')]) == ()
    assert compare([old], [config(etcd='{"a": 0.8, "b": [true]}')])[0].fields == ("data[etcd.json]",)


def test_text_that_is_not_json_is_compared_as_text() -> None:
    assert compare([config(a="[x")], [config(a="[x ")])[0].fields == ("data[a.json]",)
    assert compare([config(a="[" * 100_000)], [config(a="[" * 100_001)])[0].fields == ("data[a.json]",)


def test_a_bare_number_is_text() -> None:
    assert compare([config(a="1")], [config(a="1.0")])[0].fields == ("data[a.json]",)


def test_a_dashboard_beside_other_changes_is_named_only_where_it_means_something_else() -> None:
    old, new = config(a='{"x":1}', b='{"x":1}'), config(a='{"x": 1}', b='{"x": 2}')
    assert compare([old], [new])[0].fields == ("data[b.json]",)


def test_beyond_fifty_fields_the_rest_is_counted() -> None:
    old, new = (manifest("Thing", "a", spec={f"f{place:03}": value for place in range(60)}) for value in (1, 2))
    fields = compare([old], [new])[0].fields
    assert len(fields) == FIELDS_SHOWN + 1
    assert fields[-1] == "… and 10 more"
    assert fields[0] == "spec.f000"


def test_lists_are_flattened_here_too() -> None:
    role = {"apiVersion": "v1", "kind": "Role", "metadata": {"name": "r"}}
    assert [found.key.name for found in objects("x.yaml", {"kind": "RoleList", "items": [role]})] == ["r"]
