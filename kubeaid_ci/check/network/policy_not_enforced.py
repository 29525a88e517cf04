"""Policies of a kind that the network of the cluster does not know, and kinds whose meaning is not computed."""

from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.networks import Traffic, place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.network.model import PodGroup
from kubeaid_ci.network.network import CILIUM, KUBERNETES, NOT_READ
from kubeaid_ci.render.cluster_state import ClusterState

POLICY_NOT_ENFORCED = Rule(
    "network/policy-not-enforced",
    Severity.WARNING,
    "The network plugin of the cluster does not know this kind of policy, so it restricts nothing or fails to sync. "
    "Write it as a policy of the plugin that the cluster has, or as a NetworkPolicy.",
)
POLICY_NOT_READ = Rule(
    "network/policy-not-read",
    Severity.INFO,
    "What this kind of policy permits is not computed, so the coverage does not count it and its mistakes are not "
    "found. Look at the pods that it selects.",
)
RULES = (POLICY_NOT_ENFORCED, POLICY_NOT_READ)

_PLUGINS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Cilium": (("k8s-app", "cilium"),),
    "Calico": (("k8s-app", "calico-node"),),
    "flannel": (("app", "flannel"), ("k8s-app", "flannel")),
}
"""Labels of the pods that each network plugin runs on every node."""
_CALICO = ("crd.projectcalico.org", "projectcalico.org")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each policy that the only network plugin in Git does not enforce, or that is not read."""
    for each in traffic(state):
        found = plugins(each.network.pods)
        plugin = found.pop() if len(found) == 1 else ""
        for manifest in _policies(each):
            at = place(manifest, state, context)
            kind = f"{manifest.key.kind} of {manifest.key.group}"
            if plugin and not _enforces(plugin, manifest):
                message = f"{manifest.key} has no effect: {plugin}, the network plugin of the cluster, knows no {kind}"
                yield POLICY_NOT_ENFORCED.at(at.path, message, subject=at.subject, line=at.line, key=str(manifest.key))
            elif (manifest.key.group, manifest.key.kind) in NOT_READ:
                message = f"{manifest.key}: what a {kind} permits is not computed"
                yield POLICY_NOT_READ.at(at.path, message, subject=at.subject, line=at.line, key=str(manifest.key))


def plugins(pods: Iterable[PodGroup]) -> set[str]:
    """Return the network plugins that Git deploys; empty if the cluster got its plugin in another way."""
    agents = [group for group in pods if group.manifest.key.kind == "DaemonSet"]
    return {
        name
        for name, labels in _PLUGINS.items()
        if any(group.labels.known.get(key) == value for group in agents for key, value in labels)
    }


def _policies(each: Traffic) -> Iterator[Manifest]:
    for manifest in each.manifests:
        if (manifest.key.group, manifest.key.kind) in (KUBERNETES, *CILIUM, *NOT_READ):
            yield manifest


def _enforces(plugin: str, manifest: Manifest) -> bool:
    match manifest.key.group:
        case "networking.k8s.io":
            return plugin != "flannel"
        case "cilium.io":
            return plugin == "Cilium"
        case group if group in _CALICO:
            return plugin == "Calico"
        case _:
            return plugin != "flannel"
