"""Defaults that the API server adds, and fields that it drops: an object with or without them is the same.

Only Kubernetes' own groups are here, and Argo CD's Applications: a custom resource keeps what is written.
"""

from collections.abc import Callable, Mapping
from typing import Any

_Fields = Mapping[str, Any]
_Place = tuple[str, ...]
"""The names of the fields that a mapping is below, the innermost last; items of a list go by the list's name."""

EMPTY = frozenset(
    (
        "add",
        "affinity",
        "annotations",
        "args",
        "binaryData",
        "capabilities",
        "command",
        "conversion",
        "data",
        "drop",
        "egress",
        "env",
        "envFrom",
        "ephemeralContainers",
        "externalIPs",
        "finalizers",
        "from",
        "hostAliases",
        "imagePullSecrets",
        "ingress",
        "initContainers",
        "labels",
        "lifecycle",
        "limits",
        "loadBalancerSourceRanges",
        "mountOptions",
        "nodeAffinity",
        "nodeSelector",
        "nonResourceURLs",
        "parameters",
        "podAffinity",
        "podAntiAffinity",
        "ports",
        "readinessGates",
        "requests",
        "resourceNames",
        "resources",
        "rollingUpdate",
        "rules",
        "secrets",
        "securityContext",
        "status",
        "strategy",
        "stringData",
        "subjects",
        "supplementalGroups",
        "sysctls",
        "tls",
        "to",
        "tolerations",
        "topologySpreadConstraints",
        "updateStrategy",
        "volumeDevices",
        "volumeMounts",
        "volumes",
    )
)
"""Fields that mean the same where they are empty as where they do not exist."""

_POD: _Fields = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "hostIPC": False,
    "hostNetwork": False,
    "hostPID": False,
    "hostUsers": True,
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "serviceAccountName": "default",
    "shareProcessNamespace": False,
    "terminationGracePeriodSeconds": 30,
}
CONTAINER: _Fields = {
    "stdin": False,
    "stdinOnce": False,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "tty": False,
}
"""Those of a container; its pull policy depends on its image besides."""
_PROBE: _Fields = {
    "failureThreshold": 3,
    "initialDelaySeconds": 0,
    "periodSeconds": 10,
    "successThreshold": 1,
    "timeoutSeconds": 1,
}
_VOLUME: _Fields = {"defaultMode": 0o644, "optional": False}
_OPTIONAL: _Fields = {"optional": False}
_CONTEXT: _Fields = {"privileged": False, "procMount": "Default", "readOnlyRootFilesystem": False}
_JOB: _Fields = {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False}
_WORKLOAD: dict[str, Any] = {"minReadySeconds": 0, "revisionHistoryLimit": 10}
_ROLLING: _Fields = {"type": "RollingUpdate"}

_PODS: dict[_Place, _Fields] = {
    ("template", "spec"): _POD,
    **dict.fromkeys([("containers",), ("initContainers",), ("ephemeralContainers",)], CONTAINER),
    **dict.fromkeys([("livenessProbe",), ("readinessProbe",), ("startupProbe",)], _PROBE),
    **dict.fromkeys([("configMap",), ("downwardAPI",), ("projected",), ("secret",)], _VOLUME),
    **dict.fromkeys([("configMapKeyRef",), ("configMapRef",), ("secretKeyRef",), ("secretRef",)], _OPTIONAL),
    ("emptyDir",): {"medium": ""},
    ("env",): {"value": ""},
    ("fieldRef",): {"apiVersion": "v1"},
    ("hostPath",): {"type": ""},
    ("httpGet",): {"scheme": "HTTP"},
    ("ports",): {"protocol": "TCP"},
    ("resourceFieldRef",): {"divisor": "0"},
    **dict.fromkeys(
        [("containers", "securityContext"), ("initContainers", "securityContext")],
        _CONTEXT,
    ),
    ("tolerations",): {"operator": "Equal"},
    ("volumeMounts",): {"readOnly": False},
    ("volumes", "persistentVolumeClaim"): {"readOnly": False},
}
_RBAC, _ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_BINDING: Mapping[_Place, _Fields] = {("roleRef",): {"apiGroup": _RBAC}}
_WEBHOOKS: Mapping[_Place, _Fields] = {
    ("webhooks",): {
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "reinvocationPolicy": "Never",
        "timeoutSeconds": 10,
    },
    ("rules",): {"scope": "*"},
    ("service",): {"port": 443},
}
_KINDS: Mapping[tuple[str, str], Mapping[_Place, _Fields]] = {
    ("", "ConfigMap"): {(): {"immutable": False}},
    ("", "PersistentVolume"): {("spec",): {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"}},
    ("", "PersistentVolumeClaim"): {("spec",): {"volumeMode": "Filesystem"}},
    ("", "Pod"): {**_PODS, ("spec",): _POD},
    ("", "PodTemplate"): _PODS,
    ("", "Secret"): {(): {"immutable": False, "type": "Opaque"}},
    ("", "Service"): {
        ("spec",): {
            "allocateLoadBalancerNodePorts": True,
            "clusterIP": "",
            "externalTrafficPolicy": "Cluster",
            "internalTrafficPolicy": "Cluster",
            "publishNotReadyAddresses": False,
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        ("ports",): {"protocol": "TCP"},
    },
    ("", "ServiceAccount"): {},
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {
        ("spec",): {"preserveUnknownFields": False},
        ("spec", "conversion"): {"strategy": "None"},
    },
    ("apps", "DaemonSet"): {
        **_PODS,
        ("spec",): _WORKLOAD,
        ("updateStrategy",): _ROLLING,
        ("rollingUpdate",): {"maxSurge": 0, "maxUnavailable": 1},
    },
    ("apps", "Deployment"): {
        **_PODS,
        ("spec",): {**_WORKLOAD, "paused": False, "progressDeadlineSeconds": 600},
        ("strategy",): _ROLLING,
        ("rollingUpdate",): {"maxSurge": "25%", "maxUnavailable": "25%"},
    },
    ("apps", "StatefulSet"): {
        **_PODS,
        ("spec",): {**_WORKLOAD, "podManagementPolicy": "OrderedReady"},
        ("updateStrategy",): _ROLLING,
        ("rollingUpdate",): {"partition": 0},
        ("volumeClaimTemplates",): {"apiVersion": "v1", "kind": "PersistentVolumeClaim"},
        ("volumeClaimTemplates", "spec"): {"volumeMode": "Filesystem"},
    },
    ("argoproj.io", "Application"): {
        ("spec",): {"project": "default"},
        ("automated",): {"allowEmpty": False, "prune": False, "selfHeal": False},
    },
    ("autoscaling", "HorizontalPodAutoscaler"): {("spec",): {"minReplicas": 1}},
    ("batch", "CronJob"): {
        **_PODS,
        ("spec",): {
            "concurrencyPolicy": "Allow",
            "failedJobsHistoryLimit": 1,
            "successfulJobsHistoryLimit": 3,
            "suspend": False,
        },
        ("jobTemplate", "spec"): _JOB,
    },
    ("batch", "Job"): {**_PODS, ("spec",): _JOB},
    ("networking.k8s.io", "Ingress"): {},
    ("networking.k8s.io", "NetworkPolicy"): {("ports",): {"protocol": "TCP"}},
    ("scheduling.k8s.io", "PriorityClass"): {(): {"globalDefault": False, "preemptionPolicy": "PreemptLowerPriority"}},
    ("storage.k8s.io", "CSIDriver"): {("spec",): {"attachRequired": True, "podInfoOnMount": False}},
    ("storage.k8s.io", "StorageClass"): {
        (): {"allowVolumeExpansion": False, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
    },
    (_RBAC, "ClusterRole"): {},
    (_RBAC, "ClusterRoleBinding"): _BINDING,
    (_RBAC, "Role"): {},
    (_RBAC, "RoleBinding"): _BINDING,
    (_ADMISSION, "MutatingWebhookConfiguration"): _WEBHOOKS,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _WEBHOOKS,
}


def defaults(group: str, kind: str) -> Callable[[_Place], _Fields] | None:
    """Return the defaults of the fields below a place of an object of a kind; None if they are not known."""
    known = _KINDS.get((group, kind))
    if known is None:
        return None

    def at(place: _Place) -> _Fields:
        if len(place) < 2 or place[-1] == "spec":  # meant from the top, or below the one place
            return known.get(place[-2:], _NONE)
        return known.get(place[-2:]) or known.get(place[-1:], _NONE)

    return at


_NONE: _Fields = {}
