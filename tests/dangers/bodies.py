"""Objects to be endangered, and what is said of a change of them."""

from typing import Any

from kubeaid_ci.compare.images import images
from kubeaid_ci.dangers import dangers
from kubeaid_ci.findings.finding import Finding, Severity
from tests.compare.rendered import at, container, found, obj, workload

RBAC = "rbac.authorization.k8s.io/v1"
NET = "networking.k8s.io/v1"
HOOKS = "admissionregistration.k8s.io/v1"
ARGO = "argoproj.io/v1alpha1"
CRDS = "apiextensions.k8s.io/v1"
KEEP = {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}
FORCE = {"annotations": {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}}


def check(before: Any, after: Any) -> list[Finding]:
    old = before if isinstance(before, list) else [before] if before else []
    new = after if isinstance(after, list) else [after] if after else []
    return list(dangers.check(found(old, new), images_before=images(map(at, old))))


def told(before: Any, after: Any) -> set[str]:
    """The rules that speak, short of their family; those that only inform in brackets."""
    return {
        f"({name})" if one.severity is Severity.INFO else name
        for one in check(before, after)
        for name in (one.rule.id.removeprefix("change/"),)
    }


def pod(**fields: Any) -> Any:
    return workload(pod=fields)


def main(**fields: Any) -> Any:
    return workload(pod={"containers": [container(**fields)]})


def secure(**context: Any) -> Any:
    return main(securityContext=context)


def role(*rules: Any, **more: Any) -> Any:
    return obj("ClusterRole", api=RBAC, rules=list(rules), **more)


def rule(verbs: str, resources: str, groups: str = "", **more: Any) -> Any:
    return {"verbs": verbs.split(), "resources": resources.split(), "apiGroups": [groups], **more}


def binding(*names: str, role: str = "view", kind: str = "ServiceAccount") -> Any:
    subjects = [{"kind": kind, "name": name, "namespace": "n"} for name in names]
    return obj("ClusterRoleBinding", api=RBAC, subjects=subjects, roleRef={"kind": "ClusterRole", "name": role})


def crd(*versions: Any, scope: str = "Namespaced", **more: Any) -> Any:
    return obj("CustomResourceDefinition", api=CRDS, spec={"scope": scope, "versions": list(versions)} | more)


def version(name: str = "v1", *, schema: Any = None, served: bool = True, storage: bool = True) -> Any:
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema or {}}}


def webhook(**fields: Any) -> Any:
    rules = [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    one = {
        "name": "w",
        "rules": rules,
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": "n", "name": "s"}},
    }
    return obj("ValidatingWebhookConfiguration", api=HOOKS, webhooks=[one | fields])


def policy(**spec: Any) -> Any:
    return obj("NetworkPolicy", api=NET, spec={"podSelector": {}, "policyTypes": ["Ingress"]} | spec)


def service(**spec: Any) -> Any:
    return obj("Service", spec=spec)


def ingress(*hosts: str, metadata: Any = None, **spec: Any) -> Any:
    rules = [{"host": host, "http": {"paths": []}} for host in hosts]
    return obj("Ingress", api=NET, metadata=metadata or {}, spec={"rules": rules} | spec)


def application(**spec: Any) -> Any:
    source = {"repoURL": "https://git.example.com/a/b.git", "path": "x"}
    return obj("Application", api=ARGO, spec={"source": source, "project": "default"} | spec)


def claim(size: str = "1Gi", **spec: Any) -> Any:
    return obj(
        "PersistentVolumeClaim",
        spec={"resources": {"requests": {"storage": size}}, "accessModes": ["ReadWriteOnce"]} | spec,
    )


def claims(**spec: Any) -> Any:
    template = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}} | spec}
    return workload("StatefulSet", spec={"volumeClaimTemplates": [template]})
