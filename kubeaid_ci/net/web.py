"""Asking somebody's web server for a file, guarded: bounded, checked at every hop, secrets kept home."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from kubeaid_ci.net import errors
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.reach import AddressPolicy, origin, proxy_for, shown
from kubeaid_ci.net.retries import Hosts, RetryPolicy
from kubeaid_ci.net.session import REDIRECTS
from kubeaid_ci.net.source_addresses import Network

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from kubeaid_ci.net.connections import Connections

_MOST_REDIRECTS = 10
_MOST_ERROR_BYTES = 64 * 1024
_AT_ONCE_A_HOST = 4
_PIECE = 64 * 1024
_MOST_EXPIRED = 4
"""After so many requests to a host that timed out it is not tried again: a run has to end."""
_SLOW_SECONDS = 2.0
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 407, 451})
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    `start` is the address that the user configured (the repository), from which `url` may be derived.
    `authorization` is sent only to the host of `url`, never to the target of a redirect.
    """

    url: str
    start: str
    most_bytes: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    method: str = "GET"
    """``GET``, or ``HEAD`` for the headers only."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: 200, or 304 where the question was conditional. Header names are in lower case."""

    status: int
    data: bytes = field(repr=False)
    url: str
    """The address that answered, after redirects."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotGot:
    """The reason for a missing answer, with the server's text if it sent one."""

    failed: Failed
    status: int = 0
    data: bytes = field(default=b"", repr=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    asked_wait: float | None = None
    again: bool = False
    """True if to ask again at once may help."""
    lost: bool = False
    """No connection to the host could be made."""
    slow: bool = False
    """It took long to fail, so it is not tried again: TCP or the resolver did so already."""


class Web:
    """One run's door to web servers; safe to use from several threads.

    `allow` names hosts that may be private or on loopback wherever their address was found.
    """

    def __init__(
        self,
        *,
        ca_bundle: Path | None = None,
        allow: Collection[str] = (),
        retries: RetryPolicy | None = None,
        network: Network | None = None,
    ) -> None:
        self._ca_bundle = ca_bundle
        self._retries = retries or RetryPolicy(attempts=3, longest=30)
        self._network = network or Network()
        self._reach = AddressPolicy(self._network, allow)
        self._hosts = Hosts()
        self._expired: Counter[str] = Counter()
        self._turns: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(_AT_ONCE_A_HOST))
        self._proxies: dict[tuple[str, str, int | None], str | None] = {}
        self._lock = threading.Lock()
        self._connections: Connections | None = None

    def get(self, ask: Ask) -> Got | NotGot:
        """Send the request, and again if that may help, within the time of `ask`.

        A host that could not be connected to is not tried again in this run. If none answers and waiting
        takes long, the other hosts are not tried either.
        """
        self._opened()  # loading it must not count as time of the server
        end = time.monotonic() + ask.seconds
        for attempt in range(1, self._retries.attempts + 1):
            answer = self._follow(ask, end)
            if isinstance(answer, Got) or not answer.again or time.monotonic() > end:
                break
            if answer.lost and not self._hosts.may_retry:
                break
            if not self._retries.wait_and_retry(attempt, answer.asked_wait):
                break
        if isinstance(answer, NotGot) and answer.lost:
            self._hosts.lost(answer.failed.host, answer.failed.reason, slow=answer.slow)
        return answer

    def _follow(self, ask: Ask, end: float) -> Got | NotGot:
        url = ask.url
        for _ in range(_MOST_REDIRECTS):
            if reason := self._reach.reject_reason(url, ask.start):
                return _not(FailedKind.REFUSED, url, reason)
            answer = self._once(ask, url, end)
            if not isinstance(answer, NotGot) or answer.status not in REDIRECTS:
                return answer
            if not (target := answer.headers.get("location")):
                return _not(FailedKind.INVALID, url, f"answered {answer.status} without a location")
            before, url = url, _joined(url, target)
            if before.lower().startswith("https:") and url.lower().startswith("http:"):
                return _not(FailedKind.REFUSED, before, f"redirects from https to {shown(url)}")
        return _not(FailedKind.INVALID, ask.url, f"redirects more than {_MOST_REDIRECTS} times")

    def _once(self, ask: Ask, url: str, end: float) -> Got | NotGot:
        from kubeaid_ci.net.connections import ConnectionGuard, ForbiddenError

        headers = {"Accept": "*/*", **ask.headers, "Accept-Encoding": "identity", "User-Agent": "kubeaid-ci"}
        if ask.authorization and origin(url) == origin(ask.url):
            headers["Authorization"] = ask.authorization
        proxy = self._proxy(url)
        authorize = None if proxy else lambda host, found: self._reach.authorize(host, found, ask.start)
        host = str(urlsplit(url).hostname)
        with self._turn(host):
            if reason := self._hosts.reason(_place(url)):
                return _unreachable(url, reason)
            if self._hosts.is_hopeless:
                return _untried(url)
            if self._expired[host] >= _MOST_EXPIRED:
                return _unreachable(url, f"{_MOST_EXPIRED} requests timed out, so no more are sent")
            guard = ConnectionGuard(self._network, authorize, max(end - time.monotonic(), 0.001))
            try:
                with guard.watch():
                    answer = self._exchange(ask, url, headers, proxy)
            except ForbiddenError as error:
                return _not(FailedKind.REFUSED, url, str(error))
            if guard.expired:
                with self._lock:
                    self._expired[host] += 1
                return _not(FailedKind.UNREACHABLE, url, "timed out before the answer was complete")
            return answer

    def _proxy(self, url: str) -> str | None:
        """Return the proxies of the environment, which take longer to read than a small answer takes."""
        place = origin(url)
        if place not in self._proxies:
            self._proxies[place] = proxy_for(url)
        return self._proxies[place]

    def _exchange(self, ask: Ask, url: str, headers: dict[str, str], proxy: str | None) -> Got | NotGot:
        from urllib3 import exceptions

        began = time.monotonic()
        try:
            with self._opened().get(url, headers, proxy=proxy, method=ask.method) as response:
                self._hosts.answered()
                return _read(response, url, ask.most_bytes)
        except (OSError, exceptions.HTTPError, ValueError) as error:
            fault = errors.explain(error)
        if fault.connected:
            return _not(FailedKind.UNREACHABLE, url, fault.reason, again=fault.transient)
        slow = time.monotonic() - began > _SLOW_SECONDS
        return replace(_unreachable(url, fault.reason), again=fault.transient and not slow, lost=True, slow=slow)

    def _turn(self, host: str) -> threading.Semaphore:
        with self._lock:
            return self._turns[host]

    def _opened(self) -> "Connections":
        with self._lock:
            if self._connections is None:
                from kubeaid_ci.net.connections import Connections

                self._connections = Connections(self._ca_bundle)
            return self._connections


def _read(response: "BaseHTTPResponse", url: str, most: int) -> Got | NotGot:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status
    if status not in (200, 304):
        data = b"" if status in REDIRECTS else b"".join(_pieces(response, _MOST_ERROR_BYTES))
        kind, again = _kind(status)
        wait = headers.get("retry-after", "")
        failed = Failed(kind, f"{shown(url)}: the server answered {status}")
        return NotGot(failed, status, data, url, headers, float(wait) if wait.isdigit() else None, again)
    length = headers.get("content-length", "")
    if status == 200 and length.isdigit() and int(length) > most:
        return _not(FailedKind.INVALID, url, f"has {int(length):,} bytes, more than the {most:,} that are read")
    data = b"".join(_pieces(response, most))
    if len(data) > most:
        return _not(FailedKind.INVALID, url, f"has more than the {most:,} bytes that are read")
    return Got(status, data, url, headers)


def _pieces(response: "BaseHTTPResponse", most: int) -> list[bytes]:
    """Return the body as it was sent, or somewhat more than `most` bytes of it."""
    pieces: list[bytes] = []
    left = most
    while left >= 0 and (piece := response.read(_PIECE, decode_content=False)):
        pieces.append(piece)
        left -= len(piece)
    return pieces


def _kind(status: int) -> tuple[FailedKind, bool]:
    if status in _GONE:
        return FailedKind.GONE, False
    if status in _REFUSED:
        return FailedKind.REFUSED, False
    if status in _LATER or status >= 500:
        return FailedKind.UNREACHABLE, True
    return FailedKind.INVALID, False


def _not(kind: FailedKind, url: str, why: str, *, again: bool = False) -> NotGot:
    return NotGot(Failed(kind, f"{shown(url)}: {why}"), url=url, again=again)


def _unreachable(url: str, reason: str) -> NotGot:
    """Return a failure of the whole host, so the same for every address there."""
    host = _place(url)
    return NotGot(Failed(FailedKind.UNREACHABLE, f"cannot reach {host}: {reason}", host, reason), url=url)


def _untried(url: str) -> NotGot:
    host = _place(url)
    message = f"cannot reach {host}: not tried, because no other host answered"
    return NotGot(Failed(FailedKind.UNREACHABLE, message, host), url=url)


def _place(url: str) -> str:
    """Return the host of a URL, with the port if it is not the scheme's."""
    scheme, host, port = origin(url)
    usual = {"https": 443, "http": 80}.get(scheme)
    name = f"[{host}]" if ":" in host else host
    return name if port in (None, usual) else f"{name}:{port}"


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        return target
