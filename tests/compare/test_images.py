from kubeaid_ci.compare.images import image_changes, images
from tests.compare.samples import manifest


def pod(**containers: str) -> dict[str, object]:
    return {field: [{"name": "c", "image": image}] for field, image in containers.items()}


def test_images_of_every_kind_of_container_at_any_depth() -> None:
    pods = pod(containers="a:1", initContainers="b:1", ephemeralContainers="c:1")
    cron = {"jobTemplate": {"spec": {"template": {"spec": pod(containers="d:1")}}}}
    found = images(
        [
            manifest("Pod", "p", spec=pods),
            manifest("CronJob", "j", spec=cron),
            manifest("Workflow", "w", spec={"templates": [{"spec": pod(containers="e:1")}]}),
        ]
    )
    assert found == {"a:1", "b:1", "c:1", "d:1", "e:1"}


def test_images_of_what_the_prometheus_operator_runs() -> None:
    group = "monitoring.coreos.com/v1"
    spec = {"image": "prom:3", "thanos": {"image": "thanos:1"}, **pod(containers="proxy:1")}
    prometheus = manifest("Prometheus", "k8s", group=group, spec=spec)
    alertmanager = manifest("Alertmanager", "main", group=group, spec={"image": "am:1"})
    assert images([prometheus, alertmanager]) == {"prom:3", "thanos:1", "proxy:1", "am:1"}


def test_an_image_field_elsewhere_is_not_a_container_image() -> None:
    other = manifest("Site", "s", spec={"image": "logo.png", "containers": "none", "x": [{"image": "y"}]})
    schema = manifest("CustomResourceDefinition", "c", spec=pod(containers="a:1"))
    assert images([other, schema]) == set()


def test_containers_that_are_no_containers_are_passed_over() -> None:
    assert images([manifest("Pod", "p", spec={"containers": ["x", {"image": 3}, {"image": ""}, {}]})]) == set()


def test_changes_are_what_is_new_and_what_is_gone() -> None:
    old = [manifest("Pod", name, spec=pod(containers=name)) for name in ("b:1", "a:1", "same:1")]
    new = [manifest("Pod", name, spec=pod(containers=name)) for name in ("b:2", "a:2", "same:1")]
    assert image_changes(old, new) == (("a:2", "b:2"), ("a:1", "b:1"))
