"""Counts the Applications that the alert rules of a cluster watch."""

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.gitops.alerting import uncovered
from kubeaid_ci.render.cluster_state import ClusterState


def coverage(state: ClusterState, _: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures ``alerts``."""
    total = sum(app.application is not None for app in state.apps)
    return {"alerts": {"applications": total, "uncovered": len(uncovered(state))}}
