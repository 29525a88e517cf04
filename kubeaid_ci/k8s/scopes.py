"""The scopes of kinds: namespaced or cluster-wide.

Kubernetes' own kinds, of every API version from 1.16 to 1.37, alpha and removed ones included. Source: the paths of
the API (https://kubernetes.io/docs/reference/kubernetes-api/): an object of a namespaced kind is below
``/namespaces/{namespace}/``.
"""

from collections.abc import Mapping

Scopes = Mapping[tuple[str, str], bool]
"""For the group and kind of custom resources: True if their objects belong to a namespace."""

NO_SCOPES: Scopes = {}

_CLUSTER_SCOPED: Mapping[str, str] = {
    "": "ComponentStatus Namespace Node PersistentVolume",
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "auditregistration.k8s.io": "AuditSink",
    "authentication.k8s.io": "SelfSubjectReview TokenReview",
    "authorization.k8s.io": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "extensions": "PodSecurityPolicy",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "internal.apiserver.k8s.io": "StorageVersion",
    "metrics.k8s.io": "NodeMetrics",
    "networking.k8s.io": "ClusterCIDR IPAddress IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "policy": "PodSecurityPolicy",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceClass ResourcePoolStatusRequest ResourceSlice",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
    "storagemigration.k8s.io": "StorageVersionMigration",
}
CLUSTER_SCOPED = frozenset((group, kind) for group, kinds in _CLUSTER_SCOPED.items() for kind in kinds.split())
"""Kubernetes' own kinds whose objects belong to no namespace, by group and kind."""

_CLUSTER_SCOPED_GROUPS = frozenset({"constraints.gatekeeper.sh"})
"""Groups whose kinds a controller defines at run time, each of them cluster-scoped (Gatekeeper's constraints)."""


def is_namespaced(group: str, kind: str, custom: Scopes = NO_SCOPES) -> bool:
    """Return whether objects of a kind belong to a namespace.

    An unknown kind counts as namespaced, as in Argo CD's `IsNamespacedOrUnknown`. `custom` has the scopes of the
    cluster's CustomResourceDefinitions.
    """
    if (group, kind) in CLUSTER_SCOPED or group in _CLUSTER_SCOPED_GROUPS:
        return False
    return custom.get((group, kind), True)
