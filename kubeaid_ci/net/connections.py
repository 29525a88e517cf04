"""Connections that are checked when they are made, and cut when their time is up.

A name is resolved once, its addresses are looked at, and exactly these are connected to: an answer
of the name server that changes in between changes nothing.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from ssl import SSLContext
from typing import Any
from urllib.parse import unquote

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util import Timeout, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from kubeaid_ci.net.source_addresses import CONNECT_SECONDS, Network, Zone, zone

SILENCE_SECONDS = 30
_TIMEOUT = Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS)


class ForbiddenError(Exception):
    """An address that is not connected to; the text names which and why."""


class ConnectionGuard:
    """Restricts the connections of one request, and its time.

    `authorize` is called with the host and the innermost zone of its addresses, and raises
    `ForbiddenError`; it is not called for a proxy.
    """

    def __init__(self, network: Network, authorize: Callable[[str, Zone], None] | None, seconds: float) -> None:
        self.network = network
        self.authorize = authorize
        self.expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch over the requests of this thread."""
        _running.guard = self
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            _running.guard = None
            with self._lock:
                self._release()

    def hold(self, opened: socket.socket) -> None:
        """Remember the connection in use; raises `TimeoutError` if the time is up already."""
        # By a descriptor of our own: TLS takes the connection over into another object.
        held = socket.socket(fileno=os.dup(opened.fileno()))
        with self._lock:
            self._release()
            self._socket = held
            if self.expired:
                raise TimeoutError("the time is up")

    def _release(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                # It may be closed already.
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class _Running(threading.local):
    guard: ConnectionGuard | None = None


_running = _Running()


class _Checked(HTTPConnection):
    """A connection that asks the guard of its thread."""

    _zone = Zone.PUBLIC

    def _new_conn(self) -> socket.socket:
        guard = _running.guard
        if guard is None:
            return super()._new_conn()
        try:
            addresses = guard.network.resolve(self._dns_host, self.port)
        except OSError as error:
            reason = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, reason) from error
        self._zone = max(zone(address) for address in addresses)
        self._ask(guard)
        return self._connected(addresses, guard)

    def _connected(self, addresses: list[str], guard: ConnectionGuard) -> socket.socket:
        failure: OSError = OSError("no address")
        end = time.monotonic() + CONNECT_SECONDS
        for address in addresses:
            try:
                opened = guard.network.connect(address, self.port)
            except OSError as error:
                failure = error
                # A host with eight addresses behind a silent firewall would take eighty seconds.
                if time.monotonic() > end:
                    break
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(SILENCE_SECONDS)
            guard.hold(opened)
            return opened
        raise NewConnectionError(self, str(failure)) from failure

    def _ask(self, guard: ConnectionGuard) -> None:
        if guard.authorize is not None:
            guard.authorize(self.host.strip("[]"), self._zone)

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send a request; a connection that was made for another request is checked again."""
        if (guard := _running.guard) is not None and self.sock is not None:
            self._ask(guard)
            guard.hold(self.sock)
        super().request(*arguments, **named)


class _CheckedTls(_Checked, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _TlsPool}
"""Pools of connections that ask the guard of their thread, by scheme, for managers of urllib3."""


class Connections:
    """Checked connections to web servers, kept open for the next request: no cookies, no netrc, no redirects.

    All share one TLS context: reading the trusted certificates takes longer than a small answer.
    """

    def __init__(self, ca_bundle: Path | None) -> None:
        self._ca_bundle = ca_bundle
        self._context: SSLContext | None = None
        self._managers: dict[tuple[str, str], PoolManager] = {}
        self._lock = threading.Lock()

    @contextmanager
    def get(
        self, url: str, headers: Mapping[str, str], *, proxy: str | None, method: str = "GET"
    ) -> Iterator[BaseHTTPResponse]:
        """Request a file or, with ``HEAD``, only its headers, by a proxy if one is named.

        The caller reads the body, as it is sent.

        Raises `OSError` or urllib3's ``HTTPError``.
        """
        response = self._manager(url, proxy).request(
            method, url, headers=headers, redirect=False, retries=False, preload_content=False, timeout=_TIMEOUT
        )
        try:
            yield response
        finally:
            response.close()
            response.release_conn()

    def _manager(self, url: str, proxy: str | None) -> PoolManager:
        place = (url.partition(":")[0].lower(), proxy or "")
        with self._lock:
            if place not in self._managers:
                self._managers[place] = self._made(proxy, is_plain="https" not in (place[0], place[1][:5].lower()))
            return self._managers[place]

    def _made(self, proxy: str | None, *, is_plain: bool) -> PoolManager:
        options: dict[str, Any] = {"num_pools": 64, "maxsize": 8}
        if not is_plain:
            self._context = self._context or _context(str(self._ca_bundle or _trusted()))
            options["ssl_context"] = self._context
        manager = _by_proxy(proxy, options) if proxy else PoolManager(**options)
        manager.pool_classes_by_scheme = POOLS
        return manager


def _by_proxy(proxy: str, options: dict[str, Any]) -> ProxyManager:
    address = parse_url(proxy)
    login = make_headers(proxy_basic_auth=unquote(address.auth)) if address.auth else None
    return ProxyManager(address._replace(auth=None).url, proxy_headers=login, **options)


def _context(trusted: str) -> SSLContext:
    made = create_urllib3_context()
    is_folder = Path(trusted).is_dir()
    made.load_verify_locations(cafile=None if is_folder else trusted, capath=trusted if is_folder else None)
    return made


def _trusted() -> str:
    """Return the certificates that the usual variables name, else those that come with Python packages."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    return named or certifi.where()
