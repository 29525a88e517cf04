"""Security contexts that contradict themselves, so that the pods never run."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.security.pods import Workload, containers, effective, named, workloads
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at
from kubeaid_ci.k8s.pod_security import added_capabilities
from kubeaid_ci.render.cluster_state import ClusterState

CONTEXT_CONTRADICTORY = Rule(
    "security/context-contradictory",
    Severity.ERROR,
    "Two settings of the security context exclude each other, so the API server refuses the pods or the node does not "
    "start them. Remove one of the two.",
)
RULES = (CONTEXT_CONTRADICTORY,)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each workload with such a container."""
    for workload in workloads(state, context):
        if found := list(_contradictions(workload)):
            yield workload.finding(CONTEXT_CONTRADICTORY, named(found))


def _contradictions(workload: Workload) -> Iterator[str]:
    for name, container in containers(workload.pods):
        user = effective(workload.pods, container, "runAsUser")
        if effective(workload.pods, container, "runAsNonRoot") is True and user == 0 and not isinstance(user, bool):
            yield f"container {name} has runAsNonRoot: true and runAsUser: 0"
        if at(container, "securityContext", "allowPrivilegeEscalation") is False:
            if at(container, "securityContext", "privileged") is True:
                yield f"container {name} has privileged: true and allowPrivilegeEscalation: false"
            # The API server compares this spelling only: SYS_ADMIN passes.
            elif "CAP_SYS_ADMIN" in added_capabilities(container):
                yield f"container {name} adds CAP_SYS_ADMIN and has allowPrivilegeEscalation: false"
