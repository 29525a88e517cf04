"""The traffic that pods need, as far as the objects of the cluster ask for it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from kubeaid_ci.check.network.networks import Traffic
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.network.model import PodGroup, Port
from kubeaid_ci.network.scrapes import scrapers
from kubeaid_ci.network.services import resolved

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_URL = re.compile(
    r"\b(https?|ssh|git|ldaps?|smtps?|postgres(?:ql)?|redis|amqps?)://(?:[^/@\s]*@)?([\w.-]+)(?::(\d{1,5}))?"
)
_DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ssh": 22,
    "git": 9418,
    "ldap": 389,
    "ldaps": 636,
    "smtp": 25,
    "smtps": 465,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "amqp": 5672,
    "amqps": 5671,
}
_IN_CLUSTER = re.compile(r".*\.svc(\.[\w.-]+)?|.*\.local|localhost|[^.]+|[\d.]+")


class Source(IntEnum):
    """The callers of a port; the first includes all that follow."""

    ANYBODY = 0
    CLUSTER = 1
    SCRAPER = 2
    NAMESPACE = 3


@dataclass(frozen=True, slots=True)
class Need:
    """A port that pods must be reached at, from where, and the object that asks for it."""

    port: Port
    source: Source
    reason: str


def ingress_needs(pods: PodGroup, each: Traffic) -> Iterator[Need]:
    """Yield the ports of pods that Services, the API server, monitors, containers and probes name."""
    for service, offer in each.offered:
        if offer.pods is pods:
            yield Need(offer.port, Source.ANYBODY if service.is_external else Source.CLUSTER, str(offer.what.key))
    for offer in each.called:
        if offer.pods is pods:
            yield Need(offer.port, Source.ANYBODY, f"{offer.what.key}, called by the API server")
    scraper = Source.SCRAPER if scrapers(each.network.pods) else Source.CLUSTER
    for offer in each.scraped:
        if offer.pods is pods:
            yield Need(offer.port, scraper, f"{offer.what.key}, scraped")
    for port in pods.host_ports:
        yield Need(port, Source.ANYBODY, "port of the node")
    for port in pods.declared:
        yield Need(port, Source.NAMESPACE, "port of a container")
    for container in pods.template.containers():
        for name in _PROBES:
            handlers = (mapping(container, name, handler) for handler in _HANDLERS)
            found = (resolved(pods, handler.get("port")) for handler in handlers)
            yield from (Need(port, Source.NAMESPACE, name) for port in found if port)


def calls_api_server(pods: PodGroup, manifests: Iterable[Manifest]) -> bool:
    """Return whether the service account of pods has rights, and its token is in the pods."""
    account = text(pods.template.spec, "serviceAccountName") or text(pods.template.spec, "serviceAccount") or "default"
    if pods.template.spec.get("automountServiceAccountToken") is False and not _has_projected_token(pods):
        return False
    return any(
        manifest.key.kind in ("ClusterRoleBinding", "RoleBinding") and _binds(manifest, pods.namespace, account)
        for manifest in manifests
    )


def _has_projected_token(pods: PodGroup) -> bool:
    sources = (mappings(volume, "projected", "sources") for volume in mappings(pods.template.spec, "volumes"))
    return any("serviceAccountToken" in source for found in sources for source in found)


def _binds(binding: Manifest, namespace: str, account: str) -> bool:
    for subject in mappings(binding.body, "subjects"):
        where = text(subject, "namespace") or binding.key.namespace
        if text(subject, "kind") == "ServiceAccount" and (where, text(subject, "name")) == (namespace, account):
            return True
        if text(subject, "name") in ("system:serviceaccounts", f"system:serviceaccounts:{namespace}"):
            return True
    return False


def node_ports(pods: PodGroup, each: Traffic) -> dict[Port, str]:
    """Return the ports of pods in the network of nodes that Services in the namespace of `pods` lead to."""
    return {
        offer.port: str(offer.what.key)
        for _, offer in each.offered
        if offer.pods.host_network and offer.what.key.namespace == pods.namespace
    }


def outside_ports(pods: PodGroup) -> dict[int, str]:
    """Return the ports of hosts outside the cluster that addresses in arguments and variables of pods name."""
    found: dict[int, str] = {}
    for scheme, host, port in (match for written in _written(pods) for match in _URL.findall(written)):
        if not _IN_CLUSTER.fullmatch(host):
            number = int(port or _DEFAULT_PORTS[scheme])
            if 1 <= number <= 65535:
                found.setdefault(number, host)
    return found


def _written(pods: PodGroup) -> Iterator[str]:
    for _, container in pods.template.all_containers():
        yield from (*texts(container, "command"), *texts(container, "args"))
        yield from (value for item in mappings(container, "env") if isinstance(value := _value(item), str))


def _value(item: Any) -> Any:
    return at(item, "value")
