"""Access of pods to the node that they run on."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.podspecs import PodChange, pods
from kubeaid_ci.dangers.reading import Draft, at, listed, mappings, text

_SHARED = ("hostNetwork", "hostPID", "hostIPC")


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about the node's own network, processes, files and ports."""
    for pod in pods(difference):
        if shared := [word for word in _SHARED if pod.new.get(word) is True and pod.old.get(word) is not True]:
            yield Draft(rules.HOST_ACCESS, f"its pods use the node's own: {listed(shared)}")
        if pod.old.get("hostUsers") is False and pod.new.get("hostUsers") is not False:
            yield Draft(rules.HOST_ACCESS, "its pods have the node's users: root in them is root there")
        if _host_process(pod.new) and not _host_process(pod.old):
            yield Draft(rules.HOST_ACCESS, "its pods run as processes of a Windows node")
        if come := [path for path in _host_paths(pod.new) if path not in _host_paths(pod.old)]:
            yield Draft(rules.HOST_ACCESS, f"its pods reach files of the node: {listed(come)}")
        if ports := _host_ports(pod.new) - _host_ports(pod.old):
            yield Draft(rules.HOST_ACCESS, f"its pods listen on ports of the node: {listed(list(ports))}")
        yield from _mounted(pod)


def _host_process(spec: Mapping[str, Any]) -> bool:
    return at(spec, "securityContext", "windowsOptions", "hostProcess") is True


def _host_paths(spec: Mapping[str, Any]) -> set[str]:
    return set(_volumes(spec).values())


def _volumes(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the folders of the node by the names of the volumes that they are."""
    return {
        text(volume, "name"): text(volume, "hostPath", "path")
        for volume in mappings(spec, "volumes")
        if "hostPath" in volume
    }


def _host_ports(spec: Mapping[str, Any]) -> set[str]:
    lists = (mappings(spec, "initContainers"), mappings(spec, "containers"))
    ports = (port for containers in lists for container in containers for port in mappings(container, "ports"))
    return {str(port["hostPort"]) for port in ports if port.get("hostPort")}


def _mounted(pod: PodChange) -> Iterator[Draft]:
    """Yield drafts about files of the node that a container did not reach before, or could only read."""
    known = _host_paths(pod.old)
    for name, old, new in pod.containers():
        before, after = _reached(old or {}, pod.old), _reached(new, pod.new)
        for path, writes in after.items():
            if old is None or path not in known:
                continue  # reported for the container, or for the pod
            if path not in before:
                yield Draft(rules.HOST_ACCESS, f"container {name} reaches {path} of the node")
            elif writes and not before[path]:
                yield Draft(rules.HOST_ACCESS, f"container {name} may write to {path} of the node")
        if _spreads(new) and not _spreads(old or {}):
            yield Draft(rules.HOST_ACCESS, f"what container {name} mounts is mounted on the node as well")


def _reached(container: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, bool]:
    """Return the node's folders that a container mounts, and whether it may write to them."""
    volumes = _volumes(spec)
    found: dict[str, bool] = {}
    for mount in mappings(container, "volumeMounts"):
        if path := volumes.get(text(mount, "name")):
            found[path] = found.get(path, False) or mount.get("readOnly") is not True
    return found


def _spreads(container: Mapping[str, Any]) -> bool:
    return any(mount.get("mountPropagation") == "Bidirectional" for mount in mappings(container, "volumeMounts"))
