"""Reads the pods and the policies of a cluster from its objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kubeaid_ci.argocd.sync import is_test
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import at, mappings, text, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.pods import PodTemplate, pod_templates, workload
from kubeaid_ci.k8s.selectors import Labels
from kubeaid_ci.network.cilium import read_policies
from kubeaid_ci.network.kubernetes import read_policy
from kubeaid_ci.network.model import LAST_PORT, NAMESPACE_NAME, End, PodGroup, Policy, Port, Protocol

KUBERNETES = ("networking.k8s.io", "NetworkPolicy")
CILIUM = (("cilium.io", "CiliumNetworkPolicy"), ("cilium.io", "CiliumClusterwideNetworkPolicy"))
NOT_READ = frozenset(
    [("policy.networking.k8s.io", kind) for kind in ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")]
    + [("policy.networking.k8s.io", "ClusterNetworkPolicy")]
    + [
        (group, kind)
        for group in ("crd.projectcalico.org", "projectcalico.org")
        for kind in ("NetworkPolicy", "GlobalNetworkPolicy")
    ]
)
"""Kinds of policies whose meaning is not computed."""
_POD_LABELS: Mapping[str, tuple[str, ...]] = {
    "CronJob": ("job-name", "batch.kubernetes.io/job-name", "controller-uid", "batch.kubernetes.io/controller-uid"),
    "DaemonSet": ("controller-revision-hash", "pod-template-generation"),
    "Deployment": ("pod-template-hash",),
    "Job": ("controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index"),
    "Rollout": ("rollouts-pod-template-hash",),
    "StatefulSet": (
        "apps.kubernetes.io/pod-index",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
    ),
}
"""Labels that a controller adds to its pods, with values of its own."""
_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_CLUSTER, _ACCOUNT = "io.cilium.k8s.policy.cluster", "io.cilium.k8s.policy.serviceaccount"


@dataclass(frozen=True, slots=True)
class InvalidPolicy:
    """A policy that the cluster refuses, with the reason."""

    manifest: Manifest
    error: str


@dataclass(frozen=True, slots=True)
class Network:
    """The pods of a cluster and the policies for them, both also by namespace.

    `policies_by_namespace` has those for the whole cluster under an empty name.
    """

    pods: tuple[PodGroup, ...]
    policies: tuple[Policy, ...]
    invalid: tuple[InvalidPolicy, ...]
    pods_by_namespace: Mapping[str, tuple[PodGroup, ...]]
    policies_by_namespace: Mapping[str, tuple[Policy, ...]]

    @property
    def workloads(self) -> tuple[PodGroup, ...]:
        """The pods of rendered objects with a pod template that policies can apply to."""
        return tuple(pods for pods in self.pods if pods.is_workload and not pods.host_network)

    def policies_near(self, *ends: End) -> tuple[Policy, ...]:
        """Return the policies that may select pods: those of their namespaces and of the whole cluster."""
        namespaces = dict.fromkeys(["", *(end.namespace for end in ends if isinstance(end, PodGroup))])
        return tuple(policy for name in namespaces for policy in self.policies_by_namespace.get(name, ()))


def read_network(manifests: Iterable[Manifest]) -> Network:
    """Return the pods and policies among the objects of one cluster."""
    objects = [manifest for manifest in manifests if not is_test(manifest.body)]
    namespaces = _namespaces(objects)
    policies: list[Policy] = []
    invalid: list[InvalidPolicy] = []
    for manifest in objects:
        try:
            policies += _policies(manifest)
        except UserError as error:
            invalid.append(InvalidPolicy(manifest, str(error)))
    pods = [group for manifest in objects for group in _pod_groups(manifest, namespaces)]
    return Network(
        tuple(pods),
        tuple(policies),
        tuple(invalid),
        grouped((group.namespace, group) for group in pods),
        grouped((policy.manifest.key.namespace, policy) for policy in policies),
    )


def grouped(pairs: Iterable[tuple[_Key, _Item]]) -> dict[_Key, tuple[_Item, ...]]:
    """Return items by key, in their order."""
    found: dict[_Key, list[_Item]] = {}
    for name, item in pairs:
        found.setdefault(name, []).append(item)
    return {name: tuple(items) for name, items in found.items()}


def _policies(manifest: Manifest) -> tuple[Policy, ...]:
    kind = (manifest.key.group, manifest.key.kind)
    if kind == KUBERNETES:
        return (read_policy(manifest),)
    return read_policies(manifest) if kind in CILIUM else ()


class _Namespaces(dict[str, Labels]):
    """The labels of namespaces; of one without an object only its name is known."""

    def __missing__(self, name: str) -> Labels:
        self[name] = Labels({NAMESPACE_NAME: name}, complete=False)
        return self[name]


def _namespaces(objects: Iterable[Manifest]) -> _Namespaces:
    found = _Namespaces()
    for manifest in objects:
        key = manifest.key
        if (key.group, key.kind) == ("", "Namespace"):
            labels = text_map(manifest.body, "metadata", "labels") | {NAMESPACE_NAME: key.name}
            found[key.name] = Labels({**found[key.name].known, **labels})
    return found


def _pod_groups(manifest: Manifest, namespaces: _Namespaces) -> Iterator[PodGroup]:
    is_workload = workload(manifest) is not None
    if manifest.key.kind == "PodTemplate":
        return
    for template in pod_templates(manifest):
        namespace, declared = manifest.key.namespace, _declared(template)
        yield PodGroup(
            manifest,
            template,
            namespace,
            _pod_labels(manifest, template),
            namespaces[namespace],
            {(entry.name, entry.port.protocol): entry.port.number for entry in reversed(declared) if entry.name},
            tuple(dict.fromkeys(entry.port for entry in declared)),
            tuple(entry.port for entry in declared if entry.on_host),
            is_workload,
        )


def _pod_labels(manifest: Manifest, template: PodTemplate) -> Labels:
    kind, name = manifest.key.kind, manifest.key.name
    known = dict(template.labels)
    runtime = {_CLUSTER, _ACCOUNT, *_POD_LABELS.get(kind, ())}
    if template.is_complete:
        known[_ACCOUNT] = text(template.spec, "serviceAccountName") or "default"
    if kind == "Job":
        # The controller cuts no name, and an object without a name gets one only in the cluster.
        names = ("job-name", "batch.kubernetes.io/job-name")
        runtime |= set(names) if name.endswith("*") else set()
        known |= {} if name.endswith("*") else dict.fromkeys(names, name)
    return Labels(known, frozenset(runtime - known.keys()), template.is_complete)


@dataclass(frozen=True, slots=True)
class _Declared:
    """A port that a container declares."""

    name: str
    port: Port
    on_host: bool


def _declared(template: PodTemplate) -> tuple[_Declared, ...]:
    """Return the ports that containers declare, those of sidecars among the init containers included."""
    found = []
    for container in (*template.containers(), *template.sidecars()):
        for port in mappings(container, "ports"):
            number, protocol = at(port, "containerPort"), text(port, "protocol") or Protocol.TCP
            is_number = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= LAST_PORT
            if is_number and protocol in tuple(Protocol):
                found.append(
                    _Declared(text(port, "name"), Port(number, Protocol(protocol)), bool(port.get("hostPort")))
                )
    return tuple(found)
