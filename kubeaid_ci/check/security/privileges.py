"""Privileges of containers on their node, and security contexts that contradict themselves."""

from collections.abc import Callable, Iterator
from typing import Any

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.security.workloads import Workload, containers, containers_named, effective, workloads
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.pod_security import added_capabilities
from kubeaid_ci.render.cluster_state import ClusterState

PRIVILEGED = Rule(
    "security/privileged",
    Severity.WARNING,
    "A privileged container can do everything that root can on the node, so an attacker in it controls the node. "
    "Give it the single capabilities or devices that it needs.",
    is_posture=True,
)
HOST_NAMESPACE = Rule(
    "security/host-namespace",
    Severity.WARNING,
    "The pods share the network, processes or memory of their node, so they see what other pods do and no network "
    "policy applies to them. Remove hostNetwork, hostPID and hostIPC unless the program manages nodes.",
    is_posture=True,
)
HOST_PATH = Rule(
    "security/host-path",
    Severity.WARNING,
    "The pods reach files of their node, so they may read secrets of other pods or take the node over. Use a volume "
    "claim, or mount the single file that is needed, read-only.",
    is_posture=True,
)
CAPABILITIES = Rule(
    "security/capabilities",
    Severity.INFO,
    "A container keeps Linux capabilities that it does not need, and an attacker in it has them too. Drop ALL and add "
    "the single capabilities that the program needs.",
    is_posture=True,
)
PRIVILEGE_ESCALATION = Rule(
    "security/privilege-escalation",
    Severity.INFO,
    "A process in the container may gain more privileges than it was started with, for example by a setuid program. "
    "Set allowPrivilegeEscalation: false.",
    is_posture=True,
)
RUNS_AS_ROOT = Rule(
    "security/runs-as-root",
    Severity.INFO,
    "The container runs as root, or may if its image does, so an attacker who leaves it is root on the node. Set "
    "runAsNonRoot: true, and a runAsUser other than zero.",
    is_posture=True,
)
SECCOMP_MISSING = Rule(
    "security/seccomp-missing",
    Severity.INFO,
    "Without a seccomp profile the container may use every system call of the kernel. Set seccompProfile.type: "
    "RuntimeDefault for the pod.",
    is_posture=True,
)
ROOT_WRITABLE = Rule(
    "security/root-filesystem-writable",
    Severity.INFO,
    "The container can change its own programs, which helps an attacker to stay. Set readOnlyRootFilesystem: true and "
    "mount an emptyDir where the program writes.",
    is_posture=True,
)
CONTEXT_CONTRADICTORY = Rule(
    "security/context-contradictory",
    Severity.ERROR,
    "Two settings of the security context exclude each other, so the API server refuses the pods or the node does not "
    "start them. Remove one of the two.",
)
RULES = (
    PRIVILEGED,
    HOST_NAMESPACE,
    HOST_PATH,
    CAPABILITIES,
    PRIVILEGE_ESCALATION,
    RUNS_AS_ROOT,
    SECCOMP_MISSING,
    ROOT_WRITABLE,
    CONTEXT_CONTRADICTORY,
)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each workload once for each rule, with the containers concerned."""
    yield from _privileges(state, context)
    yield from _contexts(state, context)


def _privileges(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each workload once for each rule, with the containers concerned.

    Pods that an operator completes are reported only for what they have, not for what they lack.
    """
    for workload in workloads(state, context, complete=False):
        for rule, what in _rights(workload):
            if what:
                yield workload.finding(rule, what)
        if workload.pods.is_complete and text(workload.pods.spec, "os", "name") != "windows":
            for rule, lacks in _LACKS.items():
                names = [name for name, container in containers(workload.pods) if lacks(workload, container)]
                if names:
                    yield workload.finding(rule, containers_named(names))


def _rights(workload: Workload) -> Iterator[tuple[Rule, str]]:
    spec = workload.pods.spec
    privileged = [name for name, one in containers(workload.pods) if at(one, "securityContext", "privileged") is True]
    yield PRIVILEGED, containers_named(privileged) if privileged else ""
    shared = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field) is True]
    yield HOST_NAMESPACE, ", ".join(shared)
    paths = [text(volume, "hostPath", "path") for volume in mappings(spec, "volumes") if mapping(volume, "hostPath")]
    yield HOST_PATH, named(paths)


def _keeps_capabilities(_: Workload, container: Any) -> bool:
    dropped = texts(container, "securityContext", "capabilities", "drop")
    return "ALL" not in dropped or bool(set(added_capabilities(container)) - {"NET_BIND_SERVICE"})


def _may_escalate(_: Workload, container: Any) -> bool:
    return at(container, "securityContext", "allowPrivilegeEscalation") is not False


def _runs_as_root(workload: Workload, container: Any) -> bool:
    user = effective(workload.pods, container, "runAsUser")
    if isinstance(user, int) and not isinstance(user, bool):
        return user == 0
    return effective(workload.pods, container, "runAsNonRoot") is not True


def _lacks_seccomp(workload: Workload, container: Any) -> bool:
    profile = effective(workload.pods, container, "seccompProfile")
    return text(profile, "type") not in ("RuntimeDefault", "Localhost")


def _root_is_writable(_: Workload, container: Any) -> bool:
    return at(container, "securityContext", "readOnlyRootFilesystem") is not True


_LACKS: dict[Rule, Callable[[Workload, Any], bool]] = {
    CAPABILITIES: _keeps_capabilities,
    PRIVILEGE_ESCALATION: _may_escalate,
    RUNS_AS_ROOT: _runs_as_root,
    SECCOMP_MISSING: _lacks_seccomp,
    ROOT_WRITABLE: _root_is_writable,
}


def _contexts(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
