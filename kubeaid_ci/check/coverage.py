"""Coverage as figures: how much of a cluster is restricted, limited, backed up and alerted for."""

from collections.abc import Mapping

from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.render.cluster_state import ClusterState

FIGURES: Mapping[str, tuple[str, ...]] = {
    "network": ("workloads", "none", "ingress_only", "both"),
    "memory_limit": ("containers", "missing"),
    "cpu_request": ("containers", "missing"),
    "backup": ("volumes", "uncovered"),
    "alerts": ("applications", "uncovered"),
}
"""The figures of a cluster by name. The first is the total; more figures may be added to each."""


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return all `FIGURES` of a cluster. Each family with a module `coverage` counts its own."""
    figures: dict[str, dict[str, int]] = {name: dict.fromkeys(keys, 0) for name, keys in FIGURES.items()}
    for family in families.FAMILIES:
        if module := families.named(family, "coverage"):
            for name, counts in module.coverage(state, context).items():
                figures[name] = {**figures[name], **counts}
    return figures
