"""Counts the workloads of a cluster that have policies, in total and by namespace."""

from collections import Counter
from collections.abc import Mapping

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import traffic
from kubeaid_ci.network.model import Direction, PodGroup
from kubeaid_ci.network.network import Network
from kubeaid_ci.network.reach import restricts
from kubeaid_ci.render.cluster_state import ClusterState

_COLUMNS = {(False, False): "none", (True, False): "ingress_only", (False, True): "egress_only", (True, True): "both"}


def coverage(state: ClusterState, _: CheckContext) -> Mapping[str, Mapping[str, int]]:
    """Return how many workloads have no policy, one for ingress only, or one for both directions.

    What is left of `workloads` is restricted in egress only. Pods in the network of their node and pods that only an
    operator makes do not count. A policy that the cluster refuses, or that may not select the pods, covers nothing.
    """
    counts: Counter[str] = Counter()
    for namespace in coverage_by_namespace(state).values():
        counts.update(namespace)
    return {"network": {name: counts[name] for name in ("workloads", "none", "ingress_only", "both")}}


def coverage_by_namespace(state: ClusterState) -> Mapping[str, Mapping[str, int]]:
    """Return the figures of each namespace with workloads, ``egress_only`` included."""
    found: dict[str, Counter[str]] = {}
    for each in traffic(state):
        for pods in each.network.workloads:
            column = _COLUMNS[restricted_directions(each.network, pods)]
            found.setdefault(pods.namespace, Counter()).update(["workloads", column])
    return dict(sorted(found.items()))


def restricted_directions(network: Network, pods: PodGroup) -> tuple[bool, bool]:
    """Return whether ingress and egress of pods are certainly restricted."""
    ingress, egress = (restricts(network.policies_near(pods), pods, direction) is True for direction in Direction)
    return ingress, egress
