"""The pods of a cluster, for the checks of this family."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import mapping, mappings, text
from kubeaid_ci.k8s.pods import PodTemplate, pod_templates
from kubeaid_ci.render.cluster_state import ClusterState


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that makes pods, and these pods."""

    item: Applied
    pods: PodTemplate

    @property
    def namespace(self) -> tuple[str, str]:
        """Destination of Argo CD and namespace of the pods."""
        return self.item.app.destination, self.item.manifest.key.namespace

    def finding(self, rule: Rule, what: str, *, severity: Severity | None = None) -> Finding:
        """Return a finding about the workload, at most one for each rule."""
        key = self.item.manifest.key
        where = f"{key} {'.'.join(self.pods.path)}"
        return self.item.finding(rule, f"{key}: {what}", severity=severity, key=where, content=what)


def workloads(state: ClusterState, context: CheckContext, *, complete: bool = True) -> Iterator[Workload]:
    """Yield every workload.

    `complete` leaves out pods that an operator completes, because a field that they lack may be set by the operator.
    """
    for item in applied(state, context):
        for pods in pod_templates(item.manifest):
            if pods.is_complete or not complete:
                yield Workload(item, pods)


def containers(pods: PodTemplate) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the containers that run in pods, init containers included, by name."""
    for field in ("initContainers", "containers"):
        for container in mappings(pods.spec, field):
            yield text(container, "name"), container


def effective(pods: PodTemplate, container: Mapping[str, Any], field: str) -> Any:
    """Return a field of the security context of a container, which wins over that of the pod."""
    own = mapping(container, "securityContext").get(field)
    return mapping(pods.spec, "securityContext").get(field) if own is None else own


def containers_named(names: Iterable[str]) -> str:
    """Return ``container a`` or ``containers a, b``."""
    listed = list(dict.fromkeys(names))
    return f"container{'s' if len(listed) > 1 else ''} {named(listed)}"
