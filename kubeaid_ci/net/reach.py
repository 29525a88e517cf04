"""The addresses that a source may reach: as they are written, and the hosts behind them."""

import threading
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit, urlunsplit

from kubeaid_ci.net.source_addresses import Network, Zone, literal

_PORTS = {"https": 443, "http": 80}


class AddressPolicy:
    """The rule for one run: a source leads to its own zone and further out, never further inside.

    `allow` names hosts that may be private or on loopback wherever their address was found.
    """

    def __init__(self, network: Network, allow: Collection[str]) -> None:
        self._network = network
        self._allow = frozenset(host.lower() for host in allow)
        self._zones: dict[str, Zone] = {}
        self._lock = threading.Lock()

    def reject_reason(self, url: str, start: str) -> str | None:
        """Return why an address is not contacted, as far as the address itself shows it."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
            _ = parts.port
        except ValueError:
            return "is no address"
        if parts.scheme.lower() not in _PORTS or not host:
            return "is not an http or https address"
        if parts.username is not None or parts.password is not None:
            return "holds a user name or password; keep these in Helm's repositories.yaml"
        if any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
            return "contains spaces or control characters"
        found = literal(host)
        return self._outside(host, found, start) if found is not None else None

    def authorize(self, host: str, found: Zone, start: str) -> None:
        """Raise where a host with addresses of this zone is not connected to; note the zone else."""
        from kubeaid_ci.net.connections import ForbiddenError

        if reason := self._outside(host.lower(), found, start):
            raise ForbiddenError(reason)
        with self._lock:
            self._zones.setdefault(host.lower(), found)

    def _outside(self, host: str, found: Zone, start: str) -> str | None:
        if found is Zone.NEVER:
            return f"leads to a {found} address"
        if host in self._allow or found <= self._innermost(host, start):
            return None
        return f"leads to a {found} address, where {shown(start)} does not; allow the host if that is right"

    def _innermost(self, host: str, start: str) -> Zone:
        """Return the innermost zone that a host may be in: the start's own, and for good the one first seen."""
        first = (urlsplit(start).hostname or "").lower()
        if first in self._zones:
            return self._zones[first]
        if host == first:
            return Zone.LOOPBACK
        if proxy_for(start):
            return literal(first) or Zone.PUBLIC
        found = self._network.zone(first)
        return Zone.PUBLIC if found is None else found


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address; it resolves the name then."""
    from urllib.request import getproxies

    if not getproxies():
        return None  # as most often; what follows takes longer to load than a small answer to come
    from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    return prepend_scheme_if_needed(proxy, "http") if proxy else None


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port, for which a login is valid. An invalid address has an origin of its own."""
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme)
    except ValueError:
        return url, "", None


def shown(url: str) -> str:
    """Return an address fit for messages: without credentials, query and fragment, on one line."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an invalid address"
    plain = urlunsplit(SplitResult(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return "".join(letter if letter.isprintable() else "�" for letter in plain)[:300]
