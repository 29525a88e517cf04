from kubeaid_ci.model.manifest import Key, objects

ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "r", "namespace": "a"},
}


def test_an_object_is_itself() -> None:
    (found,) = objects("x.yaml", ROLE)
    assert (found.path, found.body) == ("x.yaml", ROLE)
    assert found.key == Key("rbac.authorization.k8s.io", "Role", "a", "r")


def test_an_empty_document_holds_nothing() -> None:
    assert objects("x.yaml", None) == []


def test_a_list_is_its_items_however_deep() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [ROLE, ROLE]}
    found = objects("x.yaml", {"apiVersion": "v1", "kind": "List", "items": [inner, ROLE]})
    assert [manifest.body for manifest in found] == [ROLE] * 3


def test_items_of_a_typed_list_take_its_kind_where_they_have_none() -> None:
    bare = {"metadata": {"name": "r"}}
    group = "rbac.authorization.k8s.io/v1"
    named, other = objects("x.yaml", {"apiVersion": group, "kind": "RoleList", "items": [bare, ROLE]})
    assert named.body == {"apiVersion": group, "kind": "Role", **bare}
    assert other.body == ROLE


def test_items_of_an_untyped_list_stay_without_a_kind() -> None:
    (found,) = objects("x.yaml", {"apiVersion": "v1", "kind": "List", "items": [{"metadata": {"name": "r"}}]})
    assert found.key.kind == ""


def test_a_kind_that_only_ends_like_a_list_is_an_object() -> None:
    allow = {"apiVersion": "net.example.com/v1", "kind": "AllowList", "metadata": {"name": "a"}}
    assert [manifest.body for manifest in objects("x.yaml", allow)] == [allow]


def test_what_is_no_mapping_is_an_object_without_a_name() -> None:
    (found,) = objects("x.yaml", ["a", "b"])
    assert found.key == Key("", "", "", "")
