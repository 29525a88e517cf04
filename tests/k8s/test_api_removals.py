import pytest

from kubeaid_ci.k8s.api_removals import check
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.semver.version import Version


def found(api_version, kind, newest):
    manifests = objects("templates/x.yaml", {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})
    return [(str(one.severity), one.message) for one in check(manifests, newest=Version.parse(newest), subject="x")]


def test_an_api_that_is_gone_is_an_error_that_names_what_takes_its_place():
    assert found("policy/v1beta1", "PodDisruptionBudget", "1.25.0") == [
        ("error", "PodDisruptionBudget x: policy/v1beta1 was removed in Kubernetes 1.25; use policy/v1")
    ]


def test_an_api_that_will_go_is_a_warning():
    ((severity, message),) = found("policy/v1beta1", "PodDisruptionBudget", "v1.24.3")
    assert severity == "warning"
    assert message.endswith("is deprecated since Kubernetes 1.21, removed in 1.25; use policy/v1")


def test_an_api_without_a_successor_says_so():
    ((_, message),) = found("policy/v1beta1", "PodSecurityPolicy", "1.30.0")
    assert message.endswith("nothing takes its place")


@pytest.mark.parametrize(
    ("api_version", "kind", "newest"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", "1.20.0"),
        ("policy/v1", "PodDisruptionBudget", "1.34.0"),
        ("autoscaling/v2beta2", "Deployment", "1.34.0"),
        ("example.com/v1beta1", "Ingress", "1.34.0"),
        ("v1", "Endpoints", "1.32.0"),
    ],
)
def test_what_is_neither_is_silent(api_version, kind, newest):
    assert found(api_version, kind, newest) == []
