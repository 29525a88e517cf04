"""The Pod Security Standards: what keeps pods from the levels ``baseline`` and ``restricted``.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/, and for the differences between releases
https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/pod-security-admission/policy.
A pod that fails one control of ``baseline`` needs the level ``privileged``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.pods import CONTAINER_LISTS


class Level(StrEnum):
    """A level of the standards, from no restrictions to most."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for privileged, 1 for baseline, 2 for restricted."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Breach:
    """A control that pods do not meet. `level` is the lowest level that has the control."""

    level: Level
    control: str
    message: str


@dataclass(frozen=True, slots=True)
class _Pod:
    """Pods and the minor release of Kubernetes 1 whose standards apply."""

    spec: Mapping[str, Any]
    annotations: Mapping[str, str]
    minor: int

    def contexts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the security contexts of the pod and of each container, with the name for messages."""
        yield "pod", mapping(self.spec, "securityContext")
        for name, container in self.containers():
            yield name, mapping(container, "securityContext")

    def containers(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for field in CONTAINER_LISTS:
            for container in mappings(self.spec, field):
                yield f"container {text(container, 'name')}", container

    @property
    def is_windows(self) -> bool:
        return text(self.spec, "os", "name") == "windows"

    @property
    def has_user_namespace(self) -> bool:
        """Since 1.35 a pod with its own user namespace may run as root, which has no rights on the node."""
        return self.minor >= 35 and self.spec.get("hostUsers") is False


def breaches(spec: Mapping[str, Any], annotations: Mapping[str, str], minor: int) -> tuple[Breach, ...]:
    """Return the controls that a pod specification does not meet, those of ``baseline`` first.

    `minor` is the release of Kubernetes 1 whose standards apply.
    """
    pod = _Pod(spec, annotations, minor)
    found = [
        Breach(level, control, message)
        for level, controls in _CONTROLS.items()
        for control, check in controls.items()
        for message in check(pod)
    ]
    return tuple(dict.fromkeys(found))


def level_of(found: tuple[Breach, ...]) -> Level:
    """Return the highest level whose controls are all met."""
    if any(breach.level is Level.BASELINE for breach in found):
        return Level.PRIVILEGED
    return Level.BASELINE if found else Level.RESTRICTED


def _host_process(pod: _Pod) -> Iterator[str]:
    for name, context in pod.contexts():
        if at(context, "windowsOptions", "hostProcess") is True:
            yield f"{name} sets windowsOptions.hostProcess"


def _host_namespaces(pod: _Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field) is True:
            yield f"{field} is true"


def _privileged(pod: _Pod) -> Iterator[str]:
    for name, container in pod.containers():
        if at(container, "securityContext", "privileged") is True:
            yield f"{name} is privileged"


_ALLOWED_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)


def _capabilities(pod: _Pod) -> Iterator[str]:
    for name, container in pod.containers():
        if added := sorted(set(added_capabilities(container)) - _ALLOWED_CAPABILITIES):
            yield f"{name} adds capabilities {', '.join(added)}"


def added_capabilities(container: Mapping[str, Any]) -> list[str]:
    """Return the capabilities that a container adds, as written."""
    return texts(container, "securityContext", "capabilities", "add")


def _host_path(pod: _Pod) -> Iterator[str]:
    for volume in mappings(pod.spec, "volumes"):
        if isinstance(volume.get("hostPath"), dict):
            yield f"volume {text(volume, 'name')} is a hostPath"


def _host_ports(pod: _Pod) -> Iterator[str]:
    for name, container in pod.containers():
        for port in mappings(container, "ports"):
            if port.get("hostPort"):
                yield f"{name} uses hostPort {port['hostPort']}"


_PROBES = (
    *((probe,) for probe in ("livenessProbe", "readinessProbe", "startupProbe")),
    *(("lifecycle", hook) for hook in ("postStart", "preStop")),
)


def _host_probes(pod: _Pod) -> Iterator[str]:
    if pod.minor < 34:
        return
    for name, container in pod.containers():
        for probe in _PROBES:
            for action in ("httpGet", "tcpSocket"):
                if host := text(container, *probe, action, "host"):
                    yield f"{name} sets host {host} in {'.'.join(probe)}"


_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def _app_armor(pod: _Pod) -> Iterator[str]:
    for name, context in pod.contexts():
        kind = text(context, "appArmorProfile", "type")
        if kind not in ("", "RuntimeDefault", "Localhost"):
            yield f"{name} sets appArmorProfile.type {kind}"
    for name, value in pod.annotations.items():
        if name.startswith(_APPARMOR) and not (value in ("", "runtime/default") or value.startswith("localhost/")):
            yield f"container {name.removeprefix(_APPARMOR)} has the AppArmor profile {value}"


def _selinux(pod: _Pod) -> Iterator[str]:
    allowed = {"", "container_t", "container_init_t", "container_kvm_t"}
    if pod.minor >= 31:
        allowed.add("container_engine_t")
    for name, context in pod.contexts():
        options = mapping(context, "seLinuxOptions")
        if text(options, "type") not in allowed:
            yield f"{name} sets seLinuxOptions.type {text(options, 'type')}"
        for field in ("user", "role"):
            if text(options, field):
                yield f"{name} sets seLinuxOptions.{field}"


def _proc_mount(pod: _Pod) -> Iterator[str]:
    return iter(()) if pod.has_user_namespace else _unmasked_proc(pod)


def _proc_mount_restricted(pod: _Pod) -> Iterator[str]:
    return _unmasked_proc(pod) if pod.has_user_namespace else iter(())


def _unmasked_proc(pod: _Pod) -> Iterator[str]:
    for name, container in pod.containers():
        if text(container, "securityContext", "procMount") not in ("", "Default"):
            yield f"{name} sets procMount"


def _seccomp_unconfined(pod: _Pod) -> Iterator[str]:
    for name, context in pod.contexts():
        kind = text(context, "seccompProfile", "type")
        if kind not in ("", "RuntimeDefault", "Localhost"):
            yield f"{name} sets seccompProfile.type {kind}"


# The minor release from which on a sysctl is allowed.
_SYSCTLS: Mapping[str, int] = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
}


def _sysctls(pod: _Pod) -> Iterator[str]:
    for item in mappings(pod.spec, "securityContext", "sysctls"):
        name = text(item, "name")
        if pod.minor < _SYSCTLS.get(name, pod.minor + 1):
            yield f"pod sets the sysctl {name}"


_VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
        *("persistentVolumeClaim", "projected", "secret"),
    )
)


def _volumes(pod: _Pod) -> Iterator[str]:
    for volume in mappings(pod.spec, "volumes"):
        if not any(isinstance(volume.get(kind), dict) for kind in _VOLUMES) and not isinstance(
            volume.get("hostPath"), dict
        ):
            kinds = sorted(set(map(str, volume)) - {"name"})
            yield f"volume {text(volume, 'name')} is of type {', '.join(kinds) or 'none'}"


def _privilege_escalation(pod: _Pod) -> Iterator[str]:
    if pod.is_windows and pod.minor >= 25:
        return
    for name, container in pod.containers():
        if at(container, "securityContext", "allowPrivilegeEscalation") is not False:
            yield f"{name} must set allowPrivilegeEscalation: false"


def _run_as_non_root(pod: _Pod) -> Iterator[str]:
    if pod.has_user_namespace:
        return
    of_pod = at(pod.spec, "securityContext", "runAsNonRoot")
    if of_pod is False:
        yield "pod sets runAsNonRoot: false"
    for name, container in pod.containers():
        own = at(container, "securityContext", "runAsNonRoot")
        if own is False or (own is not True and of_pod is not True):
            yield f"{name} must set runAsNonRoot: true"


def _run_as_user(pod: _Pod) -> Iterator[str]:
    if pod.has_user_namespace or pod.minor < 23:
        return
    for name, context in pod.contexts():
        user = context.get("runAsUser")
        if user == 0 and not isinstance(user, bool):
            yield f"{name} sets runAsUser: 0"


def _seccomp(pod: _Pod) -> Iterator[str]:
    if pod.is_windows and pod.minor >= 25:
        return
    of_pod = text(pod.spec, "securityContext", "seccompProfile", "type")
    for name, container in pod.containers():
        if not (text(container, "securityContext", "seccompProfile", "type") or of_pod):
            yield f"{name} must set seccompProfile.type: RuntimeDefault or Localhost"


def _dropped_capabilities(pod: _Pod) -> Iterator[str]:
    if pod.minor < 22 or (pod.is_windows and pod.minor >= 25):
        return
    for name, container in pod.containers():
        if "ALL" not in texts(container, "securityContext", "capabilities", "drop"):
            yield f"{name} must drop the capabilities ALL"
        added = set(added_capabilities(container)) - {"NET_BIND_SERVICE"}
        if added and added <= _ALLOWED_CAPABILITIES:
            yield f"{name} adds capabilities {', '.join(sorted(added))}"


_CONTROLS: Mapping[Level, Mapping[str, Callable[[_Pod], Iterator[str]]]] = {
    Level.BASELINE: {
        "HostProcess": _host_process,
        "Host Namespaces": _host_namespaces,
        "Privileged Containers": _privileged,
        "Capabilities": _capabilities,
        "HostPath Volumes": _host_path,
        "Host Ports": _host_ports,
        "Host Probes / Lifecycle Hooks": _host_probes,
        "AppArmor": _app_armor,
        "SELinux": _selinux,
        "/proc Mount Type": _proc_mount,
        "Seccomp": _seccomp_unconfined,
        "Sysctls": _sysctls,
    },
    Level.RESTRICTED: {
        "Volume Types": _volumes,
        "Privilege Escalation": _privilege_escalation,
        "Running as Non-root": _run_as_non_root,
        "Running as Non-root user": _run_as_user,
        "Seccomp": _seccomp,
        "Capabilities": _dropped_capabilities,
        "/proc Mount Type": _proc_mount_restricted,
    },
}
