"""The traffic that pods need, as far as the objects of the cluster ask for it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from kubeaid_ci.check.network.traffic import Traffic
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.network.model import LAST_PORT, PodGroup, Port
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
_SCP = re.compile(r"[\w.-]+@([\w.-]+):")
_REPO_SERVER = ("app.kubernetes.io/component", "repo-server")
_EVERY_ACCOUNT = "system:serviceaccounts"
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
    for service, offer in each.offered.get(pods, ()):
        yield Need(offer.port, Source.ANYBODY if service.is_external else Source.CLUSTER, str(offer.what.key))
    for offer in each.called.get(pods, ()):
        yield Need(offer.port, Source.ANYBODY, f"{offer.what.key}, called by the API server")
    scraper = Source.SCRAPER if each.scrapers else Source.CLUSTER
    for offer in each.scraped.get(pods, ()):
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


@dataclass(frozen=True, slots=True)
class Egress:
    """The traffic of pods to others than pods.

    `accounts` are the service accounts with rights, as namespace and name: no name means all of the namespace, neither
    means all. `on_nodes` are the ports of nodes that the Services of a namespace lead to, with the Service.
    `repositories` are the addresses that Argo CD takes sources from.
    """

    accounts: frozenset[tuple[str, str]]
    on_nodes: Mapping[str, Mapping[Port, str]]
    repositories: tuple[str, ...] = ()

    def calls_api_server(self, pods: PodGroup) -> bool:
        """Return whether the service account of pods has rights, and its token is in the pods."""
        spec = pods.template.spec
        account = text(spec, "serviceAccountName") or text(spec, "serviceAccount") or "default"
        if spec.get("automountServiceAccountToken") is False and not _has_projected_token(pods):
            return False
        return not self.accounts.isdisjoint([("", ""), (pods.namespace, ""), (pods.namespace, account)])


def egress_of(each: Traffic) -> Egress:
    """Return the traffic of pods to others than pods."""
    on_nodes: dict[str, dict[Port, str]] = {}
    for pods, offered in each.offered.items():
        for _, offer in offered if pods.host_network else ():
            on_nodes.setdefault(pods.namespace, {})[offer.port] = str(offer.what.key)
    bindings = (manifest for manifest in each.manifests if manifest.key.kind in ("ClusterRoleBinding", "RoleBinding"))
    return Egress(
        frozenset(account for binding in bindings for account in _accounts(binding)), on_nodes, each.repositories
    )


def _has_projected_token(pods: PodGroup) -> bool:
    sources = (mappings(volume, "projected", "sources") for volume in mappings(pods.template.spec, "volumes"))
    return any("serviceAccountToken" in source for found in sources for source in found)


def _accounts(binding: Manifest) -> Iterator[tuple[str, str]]:
    for subject in mappings(binding.body, "subjects"):
        name = text(subject, "name")
        if text(subject, "kind") == "ServiceAccount":
            yield text(subject, "namespace") or binding.key.namespace, name
        elif name == _EVERY_ACCOUNT or name.startswith(f"{_EVERY_ACCOUNT}:"):
            yield name.removeprefix(_EVERY_ACCOUNT).removeprefix(":"), ""


def outside_ports(pods: PodGroup, called: Egress) -> dict[int, str]:
    """Return the ports of hosts outside the cluster that pods call, each with a host.

    The hosts are those of addresses in their arguments and variables. The repo server of Argo CD calls the
    repositories of all Applications.
    """
    found: dict[int, str] = {}
    written = [*_written(pods), *(called.repositories if _REPO_SERVER in pods.template.labels.items() else ())]
    for scheme, host, port in (match for line in written for match in _addresses(line)):
        if not _IN_CLUSTER.fullmatch(host):
            number = int(port or _DEFAULT_PORTS[scheme])
            if 1 <= number <= LAST_PORT:
                found.setdefault(number, host)
    return found


def _addresses(written: str) -> Iterator[tuple[str, str, str]]:
    """Yield scheme, host and port (empty if it is not written) of each address in a text."""
    yield from _URL.findall(written)
    if match := _SCP.match(written):
        yield "ssh", match[1], ""


def _written(pods: PodGroup) -> Iterator[str]:
    for _, container in pods.template.all_containers():
        yield from (*texts(container, "command"), *texts(container, "args"))
        yield from (value for item in mappings(container, "env") if isinstance(value := _value(item), str))


def _value(item: Any) -> Any:
    return at(item, "value")
