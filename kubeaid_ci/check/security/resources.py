"""Requests and limits of containers, and the count of containers without them."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.check.applied import applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.security.workloads import Workload, containers, containers_named, workloads
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings
from kubeaid_ci.k8s.quantity import quantity
from kubeaid_ci.render.cluster_state import ClusterState

REQUESTS_OVER_LIMITS = Rule(
    "security/requests-over-limits",
    Severity.ERROR,
    "The API server refuses a container that requests more than its limit, so the pods are not created. Raise the "
    "limit or lower the request.",
)
MEMORY_LIMIT_MISSING = Rule(
    "security/memory-limit-missing",
    Severity.WARNING,
    "A container without a memory limit can use all memory of its node, and then the kernel kills other pods. Set "
    "resources.limits.memory, or a LimitRange in the namespace.",
    is_posture=True,
)
CPU_REQUEST_MISSING = Rule(
    "security/cpu-request-missing",
    Severity.INFO,
    "Without a CPU request the scheduler counts the container as nothing, so a node may be overloaded and the pod "
    "starved. Set resources.requests.cpu, or a LimitRange in the namespace.",
    is_posture=True,
)
RULES = (REQUESTS_OVER_LIMITS, MEMORY_LIMIT_MISSING, CPU_REQUEST_MISSING)

Defaults = Mapping[tuple[str, str], Mapping[str, Any]]
"""The fields `default` and `defaultRequest` of LimitRanges by destination and namespace."""


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each workload whose containers lack a limit or request, or contradict themselves."""
    defaults = limit_ranges(state, context)
    for workload in workloads(state, context):
        over = [
            f"container {name} requests {resource} {requested} with the limit {limit}"
            for name, container in containers(workload.pods)
            for resource, requested, limit in _over_limit(container)
        ]
        if over:
            yield workload.finding(REQUESTS_OVER_LIMITS, named(over))
        for rule, lacking in (
            (MEMORY_LIMIT_MISSING, without_memory_limit(workload, defaults)),
            (CPU_REQUEST_MISSING, without_cpu_request(workload, defaults)),
        ):
            if lacking:
                yield workload.finding(rule, containers_named(lacking))


def limit_ranges(state: ClusterState, context: CheckContext) -> Defaults:
    """Return the defaults that LimitRanges give to containers; those of several in one namespace add up."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for item in applied(state, context):
        if (item.manifest.key.group, item.manifest.key.kind) != ("", "LimitRange"):
            continue
        defaults = found.setdefault((item.app.destination, item.manifest.key.namespace), {})
        for limit in mappings(item.manifest.body, "spec", "limits"):
            # A maximum is a default limit too, and a limit or a minimum a default request.
            of_range = {"default": ("max", "default"), "defaultRequest": ("min", "max", "default", "defaultRequest")}
            for field, sources in of_range.items() if limit.get("type") == "Container" else ():
                for source in sources:
                    defaults[field] = {**defaults.get(field, {}), **mapping(limit, source)}
    return found


def without_memory_limit(workload: Workload, defaults: Defaults) -> list[str]:
    """Return the names of the containers without a memory limit, init containers excluded."""
    return _lacking(workload, defaults, "memory", ("limits",), ("default",))


def without_cpu_request(workload: Workload, defaults: Defaults) -> list[str]:
    """Return the names of the containers without a CPU request, init containers excluded.

    A limit without a request is a request too.
    """
    return _lacking(workload, defaults, "cpu", ("requests", "limits"), ("defaultRequest", "default"))


def _lacking(
    workload: Workload, defaults: Defaults, resource: str, fields: tuple[str, ...], of_range: tuple[str, ...]
) -> list[str]:
    spec, limits = workload.pods.spec, defaults.get(workload.namespace, {})
    if any(at(limits, field, resource) is not None for field in of_range):
        return []
    if any(at(spec, "resources", field, resource) is not None for field in fields):  # of the pod as a whole
        return []
    return [
        str(container.get("name", ""))
        for container in workload.pods.containers()
        if all(at(container, "resources", field, resource) is None for field in fields)
    ]


def _over_limit(container: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    limits = mapping(container, "resources", "limits")
    for resource, requested in mapping(container, "resources", "requests").items():
        wanted, most = quantity(requested), quantity(limits.get(resource))
        if wanted is not None and most is not None and wanted > most:
            yield resource, requested, limits[resource]


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures of the family."""
    defaults = limit_ranges(state, context)
    every = list(workloads(state, context))
    total = sum(len(workload.pods.containers()) for workload in every)
    memory = sum(len(without_memory_limit(workload, defaults)) for workload in every)
    cpu = sum(len(without_cpu_request(workload, defaults)) for workload in every)
    return {
        "memory_limit": {"containers": total, "missing": memory},
        "cpu_request": {"containers": total, "missing": cpu},
    }
