"""Every control of the Pod Security Standards, as https://kubernetes.io/docs/concepts/security/pod-security-standards/ has it."""

from typing import Any

import pytest

from kubeaid_ci.k8s.pod_security import Level, breaches, level_of

SAFE: dict[str, Any] = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
NEWEST = 37


def container(field: str = "containers", **fields: Any) -> dict[str, Any]:
    """Pods that meet `restricted`, with fields in their one container."""
    context = {**SAFE, **fields.pop("securityContext", {})}
    one = {"name": "a", "securityContext": context, **fields}
    other = [] if field == "containers" else [{"name": "main", "securityContext": SAFE}]
    return {"containers": other, field: [one]} if other else {"containers": [one]}


def context(**fields: Any) -> dict[str, Any]:
    return container(securityContext=fields)


def pod(**fields: Any) -> dict[str, Any]:
    return {**container(), **fields}


def pod_context(**fields: Any) -> dict[str, Any]:
    return pod(securityContext=fields)


def volume(**source: Any) -> dict[str, Any]:
    return pod(volumes=[{"name": "v", **source}])


def host_of(probe: dict[str, Any]) -> dict[str, Any]:
    return container(livenessProbe=probe)


# Level, control, specification, and the first and last minor release in which it is a breach.
BREACHES: list[tuple[Level, str, dict[str, Any], int, int]] = [
    (Level.BASELINE, "HostProcess", pod_context(windowsOptions={"hostProcess": True}), 0, NEWEST),
    (Level.BASELINE, "HostProcess", context(windowsOptions={"hostProcess": True}), 0, NEWEST),
    (Level.BASELINE, "Host Namespaces", pod(hostNetwork=True), 0, NEWEST),
    (Level.BASELINE, "Host Namespaces", pod(hostPID=True), 0, NEWEST),
    (Level.BASELINE, "Host Namespaces", pod(hostIPC=True), 0, NEWEST),
    (Level.BASELINE, "Privileged Containers", context(privileged=True), 0, NEWEST),
    (Level.BASELINE, "Privileged Containers", container("initContainers", securityContext={"privileged": True}), 0, NEWEST),
    (Level.BASELINE, "Privileged Containers", container("ephemeralContainers", securityContext={"privileged": True}), 0, NEWEST),
    *(
        (Level.BASELINE, "Capabilities", context(capabilities={"drop": ["ALL"], "add": [name]}), 0, NEWEST)
        for name in ("NET_RAW", "NET_ADMIN", "SYS_ADMIN", "SYS_TIME", "ALL", "chown", "CAP_CHOWN")
    ),
    (Level.BASELINE, "HostPath Volumes", volume(hostPath={"path": "/"}), 0, NEWEST),
    (Level.BASELINE, "HostPath Volumes", volume(hostPath={}), 0, NEWEST),
    (Level.BASELINE, "Host Ports", container(ports=[{"containerPort": 80, "hostPort": 80}]), 0, NEWEST),
    *(
        (Level.BASELINE, "Host Probes / Lifecycle Hooks", container(**{probe: {action: {"host": host}}}), 34, NEWEST)
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for action in ("httpGet", "tcpSocket")
        for host in ("169.254.169.254", "127.0.0.1")
    ),
    *(
        (Level.BASELINE, "Host Probes / Lifecycle Hooks", container(lifecycle={hook: {"httpGet": {"host": "db"}}}), 34, NEWEST)
        for hook in ("postStart", "preStop")
    ),
    (Level.BASELINE, "AppArmor", pod_context(appArmorProfile={"type": "Unconfined"}), 0, NEWEST),
    (Level.BASELINE, "AppArmor", context(appArmorProfile={"type": "Unconfined"}), 0, NEWEST),
    *(
        (Level.BASELINE, "SELinux", made(seLinuxOptions=options), 0, last)
        for made in (pod_context, context)
        for options, last in (
            ({"type": "spc_t"}, NEWEST),
            ({"type": "container_engine_t"}, 30),
            ({"user": "system_u"}, NEWEST),
            ({"role": "system_r"}, NEWEST),
        )
    ),
    (Level.BASELINE, "/proc Mount Type", context(procMount="Unmasked"), 0, NEWEST),
    (Level.BASELINE, "/proc Mount Type", {**context(procMount="Unmasked"), "hostUsers": False}, 0, 34),
    (Level.RESTRICTED, "/proc Mount Type", {**context(procMount="Unmasked"), "hostUsers": False}, 35, NEWEST),
    (Level.BASELINE, "Seccomp", pod_context(seccompProfile={"type": "Unconfined"}), 0, NEWEST),
    (Level.BASELINE, "Seccomp", context(seccompProfile={"type": "Unconfined"}), 0, NEWEST),
    *(
        (Level.BASELINE, "Sysctls", pod_context(sysctls=[{"name": name, "value": "1"}]), 0, last)
        for name, last in (
            ("kernel.msgmax", NEWEST),
            ("net.core.somaxconn", NEWEST),
            ("net.ipv4.ip_local_reserved_ports", 26),
            ("net.ipv4.tcp_keepalive_time", 28),
            ("net.ipv4.tcp_fin_timeout", 28),
            ("net.ipv4.tcp_keepalive_intvl", 28),
            ("net.ipv4.tcp_keepalive_probes", 28),
            ("net.ipv4.tcp_rmem", 31),
            ("net.ipv4.tcp_wmem", 31),
        )
    ),
    *(
        (Level.RESTRICTED, "Volume Types", volume(**{kind: {}}), 0, NEWEST)
        for kind in ("nfs", "awsElasticBlockStore", "gitRepo", "iscsi", "rbd", "image", "cephfs")
    ),
    (Level.RESTRICTED, "Privilege Escalation", context(allowPrivilegeEscalation=None), 8, NEWEST),
    (Level.RESTRICTED, "Privilege Escalation", context(allowPrivilegeEscalation=True), 8, NEWEST),
    (Level.RESTRICTED, "Running as Non-root", context(runAsNonRoot=None), 0, NEWEST),
    (Level.RESTRICTED, "Running as Non-root", {**context(runAsNonRoot=None), "hostUsers": False}, 0, 34),
    (Level.RESTRICTED, "Running as Non-root", pod_context(runAsNonRoot=False), 0, NEWEST),
    (Level.RESTRICTED, "Running as Non-root", {**context(runAsNonRoot=False), "securityContext": {"runAsNonRoot": True}}, 0, NEWEST),
    (Level.RESTRICTED, "Running as Non-root user", pod_context(runAsUser=0), 23, NEWEST),
    (Level.RESTRICTED, "Running as Non-root user", context(runAsUser=0), 23, NEWEST),
    (Level.RESTRICTED, "Running as Non-root user", {**context(runAsUser=0), "hostUsers": False}, 23, 34),
    (Level.RESTRICTED, "Seccomp", context(seccompProfile=None), 19, NEWEST),
    (Level.RESTRICTED, "Seccomp", {**context(seccompProfile=None), "os": {"name": "windows"}}, 19, 24),
    (Level.RESTRICTED, "Capabilities", context(capabilities=None), 22, NEWEST),
    (Level.RESTRICTED, "Capabilities", context(capabilities={"drop": ["CHOWN"]}), 22, NEWEST),
    (Level.RESTRICTED, "Capabilities", context(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}), 22, NEWEST),
    (Level.RESTRICTED, "Capabilities", {**context(capabilities=None), "os": {"name": "windows"}}, 22, 24),
    (Level.RESTRICTED, "Privilege Escalation", {**context(allowPrivilegeEscalation=None), "os": {"name": "windows"}}, 8, 24),
]  # fmt: skip
ALLOWED = [
    container(),
    container("initContainers"),
    pod(hostNetwork=False, hostPID=None),
    context(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    container(ports=[{"containerPort": 80}, {"containerPort": 81, "hostPort": 0}]),
    container(livenessProbe={"httpGet": {"path": "/", "host": ""}}),
    context(procMount="Default"),
    pod_context(seLinuxOptions={"type": "container_t", "level": "s0:c1"}),
    pod_context(appArmorProfile={"type": "RuntimeDefault"}),
    context(appArmorProfile={"type": "Localhost", "localhostProfile": "x"}),
    pod_context(sysctls=[{"name": "net.ipv4.ping_group_range", "value": "0 1"}]),
    {**context(seccompProfile=None), "securityContext": {"seccompProfile": {"type": "Localhost"}}},
    {**context(runAsNonRoot=None), "securityContext": {"runAsNonRoot": True}},
    context(runAsUser=1000),
    *(
        volume(**{kind: {}})
        for kind in ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
    ),
]  # fmt: skip
EVERY = (25, 26, 28, 29, 30, 31, 32, 33, 34, 35, NEWEST)


@pytest.mark.parametrize(("level", "control", "spec", "first", "last"), BREACHES)
def test_a_control_is_breached_in_its_releases_and_no_other(level, control, spec, first, last):
    for minor in EVERY:
        found = {(breach.level, breach.control) for breach in breaches(spec, {}, minor)}
        assert ((level, control) in found) is (first <= minor <= last), minor


@pytest.mark.parametrize(("level", "control", "spec", "first", "last"), BREACHES)
def test_the_level_is_the_highest_that_is_met(level, control, spec, first, last):
    for minor in EVERY:
        if first <= minor <= last:
            expected = Level.PRIVILEGED if level is Level.BASELINE else Level.BASELINE
            assert level_of(breaches(spec, {}, minor)) is expected, minor


@pytest.mark.parametrize("spec", ALLOWED)
@pytest.mark.parametrize("minor", EVERY)
def test_what_every_level_allows(spec, minor):
    assert breaches(spec, {}, minor) == ()
    assert level_of(()) is Level.RESTRICTED


@pytest.mark.parametrize("value", ["unconfined", "runtime/other"])
def test_an_annotation_may_turn_app_armor_off(value):
    name = "container.apparmor.security.beta.kubernetes.io/a"
    (breach,) = breaches(container(), {name: value}, 34)
    assert (breach.level, breach.control, breach.message) == (
        Level.BASELINE,
        "AppArmor",
        f"container a has the AppArmor profile {value}",
    )
    for allowed in ("", "runtime/default", "localhost/x"):
        assert breaches(container(), {name: allowed, "other": value}, 34) == ()


@pytest.mark.parametrize("name", ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"])  # fmt: skip
def test_baseline_allows_the_capabilities_of_the_runtime(name):
    found = breaches(context(capabilities={"drop": ["ALL"], "add": [name]}), {}, 34)
    assert [(breach.level, breach.control) for breach in found] == [(Level.RESTRICTED, "Capabilities")]


@pytest.mark.parametrize(
    "spec", [{}, {"containers": None}, {"containers": [None, "x", []]}, {"volumes": {"a": 1}, "securityContext": []}]
)
def test_no_shape_of_a_specification_is_a_crash(spec):
    breaches(spec, {}, 34)
