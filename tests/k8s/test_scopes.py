"""Which kinds belong to a namespace, and the identity of an object that follows from it."""

import pytest

from kubeaid_ci.k8s.api import custom_scopes
from kubeaid_ci.k8s.scopes import is_namespaced

CUSTOM = {("acme.io", "Fleet"): False, ("acme.io", "Widget"): True}


@pytest.mark.parametrize(
    ("group", "kind", "namespaced"),
    [
        ("", "Namespace", False),
        ("", "Node", False),
        ("", "PersistentVolume", False),
        ("", "PersistentVolumeClaim", True),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy", False),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", False),
        ("apiextensions.k8s.io", "CustomResourceDefinition", False),
        ("apiregistration.k8s.io", "APIService", False),
        ("certificates.k8s.io", "ClusterTrustBundle", False),
        ("certificates.k8s.io", "PodCertificateRequest", True),
        ("extensions", "Ingress", True),
        ("networking.k8s.io", "IngressClass", False),
        ("policy", "PodSecurityPolicy", False),
        ("rbac.authorization.k8s.io", "ClusterRole", False),
        ("rbac.authorization.k8s.io", "Role", True),
        ("resource.k8s.io", "ResourceClass", False),
        ("resource.k8s.io", "ResourceClaim", True),
        ("storage.k8s.io", "StorageClass", False),
        ("storage.k8s.io", "CSIStorageCapacity", True),
        ("storagemigration.k8s.io", "StorageVersionMigration", False),
        ("constraints.gatekeeper.sh", "K8sRequiredLabels", False),
        ("acme.io", "Fleet", False),
        ("acme.io", "Widget", True),
        # The same kind in another group is another kind, and an unknown one counts as namespaced.
        ("other.io", "Fleet", True),
        ("other.io", "ClusterRole", True),
        ("", "Unknown", True),
    ],
)
def test_the_scope_of_a_kind(group, kind, namespaced):
    assert is_namespaced(group, kind, CUSTOM) is namespaced


def definition(kind, api="v1", **spec):
    names = {"group": "acme.io", "names": {"kind": "Fleet"}}
    return {"apiVersion": f"x.example.com/{api}", "kind": kind, "spec": {**names, **spec}}


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        (definition("CustomResourceDefinition", scope="Cluster", versions=[{"name": "v1"}]), {"Fleet": False}),
        (definition("CustomResourceDefinition", scope="Namespaced"), {"Fleet": True}),
        (definition("CustomResourceDefinition", "v1beta1", scope="Cluster", version="v1"), {"Fleet": False}),
        (
            definition("CompositeResourceDefinition", claimNames={"kind": "FleetClaim"}),
            {"Fleet": False, "FleetClaim": True},
        ),
        (definition("CompositeResourceDefinition", "v2"), {"Fleet": True}),
        (definition("CompositeResourceDefinition", "v2", scope="Cluster"), {"Fleet": False}),
    ],
)
def test_a_definition_says_the_scope_of_its_kinds(body, scopes):
    found = custom_scopes([body])
    assert {kind: found["acme.io", kind] for kind in scopes} == scopes


def test_a_definition_that_is_no_such_thing_is_no_scope_of_a_kind():
    found = custom_scopes([{"kind": "CustomResourceDefinition"}, {"kind": "CustomResourceDefinition", "spec": "x"}])
    assert ("acme.io", "Fleet") not in found
