"""Small clusters for the tables of tests."""

from typing import Any

import yaml

from kubeaid_ci.k8s.manifest import Manifest, objects
from kubeaid_ci.network.model import End, PodGroup
from kubeaid_ci.network.network import Network, read_network

NAMESPACES = {"shop": {"team": "a"}, "ops": {"team": "b"}}
PODS = {
    "web": ("shop", {"app": "web", "tier": "front"}, {"http": 8080}),
    "db": ("shop", {"app": "db"}, {"sql": 5432}),
    "mon": ("ops", {"app": "mon", "tier": "front"}, {"http": 9090}),
}


def manifests() -> list[Manifest]:
    """Two namespaces with three pods, one of them in the other namespace, and one in the network of its node."""
    bodies: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        for name, labels in NAMESPACES.items()
    ]
    bodies += [pod(name, namespace, labels, ports) for name, (namespace, labels, ports) in PODS.items()]
    bodies.append(pod("agent", "ops", {"app": "agent"}, {}, hostNetwork=True))
    return [found for body in bodies for found in objects("", body)]


def pod(name: str, namespace: str, labels: dict[str, str], ports: dict[str, int], **spec: Any) -> dict[str, Any]:
    listed = [{"name": port, "containerPort": number} for port, number in ports.items()]
    containers = [{"name": "main", "image": "example.com/main:1", "ports": listed}]
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def network(*policies: str, kind: str = "NetworkPolicy", namespace: str = "shop") -> Network:
    """The small cluster with policies whose specifications are given as YAML."""
    group = "networking.k8s.io/v1" if kind == "NetworkPolicy" else "cilium.io/v2"
    place = {} if kind == "CiliumClusterwideNetworkPolicy" else {"namespace": namespace}
    bodies = [
        {"apiVersion": group, "kind": kind, "metadata": {"name": f"policy-{number}", **place}, **yaml.safe_load(text)}
        for number, text in enumerate(policies)
    ]
    return read_network([*manifests(), *(found for body in bodies for found in objects("", body))])


def end(network: Network, name: str) -> End:
    (found,) = (pods for pods in network.pods if pods.manifest.key.name == name)
    return found


def pods(network: Network, name: str) -> PodGroup:
    found = end(network, name)
    assert isinstance(found, PodGroup)
    return found
