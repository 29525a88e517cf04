"""What pods may do that they might not do before."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.podspecs import PodChange, pods
from kubeaid_ci.checks.dangers.reading import (
    Said,
    annotations,
    at,
    body,
    is_kind,
    listed,
    mapping,
    mappings,
    text,
    texts,
)
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.finding import Severity

_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh|(?:.*/)?(?:python3?|perl|node|ruby|busybox|env)")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_CLOUD_IDENTITIES = (
    "azure.workload.identity/client-id",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
)
_Container = Mapping[str, Any]


def check(difference: Difference) -> Iterator[Said]:
    """Host access, privileges, identity, containers, commands and limits of every pod specification."""
    yield from _account(difference)
    for pod in pods(difference):
        yield from _host(pod)
        yield from _identity(pod)
        yield from _pod_privileges(pod)
        for name, old, new in pod.containers():
            yield from _container_privileges(name, old or {}, new, pod)
            if old is not None:
                yield from _command(name, old, new)
                yield from _limits(name, old, new)
            elif not pod.is_new:
                yield Said(rules.CONTAINER_ADDED, f"container {name} is new in pods that exist")


def _account(difference: Difference) -> Iterator[Said]:
    """What a service account hands to its pods."""
    if not is_kind(difference, "", "ServiceAccount") or difference.before is None or difference.after is None:
        return
    tokens = [
        at(body(side), "automountServiceAccountToken") is not False for side in (difference.before, difference.after)
    ]
    if tokens == [False, True]:
        yield Said(rules.IDENTITY_CHANGED, "its pods get its token, which they did not")
    old, new = (annotations(side) for side in (difference.before, difference.after))
    if changed := [name for name in _CLOUD_IDENTITIES if name in new and old.get(name) != new[name]]:
        yield Said(rules.IDENTITY_CHANGED, f"its pods act as somebody else in the cloud: {listed(changed)}")


def _host(pod: PodChange) -> Iterator[Said]:
    shared = [
        word
        for word in ("hostNetwork", "hostPID", "hostIPC")
        if pod.new.get(word) is True and pod.old.get(word) is not True
    ]
    if shared:
        yield Said(rules.HOST_ACCESS, f"its pods use the node's own: {listed(shared)}")
    old, new = _host_paths(pod.old), _host_paths(pod.new)
    if come := [path for path in new if path not in old]:
        yield Said(rules.HOST_ACCESS, f"its pods reach files of the node: {listed(come)}")
    if ports := _host_ports(pod.new) - _host_ports(pod.old):
        yield Said(rules.HOST_ACCESS, f"its pods listen on ports of the node: {listed(list(ports))}")
    yield from _writes(pod, old & new)


def _host_paths(spec: Mapping[str, Any]) -> set[str]:
    return {text(volume, "hostPath", "path") for volume in mappings(spec, "volumes") if "hostPath" in volume}


def _host_ports(spec: Mapping[str, Any]) -> set[str]:
    lists = (mappings(spec, "initContainers"), mappings(spec, "containers"))
    ports = (port for containers in lists for container in containers for port in mappings(container, "ports"))
    return {str(port["hostPort"]) for port in ports if port.get("hostPort")}


def _writes(pod: PodChange, paths: set[str]) -> Iterator[Said]:
    """Files of the node that were mounted for reading only."""
    named = {
        text(volume, "name"): text(volume, "hostPath", "path")
        for volume in mappings(pod.new, "volumes")
        if "hostPath" in volume
    }
    for name, old, new in pod.containers():
        before = {text(mount, "mountPath"): mount for mount in mappings(old or {}, "volumeMounts")}
        for mount in mappings(new, "volumeMounts"):
            was = before.get(text(mount, "mountPath"))
            path = named.get(text(mount, "name"), "")
            if path in paths and was is not None and was.get("readOnly") is True and mount.get("readOnly") is not True:
                yield Said(rules.HOST_ACCESS, f"container {name} may write to {path} of the node")


def _identity(pod: PodChange) -> Iterator[Said]:
    old, new = (
        text(spec, "serviceAccountName") or text(spec, "serviceAccount") or "default" for spec in (pod.old, pod.new)
    )
    if old != new and not pod.is_new:
        yield Said(rules.IDENTITY_CHANGED, f"its pods act as service account {new} instead of {old}")
    if (
        pod.old.get("automountServiceAccountToken") is False
        and pod.new.get("automountServiceAccountToken") is not False
    ):
        yield Said(rules.IDENTITY_CHANGED, "its pods get the token of their service account, which they did not")
    if not pod.is_new and (come := _tokens(pod.new) - _tokens(pod.old)):
        yield Said(rules.IDENTITY_CHANGED, f"its pods get a token for {listed(list(come))}")


def _tokens(spec: Mapping[str, Any]) -> set[str]:
    sources = (source for volume in mappings(spec, "volumes") for source in mappings(volume, "projected", "sources"))
    return {
        text(source, "serviceAccountToken", "audience") or "the API server"
        for source in sources
        if "serviceAccountToken" in source
    }


def _pod_privileges(pod: PodChange) -> Iterator[Said]:
    old, new = mapping(pod.old, "securityContext"), mapping(pod.new, "securityContext")
    for what in _raised(old, new):
        yield Said(rules.PRIVILEGES_RAISED, f"its pods {what}")
    if sysctls := {text(item, "name") for item in mappings(new, "sysctls")} - {
        text(item, "name") for item in mappings(old, "sysctls")
    }:
        yield Said(rules.PRIVILEGES_RAISED, f"its pods set kernel parameters: {listed(list(sysctls))}")
    for name in sorted(map(str, pod.new_annotations)):
        value = pod.new_annotations.get(name)
        if name.startswith(_APPARMOR) and value == "unconfined" and pod.old_annotations.get(name) != value:
            yield Said(rules.PRIVILEGES_RAISED, f"container {name.removeprefix(_APPARMOR)} runs without AppArmor")


def _container_privileges(name: str, old: _Container, new: _Container, pod: PodChange) -> Iterator[Said]:
    was, now = mapping(old, "securityContext"), mapping(new, "securityContext")
    told = list(_raised(was, now, mapping(pod.old, "securityContext"), mapping(pod.new, "securityContext")))
    if now.get("privileged") is True and was.get("privileged") is not True:
        told.append("runs privileged: it can do what the node can")
    if now.get("allowPrivilegeEscalation") is True and was.get("allowPrivilegeEscalation") is not True:
        told.append("may gain privileges that it was not started with")
    elif was.get("allowPrivilegeEscalation") is False and now.get("allowPrivilegeEscalation") is not False:
        told.append("is no longer kept from gaining privileges")
    if was.get("readOnlyRootFilesystem") is True and now.get("readOnlyRootFilesystem") is not True:
        told.append("may write to its root filesystem")
    if text(now, "procMount") == "Unmasked" != text(was, "procMount"):
        told.append("sees all of /proc")
    if come := set(texts(now, "capabilities", "add")) - set(texts(was, "capabilities", "add")):
        told.append(f"gets the capabilities {listed(list(come))}")
    if back := set(texts(was, "capabilities", "drop")) - set(texts(now, "capabilities", "drop")) - _all_dropped(now):
        told.append(f"no longer drops the capabilities {listed(list(back))}")
    for what in told:
        yield Said(rules.PRIVILEGES_RAISED, f"container {name} {what}")


def _all_dropped(context: Mapping[str, Any]) -> set[str]:
    dropped = texts(context, "capabilities", "drop")
    return set(dropped) if "ALL" not in dropped else {*dropped, *_EVERY_CAPABILITY}


_EVERY_CAPABILITY = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
"""What a container has unless it drops it."""


def _raised(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    old_pod: Mapping[str, Any] | None = None,
    new_pod: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """What the security contexts of pods and containers have in common; the pod's holds where a container has none."""
    within = new_pod is not None

    def effective(field: str, *keys: str) -> tuple[Any, Any]:
        was, now = at(old, field, *keys), at(new, field, *keys)
        inherited = (at(old_pod, field, *keys), at(new_pod, field, *keys))
        return (inherited[0] if was is None else was), (inherited[1] if now is None else now)

    was_set, is_set = (
        any(field in side for field in ("runAsUser", "runAsNonRoot", "seccompProfile", "appArmorProfile"))
        for side in (old, new)
    )
    if within and not was_set and not is_set:
        return  # the pod's own says it all
    was, now = effective("runAsUser")
    if now == 0 and was != 0 and not isinstance(now, bool):
        yield "run as root" if not within else "runs as root"
    was, now = effective("runAsNonRoot")
    if was is True and now is not True:
        yield "may run as root" if not within else "may run as root, which it might not"
    for field, what in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        was, now = effective(field, "type")
        if now == "Unconfined" and was != "Unconfined":
            yield f"run{'s' if within else ''} without {what}"
        elif was in ("RuntimeDefault", "Localhost") and now is None:
            yield f"{'is' if within else 'are'} no longer held to a {what} profile"


def _command(name: str, old: _Container, new: _Container) -> Iterator[Said]:
    for field in ("command", "lifecycle"):
        if old.get(field) != new.get(field):
            yield Said(rules.COMMAND_CHANGED, f"container {name} has another {field}")
    if old.get("args") != new.get("args") and bool(old.get("args") or new.get("args")):
        # What a shell gets is a program; what a program gets are mostly its settings.
        shell = any(_SHELL.fullmatch(part) for part in texts(new, "command")[:2]) or "-c" in texts(new, "args")[:2]
        yield Said(rules.COMMAND_CHANGED, f"container {name} has other arguments", None if shell else Severity.INFO)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if at(old, probe, "exec") != at(new, probe, "exec") and at(new, probe, "exec"):
            yield Said(rules.COMMAND_CHANGED, f"the {probe} of container {name} runs another command", Severity.INFO)


def _limits(name: str, old: _Container, new: _Container) -> Iterator[Said]:
    for field in ("limits", "requests"):
        was, now = mapping(old, "resources", field), mapping(new, "resources", field)
        if gone := [str(what) for what in was if now.get(what) is None and was[what] is not None]:
            yield Said(rules.LIMITS_REMOVED, f"container {name} has no {field} of {listed(gone)} any more")
