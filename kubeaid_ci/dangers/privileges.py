"""Limits that held pods and containers, and hold them less."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.podspecs import PodChange, containers, pods
from kubeaid_ci.dangers.reading import Draft, at, listed, mapping, mappings, text, texts

_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_INHERITED = ("runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile", "appArmorProfile", "seLinuxOptions")
"""Fields that a container inherits from its pod if it does not set them."""

_Container = Mapping[str, Any]


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about the security contexts of pods and of each container."""
    for pod in pods(difference):
        yield from _pod_privileges(pod)
        for name, old, new in pod.containers():
            yield from _container_privileges(name, old or {}, new, pod)


def _pod_privileges(pod: PodChange) -> Iterator[Draft]:
    old, new = mapping(pod.old, "securityContext"), mapping(pod.new, "securityContext")
    for what in _raised(_of_all(pod.old), _of_all(pod.new)):
        yield Draft(rules.PRIVILEGES_RAISED, f"its pods {what}")
    if sysctls := _sysctls(new) - _sysctls(old):
        names = listed([name for name, _ in sysctls])
        yield Draft(rules.PRIVILEGES_RAISED, f"its pods set kernel parameters: {names}")
    if pod.new.get("shareProcessNamespace") is True and pod.old.get("shareProcessNamespace") is not True:
        yield Draft(rules.PRIVILEGES_RAISED, "its containers see and reach each other's processes")
    was, now = text(pod.old, "runtimeClassName"), text(pod.new, "runtimeClassName")
    if was and was != now:
        yield Draft(rules.PRIVILEGES_RAISED, f"its pods are run by {now or 'the default runtime'} instead of {was}")
    if 0 in _groups(new) and 0 not in _groups(old):
        yield Draft(rules.PRIVILEGES_RAISED, "its pods belong to the group root")
    for name in sorted(map(str, pod.new_annotations)):
        value = pod.new_annotations.get(name)
        if name.startswith(_APPARMOR) and value == "unconfined" and pod.old_annotations.get(name) != value:
            yield Draft(rules.PRIVILEGES_RAISED, f"container {name.removeprefix(_APPARMOR)} runs without AppArmor")


def _of_all(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the context of a pod, as far as not every container has its own, which then counts."""
    own = [mapping(container, "securityContext") for container in containers(spec).values()]
    everywhere = {field: own[0][field] for field in _INHERITED if own and all(field in one for one in own)}
    return {**mapping(spec, "securityContext"), **everywhere}


def _sysctls(context: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(text(item, "name"), text(item, "value")) for item in mappings(context, "sysctls")}


def _groups(context: Mapping[str, Any]) -> list[Any]:
    more = context.get("supplementalGroups")
    groups = [context.get("fsGroup"), context.get("runAsGroup"), *(more if isinstance(more, list) else [])]
    return [group for group in groups if not isinstance(group, bool)]


def _container_privileges(name: str, old: _Container, new: _Container, pod: PodChange) -> Iterator[Draft]:
    was, now = mapping(old, "securityContext"), mapping(new, "securityContext")
    messages = list(_raised(was, now, mapping(pod.old, "securityContext"), mapping(pod.new, "securityContext")))
    if now.get("privileged") is True and was.get("privileged") is not True:
        messages.append("runs privileged: it can do what the node can")
    if now.get("allowPrivilegeEscalation") is True and was.get("allowPrivilegeEscalation") is not True:
        messages.append("may gain privileges that it was not started with")
    elif was.get("allowPrivilegeEscalation") is False and now.get("allowPrivilegeEscalation") is not False:
        messages.append("is no longer kept from gaining privileges")
    if was.get("readOnlyRootFilesystem") is True and now.get("readOnlyRootFilesystem") is not True:
        messages.append("may write to its root filesystem")
    if text(now, "procMount") == "Unmasked" != text(was, "procMount"):
        messages.append("sees all of /proc")
    if come := set(texts(now, "capabilities", "add")) - set(texts(was, "capabilities", "add")):
        messages.append(f"gets the capabilities {listed(list(come))}")
    if back := set(texts(was, "capabilities", "drop")) - set(texts(now, "capabilities", "drop")) - _all_dropped(now):
        messages.append(f"no longer drops the capabilities {listed(list(back))}")
    for what in messages:
        yield Draft(rules.PRIVILEGES_RAISED, f"container {name} {what}")


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
"""Capabilities of a container unless it drops them."""


def _raised(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    old_pod: Mapping[str, Any] | None = None,
    new_pod: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Yield changes of the fields that pods and containers share; the pod's apply if a container does not set them."""
    within = new_pod is not None
    if within and not any(field in side for side in (old, new) for field in _INHERITED):
        return  # already reported for the pod

    def effective(field: str, *keys: str) -> tuple[Any, Any]:
        was, now = at(old, field, *keys), at(new, field, *keys)
        inherited = (at(old_pod, field, *keys), at(new_pod, field, *keys))
        return (inherited[0] if was is None else was), (inherited[1] if now is None else now)

    verb, verb_to_be = ("runs", "is") if within else ("run", "are")
    had_to, has_to = effective("runAsNonRoot")
    was, now = effective("runAsUser")
    if _is_root(now) and not _is_root(was):
        yield f"{verb} as root"
    elif had_to is True and has_to is not True:
        yield "may run as root"
    elif was and now is None and has_to is not True:
        yield "may run as root: depending on the user in the image"
    if within and _is_root(effective("runAsGroup")[1]) and not _is_root(effective("runAsGroup")[0]):
        yield "belongs to the group root"
    was, now = effective("seLinuxOptions")
    if (was or now) and was != now:
        yield f"{verb} with other SELinux options"
    for field, what in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        was, now = effective(field, "type")
        if now == "Unconfined" and was != "Unconfined":
            yield f"{verb} without {what}"
        elif was in ("RuntimeDefault", "Localhost") and now is None:
            yield f"{verb_to_be} no longer held to a {what} profile"


def _is_root(number: Any) -> bool:
    return number == 0 and not isinstance(number, bool)
