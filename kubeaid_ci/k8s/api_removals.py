"""Deprecated and removed Kubernetes APIs, with the minor release.

Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/, and the OpenAPI descriptions of releases
1.25 to 1.37 for alpha and beta versions that the guide leaves out; those are deprecated from the release that serves
what replaces them. Releases are minor versions of Kubernetes 1: 22 represents v1.22.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class ApiRemoval:
    """One API version of some kinds. `removed` and `replacement` are None if not known."""

    api_version: str
    kinds: tuple[str, ...]
    deprecated: int
    removed: int | None
    replacement: str | None


_HOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_WORKLOADS = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
_REVIEWS = ("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview")
_ROLES = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_STORAGE = ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment")
_FLOWS = ("FlowSchema", "PriorityLevelConfiguration")
_CLAIMS = ("ResourceClaim", "ResourceClaimTemplate")
_OLD_CLAIMS = ("PodSchedulingContext", "ResourceClaimParameters", "ResourceClassParameters")
_RESOURCES = "resource.k8s.io/v1"
_MIGRATION = "storagemigration.k8s.io/v1beta1"
_POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")

API_REMOVALS = (
    ApiRemoval("extensions/v1beta1", _WORKLOADS, 9, 16, "apps/v1"),
    ApiRemoval("extensions/v1beta1", ("NetworkPolicy",), 9, 16, "networking.k8s.io/v1"),
    ApiRemoval("extensions/v1beta1", ("PodSecurityPolicy",), 11, 16, None),
    ApiRemoval("extensions/v1beta1", ("Ingress",), 14, 22, "networking.k8s.io/v1"),
    ApiRemoval("apps/v1beta1", _WORKLOADS, 9, 16, "apps/v1"),
    ApiRemoval("apps/v1beta2", _WORKLOADS, 9, 16, "apps/v1"),
    ApiRemoval("admissionregistration.k8s.io/v1beta1", _HOOKS, 16, 22, "admissionregistration.k8s.io/v1"),
    ApiRemoval("apiextensions.k8s.io/v1beta1", ("CustomResourceDefinition",), 16, 22, "apiextensions.k8s.io/v1"),
    ApiRemoval("apiregistration.k8s.io/v1beta1", ("APIService",), 19, 22, "apiregistration.k8s.io/v1"),
    ApiRemoval("authentication.k8s.io/v1beta1", ("TokenReview",), 19, 22, "authentication.k8s.io/v1"),
    ApiRemoval("authorization.k8s.io/v1beta1", _REVIEWS, 19, 22, "authorization.k8s.io/v1"),
    ApiRemoval("certificates.k8s.io/v1beta1", ("CertificateSigningRequest",), 19, 22, "certificates.k8s.io/v1"),
    ApiRemoval("coordination.k8s.io/v1beta1", ("Lease",), 19, 22, "coordination.k8s.io/v1"),
    ApiRemoval("networking.k8s.io/v1beta1", ("Ingress", "IngressClass"), 19, 22, "networking.k8s.io/v1"),
    ApiRemoval("rbac.authorization.k8s.io/v1alpha1", _ROLES, 17, 22, "rbac.authorization.k8s.io/v1"),
    ApiRemoval("rbac.authorization.k8s.io/v1beta1", _ROLES, 17, 22, "rbac.authorization.k8s.io/v1"),
    ApiRemoval("scheduling.k8s.io/v1beta1", ("PriorityClass",), 14, 22, "scheduling.k8s.io/v1"),
    ApiRemoval("storage.k8s.io/v1beta1", _STORAGE, 19, 22, "storage.k8s.io/v1"),
    ApiRemoval("batch/v1beta1", ("CronJob",), 21, 25, "batch/v1"),
    ApiRemoval("discovery.k8s.io/v1beta1", ("EndpointSlice",), 21, 25, "discovery.k8s.io/v1"),
    ApiRemoval("events.k8s.io/v1beta1", ("Event",), 19, 25, "events.k8s.io/v1"),
    ApiRemoval("autoscaling/v2beta1", ("HorizontalPodAutoscaler",), 22, 25, "autoscaling/v2"),
    ApiRemoval("policy/v1beta1", ("PodDisruptionBudget",), 21, 25, "policy/v1"),
    ApiRemoval("policy/v1beta1", ("PodSecurityPolicy",), 21, 25, None),
    ApiRemoval("node.k8s.io/v1beta1", ("RuntimeClass",), 22, 25, "node.k8s.io/v1"),
    ApiRemoval("autoscaling/v2beta2", ("HorizontalPodAutoscaler",), 23, 26, "autoscaling/v2"),
    ApiRemoval("flowcontrol.apiserver.k8s.io/v1beta1", _FLOWS, 23, 26, "flowcontrol.apiserver.k8s.io/v1"),
    ApiRemoval("storage.k8s.io/v1beta1", ("CSIStorageCapacity",), 24, 27, "storage.k8s.io/v1"),
    ApiRemoval("flowcontrol.apiserver.k8s.io/v1beta2", _FLOWS, 26, 29, "flowcontrol.apiserver.k8s.io/v1"),
    ApiRemoval("flowcontrol.apiserver.k8s.io/v1beta3", _FLOWS, 29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ApiRemoval("resource.k8s.io/v1alpha1", (*_CLAIMS, "PodScheduling", "ResourceClass"), 27, 27, _RESOURCES),
    ApiRemoval("networking.k8s.io/v1alpha1", ("ClusterCIDR",), 29, 29, None),
    ApiRemoval("networking.k8s.io/v1alpha1", ("IPAddress", "ServiceCIDR"), 31, 31, "networking.k8s.io/v1"),
    ApiRemoval("resource.k8s.io/v1alpha2", (*_CLAIMS, "ResourceSlice"), 31, 31, _RESOURCES),
    ApiRemoval("resource.k8s.io/v1alpha2", ("ResourceClass",), 31, 31, f"{_RESOURCES} DeviceClass"),
    ApiRemoval("resource.k8s.io/v1alpha2", _OLD_CLAIMS, 31, 31, None),
    ApiRemoval("resource.k8s.io/v1alpha3", ("PodSchedulingContext",), 32, 32, None),
    ApiRemoval("resource.k8s.io/v1alpha3", (*_CLAIMS, "DeviceClass", "ResourceSlice"), 32, 34, _RESOURCES),
    ApiRemoval("admissionregistration.k8s.io/v1alpha1", _POLICIES, 28, 32, "admissionregistration.k8s.io/v1"),
    ApiRemoval("authentication.k8s.io/v1alpha1", ("SelfSubjectReview",), 27, 32, "authentication.k8s.io/v1"),
    ApiRemoval("coordination.k8s.io/v1alpha1", ("LeaseCandidate",), 32, 32, "coordination.k8s.io/v1beta1"),
    ApiRemoval("authentication.k8s.io/v1beta1", ("SelfSubjectReview",), 28, 33, "authentication.k8s.io/v1"),
    ApiRemoval("admissionregistration.k8s.io/v1beta1", _POLICIES, 30, 34, "admissionregistration.k8s.io/v1"),
    ApiRemoval("certificates.k8s.io/v1alpha1", ("PodCertificateRequest",), 35, 35, "certificates.k8s.io/v1beta1"),
    ApiRemoval("storage.k8s.io/v1alpha1", ("VolumeAttributesClass",), 31, 35, "storage.k8s.io/v1"),
    ApiRemoval("storagemigration.k8s.io/v1alpha1", ("StorageVersionMigration",), 35, 35, _MIGRATION),
    ApiRemoval("scheduling.k8s.io/v1alpha1", ("Workload",), 36, 36, None),
    ApiRemoval("certificates.k8s.io/v1alpha1", ("ClusterTrustBundle",), 33, 37, "certificates.k8s.io/v1beta1"),
    ApiRemoval("networking.k8s.io/v1beta1", ("IPAddress", "ServiceCIDR"), 33, 37, "networking.k8s.io/v1"),
    ApiRemoval("scheduling.k8s.io/v1alpha2", ("PodGroup", "Workload"), 37, 37, None),
    ApiRemoval("storage.k8s.io/v1beta1", ("VolumeAttributesClass",), 34, 37, "storage.k8s.io/v1"),
    ApiRemoval("v1", ("ComponentStatus",), 19, None, None),
    ApiRemoval("v1", ("Endpoints",), 33, None, "discovery.k8s.io/v1 EndpointSlice"),
)

_BY_OBJECT = {(removal.api_version, kind): removal for removal in API_REMOVALS for kind in removal.kinds}


def removal_of(api_version: str, kind: str) -> ApiRemoval | None:
    """Return the deprecation or removal of the API of a kind; None if the API is neither."""
    return _BY_OBJECT.get((api_version, kind))


def check(manifests: Iterable[Manifest], *, newest: Version, subject: str) -> Iterator[Finding]:
    """Yield findings on objects whose API is deprecated (warning) or removed (error) in a release of Kubernetes.

    `newest` is the last release that the objects must run on; releases above 1 are unknown.
    """
    for manifest in manifests:
        version = str(manifest.body.get("apiVersion", ""))
        removal = removal_of(version, manifest.key.kind)
        if removal is None or (1, removal.deprecated) > newest.release[:2]:
            continue
        gone = removal.removed is not None and (1, removal.removed) <= newest.release[:2]
        severity = Severity.ERROR if gone else Severity.WARNING
        message = f"{manifest.key}: {version} {_fate(removal, gone=gone)}"
        key = f"{version} {manifest.key}"
        yield RULES["chart/deprecated-api"].at(manifest.path, message, subject=subject, severity=severity, key=key)


def _fate(removal: ApiRemoval, *, gone: bool) -> str:
    instead = f"; use {removal.replacement}" if removal.replacement else "; nothing takes its place"
    if gone:
        return f"was removed in Kubernetes 1.{removal.removed}{instead}"
    when = f", removed in 1.{removal.removed}" if removal.removed else ""
    return f"is deprecated since Kubernetes 1.{removal.deprecated}{when}{instead}"
