"""Policies that have no effect: refused, not enforced by the network plugin, or selecting no pods."""

import re
from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.traffic import Traffic, place, traffic
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import EVERYTHING, Selector
from kubeaid_ci.network.model import PodGroup, Policy
from kubeaid_ci.network.network import CILIUM, KUBERNETES, NOT_READ
from kubeaid_ci.network.reach import selects
from kubeaid_ci.render.cluster_state import ClusterState

POLICY_INVALID = Rule(
    "network/policy-invalid",
    Severity.ERROR,
    "The API server or Cilium refuses the policy, so the sync fails or the pods have no policy at all. Correct the "
    "field that the message names.",
)
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
POLICY_SELECTS_NOTHING = Rule(
    "network/policy-selects-nothing",
    Severity.WARNING,
    "No pod has the labels that the policy selects, so it restricts nothing and the pods that it is meant for are "
    "open. Correct the selector or the namespace, or remove the policy.",
)
RULES = (POLICY_INVALID, POLICY_NOT_ENFORCED, POLICY_NOT_READ, POLICY_SELECTS_NOTHING)

_PLUGINS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Cilium": (("k8s-app", "cilium"),),
    "Calico": (("k8s-app", "calico-node"),),
    "flannel": (("app", "flannel"), ("k8s-app", "flannel")),
}
"""Labels of the pods that each network plugin runs on every node."""
_CALICO = ("crd.projectcalico.org", "projectcalico.org")
_SELECTORS = {"NetworkPolicy": "podSelector"}
_WITHOUT_PODS = frozenset(
    {
        "acme.cert-manager.io",
        "argoproj.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "crd.projectcalico.org",
        "gateway.networking.k8s.io",
        "monitoring.coreos.com",
        "projectcalico.org",
        "traefik.io",
    }
)
"""API groups whose objects make no pods, or whose pods are known otherwise."""


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each such policy."""
    yield from _invalid(state, context)
    yield from _not_enforced(state, context)
    yield from _selecting_nothing(state, context)


def _invalid(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each policy that is refused."""
    for each in traffic(state):
        for invalid in each.network.invalid:
            at = place(invalid.manifest, state, context, *_fields(invalid.error))
            message = f"{invalid.manifest.key} is refused: {invalid.error}"
            yield POLICY_INVALID.at(at.path, message, subject=at.subject, line=at.line, key=str(invalid.manifest.key))


def _fields(error: str) -> list[str | int]:
    """Return the path of the field that an error begins with: ``spec.ingress[0]`` as spec, ingress, 0."""
    parts = re.findall(r"[^.\[\]]+", error.partition(":")[0])
    return [int(part) if part.isdigit() else part for part in parts]


def _not_enforced(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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


def _selecting_nothing(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for each policy that selects neither rendered pods nor pods that an operator makes.

    A policy in a namespace of an Application that could not be rendered is left out: that Application may have the
    pods, and rendering reports it. A policy of Calico is reported only if its namespace has no pods at all.
    """
    for each in traffic(state):
        for manifest in each.manifests:
            if _is_in_empty_namespace(manifest, each):
                at = place(manifest, state, context, "metadata", "namespace")
                message = f"{manifest.key} selects no pods: the namespace {manifest.key.namespace} has no pods"
                key = str(manifest.key)
                yield POLICY_SELECTS_NOTHING.at(at.path, message, subject=at.subject, line=at.line, key=key)
        for policy in each.network.policies:
            if policy.selects_nodes or _may_select(policy, each):
                continue
            at = place(
                policy.manifest, state, context, "spec", _SELECTORS.get(policy.manifest.key.kind, "endpointSelector")
            )
            message = f"{policy.manifest.key} selects no pods: {_reason(policy, each)}"
            key = f"{policy.manifest.key} {policy.pods}"
            yield POLICY_SELECTS_NOTHING.at(at.path, message, subject=at.subject, line=at.line, key=key)


def _is_in_empty_namespace(manifest: Manifest, each: Traffic) -> bool:
    key = manifest.key
    if (key.group, key.kind) not in NOT_READ or not key.namespace or key.namespace in each.unknown:
        return False
    return key.namespace not in each.network.pods_by_namespace and not any(
        other.key.namespace == key.namespace and is_operated(other) for other in each.manifests
    )


def _may_select(policy: Policy, each: Traffic) -> bool:
    namespace = policy.manifest.key.namespace
    if any(_selects(policy, pods) for pods in _near(policy, each)):
        return True
    if not policy.pods.requirements and namespace in each.namespaces:
        return True  # a default for pods to come
    if namespace in each.unknown or (not namespace and each.unknown):
        return True
    return any(may_make_pods(manifest, policy) for manifest in each.manifests)


def _near(policy: Policy, each: Traffic) -> tuple[PodGroup, ...]:
    """Return the pods of the policy's namespace, all pods if it has none."""
    namespace = policy.manifest.key.namespace
    return each.network.pods_by_namespace.get(namespace, ()) if namespace else each.network.pods


def _selects(policy: Policy, pods: PodGroup) -> bool:
    """Return whether a policy selects pods, or has a label in common with the known ones of an operator's pods."""
    answer = selects(policy, pods)
    if answer is not None or not policy.pods.requirements:
        return answer is not False
    return any(requirement.matches(pods.labels) for requirement in policy.pods.requirements)


def _reason(policy: Policy, each: Traffic) -> str:
    here = [pods for pods in _near(policy, each) if policy.namespaces.matches(pods.namespace_labels)]
    namespace = policy.manifest.key.namespace
    where = f"the namespace {namespace}" if namespace else "the selected namespaces"
    if not here:
        return f"{where} has no pods{_elsewhere(policy, each.network.pods)}"
    for requirement in policy.pods.requirements:
        others = Selector(tuple(other for other in policy.pods.requirements if other is not requirement))
        nearest = next((pods for pods in here if others.requirements and others.matches(pods.labels)), None)
        if nearest:
            value = nearest.labels.known.get(requirement.key)
            has = f"{requirement.key}={value}" if value is not None else f"no label {requirement.key}"
            return f"none in {where} has {policy.pods}; {nearest} has {has}"
    return f"none in {where} has {policy.pods}{_elsewhere(policy, each.network.pods)}"


def _elsewhere(policy: Policy, pods: Iterable[PodGroup]) -> str:
    """Return the namespaces that have pods with these labels, for the message."""
    if policy.namespaces == EVERYTHING or not policy.pods.requirements:
        return ""
    found = sorted({group.namespace for group in pods if policy.pods.matches(group.labels)})
    return f"; such pods are in {', '.join(found)}" if found else ""


def is_operated(manifest: Manifest) -> bool:
    """Return whether an object is a custom resource whose operator may make pods."""
    group = manifest.key.group
    return "." in group and not group.endswith(".k8s.io") and group not in _WITHOUT_PODS


def may_make_pods(manifest: Manifest, policy: Policy) -> bool:
    """Return whether a custom resource may make pods that a policy selects, judged by names.

    Operators label their pods with the name or the kind of the object, or with keys of their own domain:
    ``cnpg.io/cluster`` for ``postgresql.cnpg.io``.
    """
    key = manifest.key
    if not is_operated(manifest):
        return False
    if policy.manifest.key.namespace not in ("", key.namespace):
        return False
    names = {key.name, key.kind.lower()}
    for requirement in policy.pods.requirements:
        domain = requirement.key.partition("/")[0] if "/" in requirement.key else ""
        if not names.isdisjoint(requirement.values) or (domain and _related(domain, key.group)):
            return True
    return False


def _related(domain: str, group: str) -> bool:
    return f".{group}".endswith(f".{domain}") or f".{domain}".endswith(f".{group}")
