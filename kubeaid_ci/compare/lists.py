"""Lists without order: those that Kubernetes merges by a key, or reads as a set.

The keys are the ``patchMergeKey`` and ``x-kubernetes-list-map-keys`` of Kubernetes' own types. Only
its own groups are here: in a custom resource the order of any list may have a meaning.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Keys = tuple[str, ...]
SET: Keys = ()
"""The list is a set: an item is what it is."""

_Table = Mapping[str, Keys | tuple[Keys, ...]]

_METADATA: _Table = {"finalizers": SET, "ownerReferences": ("uid",)}
_PODS: _Table = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
    "readinessGates": SET,
    "tolerations": SET,
    "matchExpressions": SET,
    "values": SET,
    "matchLabelKeys": SET,
    "nodeSelectorTerms": SET,
    "preferredDuringSchedulingIgnoredDuringExecution": SET,
    "requiredDuringSchedulingIgnoredDuringExecution": SET,
    "supplementalGroups": SET,
    "sysctls": ("name",),
    "add": SET,
    "drop": SET,
    "accessModes": SET,
    "items": ("path",),
    "externalIPs": SET,
    "loadBalancerSourceRanges": SET,
    "scopes": SET,
}
_RBAC: _Table = {
    **dict.fromkeys(("rules", "verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs", "subjects"), SET),
    "clusterRoleSelectors": SET,
}
_ADMISSION: _Table = {
    "webhooks": ("name",),
    "matchConditions": ("name",),
    **dict.fromkeys(
        ("rules", "operations", "apiGroups", "apiVersions", "resources", "matchExpressions", "values"), SET
    ),
}
_CRDS: _Table = {
    "versions": ("name",),
    **dict.fromkeys(("shortNames", "categories", "required", "enum", "x-kubernetes-list-map-keys"), SET),
}
_NETWORK: _Table = dict.fromkeys(
    ("ingress", "egress", "from", "to", "ports", "policyTypes", "except", "hosts", "matchExpressions", "values", "tls"),
    SET,
)
_SCALING: _Table = {"metrics": SET, "policies": SET, "matchExpressions": SET, "values": SET}

_ARGO: _Table = {"syncOptions": SET}

_GROUPS: Mapping[str, _Table] = {
    "": _PODS,
    "apps": _PODS,
    "argoproj.io": _ARGO,
    "batch": _PODS,
    "rbac.authorization.k8s.io": _RBAC,
    "admissionregistration.k8s.io": _ADMISSION,
    "apiextensions.k8s.io": _CRDS,
    "networking.k8s.io": _NETWORK,
    "autoscaling": _SCALING,
    "policy": _SCALING,
}
# Their order decides what happens: the order of running, and `$(NAME)` knows earlier variables only.
_ORDER_COUNTS = frozenset({"initContainers"})


class Lists:
    """The list types of one API group."""

    def __init__(self, group: str) -> None:
        self._known = {**_METADATA, **_GROUPS.get(group, {})}

    def keys(self, field: str, old: Sequence[Any], new: Sequence[Any]) -> Keys | None:
        """Return what identifies the items of a list: keys, `SET`, or None if only their order does.

        Also None if the keys do not identify the items.
        """
        known = self._known.get(field)
        if known is None:
            return None
        if known == SET:
            return SET
        candidates: Any = known if isinstance(known[0], tuple) else (known,)
        return next((keys for keys in candidates if _told_apart(keys, old) and _told_apart(keys, new)), None)

    def order_counts(self, field: str, old: Sequence[Any], new: Sequence[Any]) -> bool:
        """Return whether the order of a list that is merged by key matters anyway."""
        return field in _ORDER_COUNTS or (field == "env" and any(map(_refers, (*old, *new))))


def label(item: Mapping[str, Any], keys: Keys) -> str:
    """Return the name of an item in a path: the value of its first key, with its other keys unless defaults."""
    first, *others = (str(item.get(key, "")) for key in keys)
    return "/".join([first, *(other for other in others if other not in ("", "TCP"))])


def _told_apart(keys: Keys, items: Sequence[Any]) -> bool:
    if not all(isinstance(item, Mapping) and isinstance(item.get(keys[0]), str | int) for item in items):
        return False
    return len({label(item, keys) for item in items}) == len(items)


def _refers(variable: Any) -> bool:
    value = variable.get("value") if isinstance(variable, Mapping) else None
    return isinstance(value, str) and "$(" in value
