import pytest

from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.k8s.operated_pods import OPERATED
from kubeaid_ci.k8s.pods import pod_templates, workload

POD = {"containers": [{"name": "app", "image": "app:1"}], "initContainers": [{"name": "init"}]}
TEMPLATE = {"metadata": {"labels": {"app": "shop"}, "annotations": {"note": "x"}}, "spec": POD}


def manifest(api_version: str, kind: str, **fields: object) -> Manifest:
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "shop", "namespace": "web"}, **fields}
    return Manifest(ObjectId.of(body), body, "templates/shop.yaml")


@pytest.mark.parametrize(
    ("api_version", "kind", "fields", "path"),
    [
        ("apps/v1", "Deployment", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        ("apps/v1", "DaemonSet", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        ("apps/v1", "StatefulSet", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        ("apps/v1", "ReplicaSet", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        ("batch/v1", "Job", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        (
            "batch/v1",
            "CronJob",
            {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}},
            "spec jobTemplate spec template spec",
        ),
        ("v1", "ReplicationController", {"spec": {"template": TEMPLATE}}, "spec template spec"),
        ("v1", "PodTemplate", {"template": TEMPLATE}, "template spec"),
        ("argoproj.io/v1alpha1", "Rollout", {"spec": {"template": TEMPLATE}}, "spec template spec"),
    ],
)
def test_a_workload_gives_the_whole_specification_of_its_pods(api_version, kind, fields, path):
    made = manifest(api_version, kind, **fields)
    (pods,) = pod_templates(made)
    assert pods == workload(made)
    assert pods.path == tuple(path.split())
    assert (pods.spec, pods.labels, pods.annotations) == (POD, {"app": "shop"}, {"note": "x"})
    assert pods.is_complete
    assert [container["name"] for container in pods.containers()] == ["app"]
    assert [field for field, _ in pods.all_containers()] == ["initContainers", "containers"]


def test_a_pod_has_its_own_labels():
    body = manifest("v1", "Pod", spec=POD).body | {"metadata": {"name": "shop", "labels": {"app": "shop"}}}
    (pods,) = pod_templates(Manifest(ObjectId.of(body), body, ""))
    assert (pods.path, pods.labels) == (("spec",), {"app": "shop"})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Deployment", {}),
        ("Deployment", {"spec": None}),
        ("Deployment", {"spec": []}),
        ("Deployment", {"spec": {"template": "x"}}),
        ("Deployment", {"spec": {"template": {"spec": [POD]}}}),
        ("Scale", {"spec": {"template": TEMPLATE}}),
    ],
)
def test_an_object_without_a_pod_specification_makes_no_pods(kind, fields):
    assert pod_templates(manifest("apps/v1", kind, **fields)) == ()


def test_values_of_another_type_are_left_out():
    template = {"metadata": {"labels": {"app": 1, "tier": "db"}}, "spec": {"containers": [None, "x", {"name": "a"}]}}
    (pods,) = pod_templates(manifest("apps/v1", "Deployment", spec={"template": template}))
    assert pods.labels == {"tier": "db"}
    assert [container["name"] for container in pods.containers()] == ["a"]


def test_the_prometheus_operator_makes_pods_of_the_specification():
    spec = {
        "podMetadata": {"labels": {"team": "obs"}},
        "hostNetwork": True,
        "containers": [{"name": "config-reloader"}],
    }
    (pods,) = pod_templates(manifest("monitoring.coreos.com/v1", "Prometheus", spec=spec))
    assert pods.labels["app.kubernetes.io/name"] == "prometheus"
    assert pods.labels["app.kubernetes.io/instance"] == "shop"
    assert pods.labels["team"] == "obs"
    assert pods.host_network
    assert not pods.is_complete
    assert workload(manifest("monitoring.coreos.com/v1", "Prometheus", spec=spec)) is None


def test_an_operator_adds_its_labels_to_templates_inside_the_object():
    spec = {"override": {"statefulSet": {"spec": {"template": TEMPLATE}}}}
    operator, inside = pod_templates(manifest("rabbitmq.com/v1beta1", "RabbitmqCluster", spec=spec))
    assert operator.spec == {}
    assert inside.path == ("spec", "override", "statefulSet", "spec", "template", "spec")
    assert inside.labels == {
        "app": "shop",
        "app.kubernetes.io/name": "shop",
        "app.kubernetes.io/component": "rabbitmq",
        "app.kubernetes.io/part-of": "rabbitmq",
    }


def test_an_unknown_custom_resource_has_the_templates_in_it():
    spec = {"runners": [{"podTemplate": TEMPLATE}]}
    (pods,) = pod_templates(manifest("example.com/v1", "Runner", spec=spec))
    assert pods.path == ("spec", "runners", "0", "podTemplate", "spec")
    assert (pods.labels, pods.is_complete, pods.operated) == ({"app": "shop"}, False, False)


def test_a_definition_is_no_workload():
    assert pod_templates(manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec={"a": POD})) == ()


def test_an_endlessly_deep_object_ends():
    deep: dict[str, object] = {"containers": [{"name": "x"}]}
    for _ in range(2000):
        deep = {"spec": deep}
    assert pod_templates(manifest("example.com/v1", "Runner", spec=deep)) == ()


@pytest.mark.parametrize(("group", "kind"), sorted(OPERATED))
def test_operators_name_their_object_in_the_labels_of_its_pods(group, kind):
    (pods,) = pod_templates(manifest(f"{group}/v1", kind, spec={}))
    assert pods.labels
    assert "{name}" not in str(pods.labels)
