"""The ports of pods that Services offer, and who calls them besides other pods."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.k8s.fields import at, mapping, mappings, text, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import Selector, equal
from kubeaid_ci.network.model import LAST_PORT, PodGroup, Port, Protocol

PodsByNamespace = Mapping[str, tuple[PodGroup, ...]]
_WEBHOOK_KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service. `target` is the number or the name of a port of the pods."""

    name: str
    number: int
    target: int | str
    protocol: Protocol

    def of(self, pods: PodGroup) -> Port | None:
        """Return the port of pods that it leads to; None if they declare no port of that name."""
        return resolved(pods, self.target, self.protocol)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service that selects pods. `is_external` if load balancers or ports of nodes lead to it."""

    manifest: Manifest
    selector: Selector
    ports: tuple[ServicePort, ...]
    is_external: bool

    def pods(self, pods: PodsByNamespace) -> Iterator[PodGroup]:
        """Yield the pods that are certainly behind the Service."""
        for group in pods.get(self.manifest.key.namespace, ()):
            if self.selector.matches(group.labels):
                yield group


@dataclass(frozen=True, slots=True)
class Offer:
    """A port of pods that something calls: `what` is the object that leads to it."""

    pods: PodGroup
    port: Port
    what: Manifest


def resolved(pods: PodGroup, target: Any, protocol: Protocol = Protocol.TCP) -> Port | None:
    """Return the port of pods by number or name; None if they declare no port of that name."""
    if isinstance(target, str) and target.isascii() and target.isdigit():
        target = int(target)
    number = pods.ports.get((target, protocol)) if isinstance(target, str) else target
    is_port = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= LAST_PORT
    return Port(number, protocol) if is_port and number is not None else None


def services(manifests: Iterable[Manifest]) -> tuple[Service, ...]:
    """Return the Services that select pods."""
    return tuple(
        _service(manifest)
        for manifest in manifests
        if (manifest.key.group, manifest.key.kind) == ("", "Service") and text_map(manifest.body, "spec", "selector")
    )


def _service(manifest: Manifest) -> Service:
    spec = mapping(manifest.body, "spec")
    selector = Selector(tuple(equal(key, value) for key, value in text_map(spec, "selector").items()))
    is_external = text(spec, "type") in ("LoadBalancer", "NodePort") or bool(spec.get("externalIPs"))
    return Service(manifest, selector, tuple(_ports(spec)), is_external)


def _ports(spec: Mapping[str, Any]) -> Iterator[ServicePort]:
    headless = text(spec, "clusterIP") == "None"
    for port in mappings(spec, "ports"):
        number, protocol = at(port, "port"), text(port, "protocol") or Protocol.TCP
        if not isinstance(number, int) or protocol not in tuple(Protocol):
            continue
        # Nothing translates the port of a headless Service, but its target is what a name of it leads to.
        target = at(port, "targetPort")
        named = target if isinstance(target, int | str) and target else number
        yield ServicePort(text(port, "name"), number, number if headless and not target else named, Protocol(protocol))


def offers(all_services: Iterable[Service], pods: PodsByNamespace) -> Iterator[tuple[Service, Offer]]:
    """Yield every port of pods that a Service leads to."""
    for service in all_services:
        for group in service.pods(pods):
            for port in service.ports:
                if target := port.of(group):
                    yield service, Offer(group, target, service.manifest)


def called_by_api_server(
    manifests: Iterable[Manifest], all_services: Iterable[Service], pods: PodsByNamespace
) -> Iterator[Offer]:
    """Yield the ports of pods that the API server calls: webhooks of admission and conversion, aggregated APIs."""
    by_name = {(one.manifest.key.namespace, one.manifest.key.name): one for one in all_services}
    for manifest in manifests:
        for reference in _references(manifest):
            service = by_name.get((text(reference, "namespace"), text(reference, "name")))
            number = reference.get("port", _HTTPS)
            for port in service.ports if service else ():
                if service and port.number == number:
                    found = ((group, port.of(group)) for group in service.pods(pods))
                    yield from (Offer(group, target, manifest) for group, target in found if target)


def _references(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    """Yield the references to Services that the API server calls for an object."""
    match manifest.key.group, manifest.key.kind:
        case "admissionregistration.k8s.io", kind if kind in _WEBHOOK_KINDS:
            for webhook in mappings(manifest.body, "webhooks"):
                yield mapping(webhook, "clientConfig", "service")
        case "apiextensions.k8s.io", "CustomResourceDefinition":
            yield mapping(manifest.body, "spec", "conversion", "webhook", "clientConfig", "service")
        case "apiregistration.k8s.io", "APIService":
            yield mapping(manifest.body, "spec", "service")
