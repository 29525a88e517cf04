"""Fields that Kubernetes does not let anybody change."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from kubeaid_ci.compare.difference import ABSENT, Delta, Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, at, body, hook, listed, sync_options, text
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.k8s.quantity import quantity

_Path = tuple[str, ...]

_FIELDS: Mapping[tuple[str, str], tuple[_Path, ...]] = {
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "ReplicaSet"): (("spec", "selector"),),
    ("apps", "StatefulSet"): tuple(
        ("spec", field) for field in ("selector", "serviceName", "volumeClaimTemplates", "podManagementPolicy")
    ),
    ("batch", "Job"): tuple(
        ("spec", field)
        for field in (
            "template",
            "selector",
            "completionMode",
            "completions",
            "podFailurePolicy",
            "successPolicy",
            "backoffLimitPerIndex",
            "managedBy",
        )
    ),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",), ("reclaimPolicy",), ("volumeBindingMode",)),
    ("storage.k8s.io", "CSIDriver"): (("spec", "attachRequired"), ("spec", "volumeLifecycleModes")),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): (("spec", "source"),),
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): (("spec", "source"),),
    ("discovery.k8s.io", "EndpointSlice"): (("addressType",),),
    ("resource.k8s.io", "ResourceClaimTemplate"): (("spec",),),
    ("", "ResourceQuota"): (("spec", "scopes"), ("spec", "scopeSelector")),
    ("networking.k8s.io", "IngressClass"): (("spec", "controller"),),
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    ("node.k8s.io", "RuntimeClass"): (("handler",),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        ("spec", "scope"),
        ("spec", "group"),
        ("spec", "names", "kind"),
        ("spec", "names", "plural"),
    ),
}
_FIRST = ("clusterIPs", "ipFamilies")
_CLAIM_SIZE = ("spec", "resources", "requests", "storage")
_CLAIM_MAY_CHANGE = (_CLAIM_SIZE, ("spec", "volumeAttributesClassName"), ("spec", "resources", "limits"))
_VOLUME_MAY_CHANGE = frozenset(
    {"accessModes", "capacity", "claimRef", "mountOptions", "persistentVolumeReclaimPolicy", "storageClassName"}
    | {"volumeAttributesClassName"}
)
_MEANS_THE_SAME = frozenset({"api-spelling", "null-field", "quantity-spelling", "server-field", "status"})
"""Noise rules for what Kubernetes itself takes for equal."""
_POD_MAY_CHANGE: tuple[_Path, ...] = (
    ("spec", "activeDeadlineSeconds"),
    ("spec", "containers", "*", "image"),
    ("spec", "ephemeralContainers"),
    ("spec", "initContainers", "*", "image"),
    ("spec", "tolerations"),
)


def check(difference: Difference) -> Iterator[Draft]:
    """Return a finding for the fields whose change the API server will reject."""
    if difference.before is None or difference.after is None or _made_anew(difference):
        return
    changed = [delta for delta in difference.deltas if delta.noise not in _MEANS_THE_SAME]
    refused = listed([found for delta in changed if (found := _refused(difference, delta))])
    if not refused:
        return
    if "Force=true" in sync_options(difference.after):
        message = f"{refused} cannot change; Argo CD will delete and recreate the object"
        yield Draft(rules.IMMUTABLE_FIELD, message, Severity.WARNING)
    else:
        yield Draft(rules.IMMUTABLE_FIELD, f"{refused} cannot change: the API server refuses it and the sync fails")


def _made_anew(difference: Difference) -> bool:
    """Return whether each sync makes a new object: a hook, or one with only a `generateName`."""
    return bool(difference.manifest.key.place or (hook(difference.before) and hook(difference.after)))


def _refused(difference: Difference, delta: Delta) -> str:
    key = difference.manifest.key
    match key.group, key.kind:
        case "", "Service":
            return _cluster_ip(difference, delta) or _service(difference, delta)
        case "", "Pod":
            free = delta.keys[0] != "spec" or any(_below(delta, path) for path in _POD_MAY_CHANGE)
            return "" if free else ".".join(delta.keys)
        case "", "PersistentVolumeClaim":
            return _claim(delta)
        case "", "PersistentVolume":
            return _volume(delta)
        case "", "ConfigMap" | "Secret" if at(body(difference.before), "immutable") is True:
            return (
                ".".join(delta.keys[:1]) if delta.keys[0] in ("data", "binaryData", "stringData", "immutable") else ""
            )
    return next((".".join(path) for path in _FIELDS.get((key.group, key.kind), ()) if _below(delta, path)), "")


def _below(delta: Delta, path: _Path) -> bool:
    return delta.keys[: len(path)] == path


def _cluster_ip(difference: Difference, delta: Delta) -> str:
    external = "ExternalName" in (text(body(side), "spec", "type") for side in (difference.before, difference.after))
    # An address that Git no longer names is kept; one that it names must be the one there is.
    return (
        "spec.clusterIP"
        if delta.keys == ("spec", "clusterIP") and delta.after not in ("", None, ABSENT) and not external
        else ""
    )


def _service(difference: Difference, delta: Delta) -> str:
    """Return the field of a Service that cannot change once set: first address or family, or load balancer class."""
    old, new = ([at(body(side), "spec", field) for field in _FIRST] for side in (difference.before, difference.after))
    for field, was, now in zip(_FIRST, old, new, strict=True):
        if delta.keys[:2] == ("spec", field) and was and now and isinstance(was, list) and isinstance(now, list):
            return f"spec.{field}" if was[0] != now[0] else ""
    balanced = all(text(body(side), "spec", "type") == "LoadBalancer" for side in (difference.before, difference.after))
    return "spec.loadBalancerClass" if balanced and delta.keys == ("spec", "loadBalancerClass") else ""


def _claim(delta: Delta) -> str:
    if delta.keys == _CLAIM_SIZE:
        old, new = quantity(delta.before), quantity(delta.after)
        return "spec.resources.requests.storage (a volume cannot shrink)" if _shrinks(old, new) else ""
    free = any(_below(delta, path) for path in _CLAIM_MAY_CHANGE)
    return "" if free or delta.keys[0] != "spec" else ".".join(delta.keys[:2])


def _shrinks(old: Decimal | None, new: Decimal | None) -> bool:
    return old is not None and new is not None and new < old


def _volume(delta: Delta) -> str:
    below = delta.keys[0] == "spec" and len(delta.keys) > 1 and delta.keys[1] not in _VOLUME_MAY_CHANGE
    return ".".join(delta.keys[:2]) if below else ""
