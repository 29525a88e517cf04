from typing import Any

from tests.check.cases import Case, deployment, objects

OBJECTS = "app/objects.yaml"
RBAC = "rbac.authorization.k8s.io"
ODD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: odd}
spec:
  template:
    metadata: {labels: [1], annotations: {a: 1}}
    spec:
      serviceAccountName: [a]
      volumes: [null, x, {hostPath: 1}]
      securityContext: [1]
      containers:
        - null
        - {name: 1, resources: {limits: [1], requests: {memory: a, cpu: {}}}, securityContext: {runAsUser: "0"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: apps, labels: [pod-security.kubernetes.io/enforce]}
---
apiVersion: v1
kind: LimitRange
metadata: {name: odd}
spec: {limits: {type: Container}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: odd}
aggregationRule: {clusterRoleSelectors: [{matchLabels: [1]}, {matchExpressions: [{key: "", operator: X}]}]}
rules: [null, {verbs: "*", resources: {a: b}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: odd}
subjects: [null, {kind: [a], name: 1}]
roleRef: {kind: ClusterRole, name: odd}
"""
SAFE: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES = {"limits": {"memory": "64Mi"}, "requests": {"cpu": "10m"}}


def safe(*, pod: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
    """A Deployment that no rule reports, with changes."""
    return deployment(
        pod={"automountServiceAccountToken": False, **(pod or {})},
        securityContext={**SAFE, **context},
        resources=RESOURCES,
    )


def namespace(**labels: str) -> dict[str, Any]:
    named = {f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps", "labels": named}}


def account(name: str = "web", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, **fields}


def role(*rules: dict[str, Any], kind: str = "ClusterRole", **labels: str) -> dict[str, Any]:
    metadata = {"name": "web", "labels": labels}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)}


def binding(
    role_name: str = "web", *, kind: str = "ClusterRole", subject: dict[str, Any] | None = None, cluster: bool = True
) -> dict[str, Any]:
    subjects = [subject or {"kind": "ServiceAccount", "name": "web", "namespace": "apps"}]
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding" if cluster else "RoleBinding",
        "metadata": {"name": "web"},
        "subjects": subjects,
        "roleRef": {"kind": kind, "name": role_name, "apiGroup": RBAC},
    }


ALL = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
NAMED = SECRETS | {"resourceNames": ["own"]}
# A ClusterRole whose rules are those of others with a label.
SUMMARY = {
    **role(),
    "metadata": {"name": "summary"},
    "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"part": "summary"}}]},
}
LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "defaults"},
    "spec": {"limits": [{"type": "Container", "default": {"memory": "1Gi"}, "defaultRequest": {"cpu": "1"}}]},
}
ANYBODY = {"kind": "Group", "name": "system:authenticated"}
HOST_PATH = {"volumes": [{"name": "node", "hostPath": {"path": "/etc"}}]}
CREATED = {
    "syncPolicy": {
        "syncOptions": ["CreateNamespace=true"],
        "managedNamespaceMetadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
}

CASES = (
    Case(
        "security/pod-security-refused",
        firing=objects(namespace(enforce="baseline"), safe(pod={"hostNetwork": True})),
        at=f"{OBJECTS}:8",
        says="namespace apps enforces baseline: hostNetwork is true",
        quiet=objects(namespace(enforce="restricted", audit="baseline"), safe()),
        # The Application makes the namespace, with the label.
        hostile=objects(safe(runAsNonRoot=False), ODD.split("---")[0], **CREATED),
        hostile_fires=True,
    ),
    Case(
        "security/pod-security-level-unknown",
        firing=objects(namespace(enforce="strict", enforce_version="1.30")),
        at=f"{OBJECTS}:1",
        says="pod-security.kubernetes.io/enforce: strict, pod-security.kubernetes.io/enforce-version: 1.30 does not exist",
        quiet=objects(namespace(enforce="privileged", enforce_version="v1.30")),
        hostile=objects(ODD),
    ),
    Case(
        "security/pod-security-not-enforced",
        firing=objects(namespace(enforce="privileged"), safe(seccompProfile=None)),
        at=f"{OBJECTS}:8",
        says="namespace apps enforces privileged; its pods meet baseline; for restricted: Seccomp (1 of 1 workloads)",
        quiet=objects(namespace(enforce="restricted"), safe()),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/requests-over-limits",
        firing=objects(deployment(resources={"limits": {"memory": "1Gi"}, "requests": {"memory": "2000Mi"}})),
        at=f"{OBJECTS}:1",
        says="container web requests memory 2000Mi with the limit 1Gi",
        quiet=objects(deployment(resources={"limits": {"memory": "1Gi", "cpu": 1}, "requests": {"cpu": "1000m"}})),
        hostile=objects(ODD),
    ),
    Case(
        "security/memory-limit-missing",
        firing=objects(deployment(resources={"requests": {"memory": "1Gi"}})),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(LIMITS, deployment()),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/cpu-request-missing",
        firing=objects(deployment(resources={"limits": {"memory": "1Gi"}})),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(deployment(resources={"limits": {"cpu": 1}})),
        hostile=objects(ODD),
    ),
    Case(
        "security/context-contradictory",
        firing=objects(safe(runAsUser=0)),
        at=f"{OBJECTS}:1",
        says="container web has runAsNonRoot: true and runAsUser: 0",
        quiet=objects(safe(runAsUser=1, capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
        hostile=objects(ODD, safe(privileged=True)),
        hostile_fires=True,
    ),
    Case(
        "security/privileged",
        firing=objects(safe(privileged=True)),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe(privileged=False)),
        # The containers of a custom resource are patches of what its operator makes.
        hostile=objects(
            ODD,
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "Prometheus",
                "metadata": {"name": "k8s"},
                "spec": {"containers": [{"name": "extra", "securityContext": {"privileged": True}}]},
            },
        ),
        hostile_fires=True,
    ),
    Case(
        "security/host-namespace",
        firing=objects(safe(pod={"hostPID": True, "hostNetwork": True})),
        at=f"{OBJECTS}:1",
        says="hostNetwork, hostPID",
        quiet=objects(safe(pod={"hostPID": False})),
        hostile=objects(ODD),
    ),
    Case(
        "security/host-path",
        firing=objects(safe(pod=HOST_PATH)),
        at=f"{OBJECTS}:1",
        says="/etc",
        quiet=objects(safe(pod={"volumes": [{"name": "tmp", "emptyDir": {}}]})),
        hostile=objects(ODD),
    ),
    Case(
        "security/capabilities",
        firing=objects(safe(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]})),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/privilege-escalation",
        firing=objects(safe(allowPrivilegeEscalation=None)),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe()),
        hostile=objects(safe(pod={"os": {"name": "windows"}}, allowPrivilegeEscalation=None)),
    ),
    Case(
        "security/runs-as-root",
        firing=objects(safe(runAsNonRoot=None, runAsUser=None)),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe(runAsNonRoot=None)),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/seccomp-missing",
        firing=objects(safe(seccompProfile=None)),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe(seccompProfile=None, pod={"securityContext": {"seccompProfile": {"type": "Localhost"}}})),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/root-filesystem-writable",
        firing=objects(safe(readOnlyRootFilesystem=False)),
        at=f"{OBJECTS}:1",
        says="container web",
        quiet=objects(safe()),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/account-missing",
        firing=objects(safe(pod={"serviceAccountName": "web"})),
        at=f"{OBJECTS}:1",
        says="no service account apps/web",
        quiet=objects(account(), safe(pod={"serviceAccountName": "web"})),
        hostile=objects(ODD),
    ),
    Case(
        "security/token-mounted",
        firing=objects(safe(pod={"automountServiceAccountToken": None})),
        at=f"{OBJECTS}:1",
        says="a token of the account default",
        quiet=objects(
            account("default", automountServiceAccountToken=False), safe(pod={"automountServiceAccountToken": None})
        ),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "security/role-missing",
        firing=objects(binding("gone")),
        at=f"{OBJECTS}:1",
        says="no ClusterRole gone, so ServiceAccount apps/web has no rights",
        quiet=objects(role(PODS), binding(), binding("system:auth-delegator") | {"metadata": {"name": "other"}}),
        hostile=objects(ODD),
    ),
    Case(
        "security/all-rights",
        firing=objects(binding("cluster-admin")),
        at=f"{OBJECTS}:1",
        says="ServiceAccount apps/web may do everything (ClusterRole cluster-admin)",
        quiet=objects(role(ALL), binding(cluster=False)),
        # The role itself has no rules: it gathers them by label.
        hostile=objects(ODD, SUMMARY, role(ALL, part="summary"), binding("summary")),
        hostile_fires=True,
    ),
    Case(
        "security/rbac-wildcard",
        firing=objects(role(PODS | {"verbs": ["*"]}), binding()),
        at=f"{OBJECTS}:14",
        says="ServiceAccount apps/web may do anything with pods in every namespace (ClusterRole web)",
        quiet=objects(role(ALL), role(PODS, kind="Role"), binding(kind="Role", cluster=False)),
        hostile=objects(ODD, role({"nonResourceURLs": ["*"], "verbs": ["*"]}), binding()),
    ),
    Case(
        "security/secrets-readable",
        firing=objects(role(SECRETS), binding()),
        at=f"{OBJECTS}:15",
        says="ServiceAccount apps/web may get, list all secrets in every namespace (ClusterRole web)",
        quiet=objects(role(NAMED, PODS), binding()),
        hostile=objects(ODD, binding("view")),
    ),
    Case(
        "security/rbac-anybody",
        firing=objects(role(PODS), binding(subject=ANYBODY)),
        at=f"{OBJECTS}:14",
        says="Group system:authenticated has the rights of ClusterRole web",
        quiet=objects(binding("system:discovery", subject=ANYBODY)),
        hostile=objects(ODD),
    ),
)
