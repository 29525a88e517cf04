"""The cases of rules: small clusters in which a rule fires, is quiet, and meets hostile input."""

from collections.abc import Mapping
from dataclasses import dataclass

from kubeaid_ci import documents
from tests.renders import CONFIG, application

CLUSTER = "$CLUSTER"
"""Stands for the folder of the cluster in files of a case."""

Files = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """The files of three clusters, as `World.cluster` takes them, and where the rule fires in the first.

    `at` is ``path:line`` or ``path`` below the folder of the cluster, empty if the finding has no path there. `says` is
    a part of the message. The hostile cluster has what a check may stumble over; `hostile_fires` is true if the rule
    must see through it.
    """

    rule: str
    firing: Files
    at: str
    quiet: Files
    hostile: Files
    says: str = ""
    hostile_fires: bool = False

    def clusters(self) -> dict[str, Files]:
        return {self.named(kind): getattr(self, kind) for kind in ("firing", "quiet", "hostile")}

    def named(self, kind: str) -> str:
        return f"{self.rule.replace('/', '-')}-{kind}"


def objects(*bodies: object, name: str = "app", namespace: str = "apps", **spec: object) -> dict[str, str]:
    """The files of an Application with these objects; `spec` has fields of its specification."""
    source = {"repoURL": CONFIG, "path": f"k8s/{CLUSTER}/{name}", "targetRevision": "HEAD"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    texts = [body if isinstance(body, str) else documents.dump(body) for body in bodies]
    return {
        f"{name}.yaml": application(name, source=source, destination=destination, **spec),
        f"{name}/objects.yaml": "---\n".join(texts),
    }


def deployment(name: str = "web", *, pod: Mapping[str, object] | None = None, **container: object) -> dict:
    """A Deployment with one container; `pod` has further fields of the pods' specification."""
    labels = {"app": name}
    spec = {"containers": [{"name": name, "image": "registry.k8s.io/web:1.0.0", **container}], **(pod or {})}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
