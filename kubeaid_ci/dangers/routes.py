"""Names, paths and ports under which an application is reached."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, annotations, at, body, listed, mapping, mappings, text, texts
from kubeaid_ci.findings.finding import Severity

_GUARD = re.compile(r"/(?:auth-|whitelist|allowlist|denylist|.*middlewares$)")
_REDIRECT = re.compile(r"ssl-redirect$")
_ROUTES: Mapping[str, tuple[str, ...]] = {
    "networking.k8s.io": ("Ingress",),
    "networking.istio.io": ("Gateway", "VirtualService"),
    "projectcontour.io": ("HTTPProxy",),
    "route.openshift.io": ("Route",),
    "traefik.containo.us": ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
    "traefik.io": ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
}


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about ingresses, routes and gateways, also those of other makers."""
    key = difference.manifest.key
    if key.group == "gateway.networking.k8s.io" or key.kind in _ROUTES.get(key.group, ()):
        yield from _hosts(difference)


def _hosts(difference: Difference) -> Iterator[Draft]:
    old, new = _served(body(difference.before)), _served(body(difference.after))
    if come := new - old:
        yield Draft(rules.EXPOSED, f"it is reached under {listed(list(come))}")
    if gone := old - new:
        yield Draft(rules.EXPOSED, f"it is no longer reached under {listed(list(gone))}")
    if difference.before is None or difference.after is None:
        return
    yield from _details(body(difference.before), body(difference.after))
    yield from _guards(difference)


def _details(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Draft]:
    if bare := _encrypted(before) - _encrypted(after) & _served(after):
        yield Draft(rules.EXPOSED, f"{listed(list(bare))} is reached without TLS")
    elif at(before, "spec", "tls") and not at(after, "spec", "tls"):
        yield Draft(rules.EXPOSED, "it is reached without TLS")
    if come := {path for path in _paths(after) - _paths(before) if path.partition("/")[0] in _served(before)}:
        yield Draft(rules.EXPOSED, f"it is reached under {listed(list(come))}")
    was, now = (text(side, "spec", "ingressClassName") for side in (before, after))
    if was and now and was != now:
        yield Draft(rules.EXPOSED, f"it is reached through {now} instead of {was}")
    was_ports, now_ports = _ports(before), _ports(after)
    if more := set(now_ports) - set(was_ports):
        yield Draft(rules.EXPOSED, f"it listens on {listed(list(more))}", Severity.INFO)
    if bare := {port for port, tls in was_ports.items() if tls and now_ports.get(port) is False}:
        yield Draft(rules.EXPOSED, f"port {listed(list(bare))} is reached without TLS")


def _encrypted(value: Mapping[str, Any]) -> set[str]:
    return {host for tls in mappings(value, "spec", "tls") for host in texts(tls, "hosts")}


def _paths(value: Mapping[str, Any]) -> set[str]:
    return {
        f"{text(rule, 'host') or '*'}{text(path, 'path')}"
        for rule in mappings(value, "spec", "rules")
        for path in mappings(rule, "http", "paths")
    }


def _served(value: Mapping[str, Any]) -> set[str]:
    """Return the names of an Ingress's rules or of a route; all of them is ``*``."""
    spec = mapping(value, "spec")
    hosts = {text(rule, "host") or "*" for rule in mappings(spec, "rules") if "http" in rule or "host" in rule}
    listeners = {text(listener, "hostname") or "*" for listener in mappings(spec, "listeners")}
    matches = {text(route, "match") for route in mappings(spec, "routes")}
    named_hosts = {text(spec, "host"), text(spec, "virtualhost", "fqdn"), *texts(spec, "hosts"), *matches} - {""}
    every = {"*"} if mapping(spec, "defaultBackend") else set()
    return hosts | listeners | named_hosts | set(texts(spec, "hostnames")) | every


def _guards(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about annotations that authenticate clients of an ingress or configure its controller."""
    old, new = annotations(difference.before), annotations(difference.after)
    if gone := [name for name in map(str, old) if _GUARD.search(name) and old[name] != new.get(name)]:
        yield Draft(rules.EXPOSED, f"it may let in others than before: {listed(gone)}")
    if plain := [
        name for name in map(str, new) if _REDIRECT.search(name) and _off(new[name]) and not _off(old.get(name))
    ]:
        yield Draft(rules.EXPOSED, f"it is reached without TLS: {listed(plain)} is off")
    if open_now := [name for name in map(str, new) if _opens(name, old.get(name), new[name])]:
        yield Draft(rules.EXPOSED, f"it is reached from outside: {listed(open_now)}")
    if come := [name for name in map(str, new) if name.endswith("-snippet") and old.get(name) != new[name]]:
        yield Draft(rules.EXPOSED, f"it brings configuration of its own to the ingress controller: {listed(come)}")


def _ports(value: Mapping[str, Any]) -> dict[str, bool]:
    """Return the ports of a Gateway, and whether there is TLS on them."""
    listeners = mappings(value, "spec", "listeners")
    return {str(listener.get("port")): "tls" in listener for listener in listeners}


def _off(value: Any) -> bool:
    return str(value).lower() == "false"


def _opens(name: str, was: Any, now: Any) -> bool:
    return name.endswith("/scheme") and now == "internet-facing" != was
