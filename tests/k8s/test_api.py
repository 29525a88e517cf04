import pytest

from kubeaid_ci.k8s import api
from kubeaid_ci.semver.version import Version


def crd(scope="Namespaced", **version):
    versions = [{"name": "v1", "served": True, **version}, {"name": "v0", "served": False}]
    return {"spec": {"group": "acme.io", "scope": scope, "names": {"kind": "Widget"}, "versions": versions}}


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("1.25.0", "autoscaling/v2beta2", "flowcontrol.apiserver.k8s.io/v1"),
        ("1.29.0", "flowcontrol.apiserver.k8s.io/v1/FlowSchema", "autoscaling/v2beta2"),
        ("v1.34.1", "resource.k8s.io/v1/ResourceClaim", "flowcontrol.apiserver.k8s.io/v1beta3"),
        ("1.34.0", "policy/v1/PodDisruptionBudget", "policy/v1beta1"),
    ],
)
def test_each_version_of_kubernetes_serves_its_own(version, there, gone):
    served = api.api_versions(Version.parse(version))
    assert there in served
    assert gone not in served
    assert list(served) == sorted(set(served))


def test_custom_kinds_are_those_that_are_served():
    assert api.custom_versions([crd(), crd()]) == ("acme.io/v1", "acme.io/v1/Widget")
    assert api.custom_versions([{}, {"spec": {"versions": "x"}}]) == ()
