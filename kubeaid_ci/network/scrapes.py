"""The ports of pods that Prometheus scrapes, by the monitors of its operator and by annotations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping, mappings, text, text_map, texts
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.selectors import Labels, Selector, parse_selector
from kubeaid_ci.network.model import PodGroup, Port
from kubeaid_ci.network.services import Offer, Service, resolved

_GROUP = "monitoring.coreos.com"
_SCRAPERS = ("Prometheus", "PrometheusAgent")
_SCRAPE, _PORT = "prometheus.io/scrape", "prometheus.io/port"


def scrapers(pods: Iterable[PodGroup]) -> tuple[PodGroup, ...]:
    """Return the pods that scrape: those that the operator makes from a Prometheus."""
    return tuple(group for group in pods if group.manifest.key.group == _GROUP and group.manifest.key.kind in _SCRAPERS)


def scraped(
    manifests: Iterable[Manifest], all_services: Iterable[Service], pods: Iterable[PodGroup]
) -> Iterator[Offer]:
    """Yield every port of pods that is scraped, with the object that asks for it."""
    listed, groups = tuple(all_services), tuple(pods)
    for manifest in manifests:
        if manifest.key.group == _GROUP and manifest.key.kind in ("ServiceMonitor", "PodMonitor"):
            yield from _monitored(manifest, listed, groups)
    for group in groups:
        yield from _annotated(group.template.annotations, group, group.manifest)
    for service in listed:
        annotations = text_map(service.manifest.body, "metadata", "annotations")
        for group in groups if annotations.get(_SCRAPE) == "true" else ():
            if service.selects(group):
                yield from _annotated(annotations, group, service.manifest)


def _monitored(monitor: Manifest, listed: tuple[Service, ...], groups: tuple[PodGroup, ...]) -> Iterator[Offer]:
    spec = mapping(monitor.body, "spec")
    try:
        selector = parse_selector(spec.get("selector"), "spec.selector")
    except UserError:
        return  # the operator ignores it, and it scrapes nothing
    near = [group for group in groups if _is_near(spec, monitor, group.namespace)]
    if monitor.key.kind == "PodMonitor":
        for endpoint in mappings(spec, "podMetricsEndpoints"):
            found = ((group, _pod_port(group, endpoint)) for group in near if selector.matches(group.labels))
            yield from (Offer(group, port, monitor) for group, port in found if port)
        return
    for service in listed:
        if _is_near(spec, monitor, service.manifest.key.namespace) and _labelled(service, selector):
            for endpoint in mappings(spec, "endpoints"):
                found = ((group, _port(service, group, endpoint)) for group in near if service.selects(group))
                yield from (Offer(group, port, monitor) for group, port in found if port)


def _is_near(spec: Mapping[str, Any], monitor: Manifest, namespace: str) -> bool:
    """Return whether a monitor looks for its targets in a namespace."""
    wanted = mapping(spec, "namespaceSelector")
    return wanted.get("any") is True or namespace in (texts(wanted, "matchNames") or [monitor.key.namespace])


def _labelled(service: Service, selector: Selector) -> bool:
    return selector.matches(Labels(text_map(service.manifest.body, "metadata", "labels"))) is True


def _port(service: Service, group: PodGroup, endpoint: Mapping[str, Any]) -> Port | None:
    if name := text(endpoint, "port"):
        return next((port.of(group) for port in service.ports if port.name == name), None)
    return resolved(group, endpoint.get("targetPort"))


def _pod_port(group: PodGroup, endpoint: Mapping[str, Any]) -> Port | None:
    wanted = (endpoint.get(field) for field in ("port", "portNumber", "targetPort"))
    return next((resolved(group, target) for target in wanted if target is not None), None)


def _annotated(annotations: Mapping[str, str], group: PodGroup, what: Manifest) -> Iterator[Offer]:
    port = resolved(group, annotations.get(_PORT)) if annotations.get(_SCRAPE) == "true" else None
    if port:
        yield Offer(group, port, what)
