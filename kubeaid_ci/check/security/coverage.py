"""Counts of containers without a memory limit or a CPU request, init containers excluded."""

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.security.pods import workloads
from kubeaid_ci.check.security.resources import limit_ranges, without_cpu_request, without_memory_limit
from kubeaid_ci.render.cluster_state import ClusterState


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
