"""Connections that are checked when they are made, and cut when their time is up.

A name is resolved once, its addresses are looked at, and exactly these are connected to: an answer
of the name server that changes in between changes nothing.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from kubeaid_ci.edges.addresses import Network, Zone, zone

SILENCE_SECONDS = 30


class ForbiddenError(Exception):
    """An address that is not connected to; the text says which and why."""


class Guard:
    """What one request may connect to, and the watch over its time.

    `permit` is asked with the host and the innermost zone of its addresses, and raises
    `ForbiddenError`; it is not asked about a proxy.
    """

    def __init__(self, network: Network, permit: Callable[[str, Zone], None] | None, seconds: float) -> None:
        self.network = network
        self.permit = permit
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
        """Remember the connection in use; raises `TimeoutError` where the time is up already."""
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
    guard: Guard | None = None


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
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        self._zone = max(zone(address) for address in addresses)
        self._ask(guard)
        return self._connected(addresses, guard)

    def _connected(self, addresses: list[str], guard: Guard) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                opened = guard.network.connect(address, self.port)
            except OSError as error:
                failure = error
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(SILENCE_SECONDS)
            guard.hold(opened)
            return opened
        raise NewConnectionError(self, str(failure)) from failure

    def _ask(self, guard: Guard) -> None:
        if guard.permit is not None:
            guard.permit(self.host.strip("[]"), self._zone)

    def request(self, *arguments: Any, **named: Any) -> None:
        """Send a request; a connection that was made for another one is asked about again."""
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


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as in requests
        """Nowhere: requests would look at the next address, and read all of this body, though not to follow it."""
        return None


def session(ca_bundle: Path | None) -> requests.Session:
    """A session of checked connections: no cookies, no netrc; proxies as the environment says."""
    opened = _Session()
    adapter = _Adapter(pool_connections=64, pool_maxsize=8)
    for scheme in ("https://", "http://"):
        opened.mount(scheme, adapter)
    opened.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A callable that does nothing: requests would otherwise put a login from ~/.netrc over our header.
    opened.auth = lambda request: request
    if ca_bundle:
        opened.verify = str(ca_bundle)
    return opened
