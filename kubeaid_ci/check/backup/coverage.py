"""Counts of volumes, and of those that no backup has."""

from kubeaid_ci.check.backup.plan import plan
from kubeaid_ci.check.backup.volumes import is_exempt
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.render.cluster_state import ClusterState


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures of the family. Exempt volumes count as covered."""
    found = plan(state, context).volumes
    uncovered = sum(bool(one.reason) and not is_exempt(one, context) for one in found)
    return {"backup": {"volumes": len(found), "uncovered": uncovered}}
