"""The built-in APIs of a version of Kubernetes, from 1.25 on.

From the reference (https://kubernetes.io/docs/reference/kubernetes-api/) and the deprecation guide
(https://kubernetes.io/docs/reference/using-api/deprecation-guide/). Alpha and beta versions that are
off by default are left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.semver.version import Version

DEFINITION, COMPOSITE_DEFINITION = "CustomResourceDefinition", "CompositeResourceDefinition"
DEFINITIONS = (DEFINITION, COMPOSITE_DEFINITION)
"""The kinds that define other kinds: Kubernetes' own and Crossplane's."""

DEFAULT = "1.34.0"
"""The default Kubernetes version of a cluster."""

NEWEST = "1.37"
"""The newest release whose APIs are known here."""

_OPERATOR = ("Alertmanager", "PodMonitor", "Probe", "Prometheus", "PrometheusRule", "ServiceMonitor", "ThanosRuler")
MONITORING = ("monitoring.coreos.com/v1", *(f"monitoring.coreos.com/v1/{kind}" for kind in _OPERATOR))
"""The APIs of kube-prometheus, which every cluster of the platform runs."""

_FIRST, _LAST = 0, 999
_CORE = (
    "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController "
    "ResourceQuota Secret Service ServiceAccount"
)
# Namespaced kinds, cluster-scoped kinds, and the minor versions from and to which they are served.
_SERVED: tuple[tuple[str, str, str, int, int], ...] = (
    (
        "v1",
        _CORE,
        "ComponentStatus Namespace Node PersistentVolume",
        _FIRST,
        _LAST,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "",
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
        _FIRST,
        _LAST,
    ),
    ("admissionregistration.k8s.io/v1", "", "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding", 30, _LAST),
    ("apiextensions.k8s.io/v1", "", "CustomResourceDefinition", _FIRST, _LAST),
    ("apiregistration.k8s.io/v1", "", "APIService", _FIRST, _LAST),
    ("apps/v1", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet", "", _FIRST, _LAST),
    ("authentication.k8s.io/v1", "", "TokenReview", _FIRST, _LAST),
    ("authentication.k8s.io/v1", "", "SelfSubjectReview", 28, _LAST),
    (
        "authorization.k8s.io/v1",
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        _FIRST,
        _LAST,
    ),
    ("autoscaling/v1", "HorizontalPodAutoscaler", "", _FIRST, _LAST),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "", _FIRST, _LAST),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "", _FIRST, 25),
    ("batch/v1", "CronJob Job", "", _FIRST, _LAST),
    ("certificates.k8s.io/v1", "", "CertificateSigningRequest", _FIRST, _LAST),
    ("coordination.k8s.io/v1", "Lease", "", _FIRST, _LAST),
    ("discovery.k8s.io/v1", "EndpointSlice", "", _FIRST, _LAST),
    ("events.k8s.io/v1", "Event", "", _FIRST, _LAST),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "", "FlowSchema PriorityLevelConfiguration", _FIRST, 28),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "", "FlowSchema PriorityLevelConfiguration", 26, 31),
    ("flowcontrol.apiserver.k8s.io/v1", "", "FlowSchema PriorityLevelConfiguration", 29, _LAST),
    ("networking.k8s.io/v1", "Ingress NetworkPolicy", "IngressClass", _FIRST, _LAST),
    ("networking.k8s.io/v1", "", "IPAddress ServiceCIDR", 33, _LAST),
    ("node.k8s.io/v1", "", "RuntimeClass", _FIRST, _LAST),
    ("policy/v1", "PodDisruptionBudget", "", _FIRST, _LAST),
    ("rbac.authorization.k8s.io/v1", "Role RoleBinding", "ClusterRole ClusterRoleBinding", _FIRST, _LAST),
    ("resource.k8s.io/v1", "ResourceClaim ResourceClaimTemplate", "DeviceClass ResourceSlice", 34, _LAST),
    ("scheduling.k8s.io/v1", "", "PriorityClass", _FIRST, _LAST),
    ("storage.k8s.io/v1", "CSIStorageCapacity", "CSIDriver CSINode StorageClass VolumeAttachment", _FIRST, _LAST),
    ("storage.k8s.io/v1", "", "VolumeAttributesClass", 34, _LAST),
)


def is_known(version: Version) -> bool:
    """Return whether a release of Kubernetes is not newer than those known here."""
    return version.release[:2] <= Version.parse(NEWEST).release[:2]


def api_versions(version: Version) -> tuple[str, ...]:
    """Return the API versions of a cluster without custom resources: every group/version and group/version/Kind."""
    minor = version.release[1]
    return _sorted(
        name
        for served, inside, beside, first, last in _SERVED
        if first <= minor <= last
        for name in (served, *(f"{served}/{kind}" for kind in f"{inside} {beside}".split()))
    )


def custom_versions(definitions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what CustomResourceDefinitions add, sorted: ``group/v1`` and ``group/v1/Kind``."""
    return _sorted(
        name
        for definition in definitions
        for group, kind, version in _served(definition)
        for name in (f"{group}/{version}", f"{group}/{version}/{kind}")
    )


def custom_scopes(definitions: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], bool]:
    """Return the scopes of the kinds that CustomResourceDefinitions, and Crossplane's definitions, add.

    True if the objects of a group and kind belong to a namespace.
    """
    return {kind: scope for definition in definitions for kind, scope in _scopes(definition)}


def _scopes(definition: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], bool]]:
    spec = mapping(definition, "spec")
    group, kind, scope = str(spec.get("group")), mapping(spec, "names").get("kind"), spec.get("scope")
    if definition.get("kind") == COMPOSITE_DEFINITION:
        # A claim is namespaced. A composite is cluster-scoped unless its definition is v2, where the default changed.
        version = str(definition.get("apiVersion", "")).rpartition("/")[2]
        yield (group, str(kind)), scope == "Namespaced" or (scope is None and version.startswith("v2"))
        yield (group, str(mapping(spec, "claimNames").get("kind"))), True
    else:
        yield (group, str(kind)), scope != "Cluster"


def _served(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    spec = mapping(definition, "spec")
    group, kind, versions = spec.get("group"), mapping(spec, "names").get("kind"), spec.get("versions")
    for version in versions if isinstance(versions, list) else ():
        fields = mapping(version)
        if fields.get("served") is not False and isinstance(fields.get("name"), str):
            yield str(group), str(kind), str(fields["name"])


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
