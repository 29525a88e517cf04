import pytest

from kubeaid_ci.k8s.manifest import ObjectId, numbered, objects

ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "r", "namespace": "a"},
}


def test_an_object_is_itself() -> None:
    (found,) = objects("x.yaml", ROLE)
    assert (found.path, found.body) == ("x.yaml", ROLE)
    assert found.key == ObjectId("rbac.authorization.k8s.io", "Role", "a", "r")


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
    assert found.key == ObjectId("", "", "", "", place=1)


def body(kind: str, api: str = "v1", **metadata: str) -> dict[str, object]:
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


RBAC = "rbac.authorization.k8s.io/v1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # Cluster-scoped kinds ignore the namespace, whatever version they are of.
        (body("ClusterRole", RBAC, name="a", namespace="x"), body("ClusterRole", RBAC, name="a"), True),
        (body("Namespace", name="a", namespace="x"), body("Namespace", name="a", namespace="y"), True),
        (
            body("CustomResourceDefinition", "apiextensions.k8s.io/v1beta1", name="a", namespace="x"),
            body("CustomResourceDefinition", "apiextensions.k8s.io/v1", name="a"),
            True,
        ),
        (body("Fleet", "acme.io/v1", name="a", namespace="x"), body("Fleet", "acme.io/v1", name="a"), True),
        # Others do not, and neither do kinds of the same name in another group.
        (body("Role", RBAC, name="a", namespace="x"), body("Role", RBAC, name="a", namespace="y"), False),
        (body("Unknown", "x.io/v1", name="a", namespace="x"), body("Unknown", "x.io/v1", name="a"), False),
        (body("Fleet", "other.io/v1", name="a", namespace="x"), body("Fleet", "other.io/v1", name="a"), False),
        (body("Ingress", "extensions/v1beta1", name="a"), body("Ingress", "networking.k8s.io/v1", name="a"), False),
        (body("Job", "batch/v1", name="a"), body("Job", "batch/v1", generateName="a"), False),
        (body("Job", "batch/v1", generateName="a-"), body("Job", "batch/v1", generateName="b-"), False),
        (body("Job", "batch/v1", name="a", generateName="b-"), body("Job", "batch/v1", name="a"), True),
        # A name may look like one that is generated.
        (body("ClusterRole", RBAC, name="a*"), body("ClusterRole", RBAC, generateName="a"), False),
    ],
)
def test_what_is_the_same_object(one: dict[str, object], other: dict[str, object], *, same: bool) -> None:
    scopes = {("acme.io", "Fleet"): False}
    assert (ObjectId.of(one, scopes=scopes) == ObjectId.of(other, scopes=scopes)) is same


def test_another_destination_cluster_has_another_object() -> None:
    assert ObjectId.of(ROLE, destination="workload-1") != ObjectId.of(ROLE)


def test_objects_without_a_name_are_told_apart_by_their_place() -> None:
    bodies = [
        body("Job", "batch/v1", generateName="a-"),
        body("Job", "batch/v1", name="x"),
        body("Job", "batch/v1", generateName="b-"),
        body("Job", "batch/v1", generateName="a-"),
        body("Job", "batch/v1"),
        body("Job", "batch/v1"),
    ]
    found = [str(one) for one in numbered(ObjectId.of(each) for each in bodies)]
    assert found == ["Job a-*", "Job x", "Job b-*", "Job a-*#2", "Job ", "Job #2"]
