"""Downloads from web servers: bounded, checked at every hop, and secrets go to one host only."""

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
class Request:
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
class Response:
    """A response: 200, or 304 if the request was conditional. Header names are in lower case."""

    status: int
    data: bytes = field(repr=False)
    url: str
    """The address that answered, after redirects."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """The reason why there is no response, with the server's text if it sent one."""

    failed: Failed
    status: int = 0
    data: bytes = field(default=b"", repr=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    """Seconds that the server demands to wait."""
    is_transient: bool = False
    """True if another try may help."""
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

    def get(self, request: Request) -> Response | FetchFailed:
        """Send the request, and again if that may help, within its time limit.

        A host that could not be connected to is not tried again in this run. If none answers and waiting
        takes long, the other hosts are not tried either.
        """
        self._opened()  # loading it must not count as time of the server
        end = time.monotonic() + request.seconds
        for attempt in range(1, self._retries.attempts + 1):
            answer = self._follow(request, end)
            if isinstance(answer, Response) or not answer.is_transient or time.monotonic() > end:
                break
            if answer.lost and not self._hosts.may_retry:
                break
            if not self._retries.wait_and_retry(attempt, answer.retry_after):
                break
        if isinstance(answer, FetchFailed) and answer.lost:
            self._hosts.lost(answer.failed.host, answer.failed.reason, slow=answer.slow)
        return answer

    def _follow(self, request: Request, end: float) -> Response | FetchFailed:
        url = request.url
        for _ in range(_MOST_REDIRECTS):
            if reason := self._reach.reject_reason(url, request.start):
                return _failure(FailedKind.REFUSED, url, reason)
            answer = self._once(request, url, end)
            if not isinstance(answer, FetchFailed) or answer.status not in REDIRECTS:
                return answer
            if not (target := answer.headers.get("location")):
                return _failure(FailedKind.INVALID, url, f"answered {answer.status} without a location")
            before, url = url, _joined(url, target)
            if before.lower().startswith("https:") and url.lower().startswith("http:"):
                return _failure(FailedKind.REFUSED, before, f"redirects from https to {shown(url)}")
        return _failure(FailedKind.INVALID, request.url, f"redirects more than {_MOST_REDIRECTS} times")

    def _once(self, request: Request, url: str, end: float) -> Response | FetchFailed:
        from kubeaid_ci.net.connections import ConnectionGuard, ForbiddenError

        headers = {"Accept": "*/*", **request.headers, "Accept-Encoding": "identity", "User-Agent": "kubeaid-ci"}
        if request.authorization and origin(url) == origin(request.url):
            headers["Authorization"] = request.authorization
        proxy = self._proxy(url)
        authorize = None if proxy else lambda host, found: self._reach.authorize(host, found, request.start)
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
                    answer = self._exchange(request, url, headers, proxy)
            except ForbiddenError as error:
                return _failure(FailedKind.REFUSED, url, str(error))
            if guard.expired:
                with self._lock:
                    self._expired[host] += 1
                return _failure(FailedKind.UNREACHABLE, url, "timed out before the answer was complete")
            return answer

    def _proxy(self, url: str) -> str | None:
        """Return the proxies of the environment, which take longer to read than a small answer takes."""
        place = origin(url)
        if place not in self._proxies:
            self._proxies[place] = proxy_for(url)
        return self._proxies[place]

    def _exchange(
        self, request: Request, url: str, headers: dict[str, str], proxy: str | None
    ) -> Response | FetchFailed:
        from urllib3 import exceptions

        began = time.monotonic()
        try:
            with self._opened().get(url, headers, proxy=proxy, method=request.method) as response:
                self._hosts.answered()
                return _read(response, url, request.most_bytes)
        except (OSError, exceptions.HTTPError, ValueError) as error:
            fault = errors.explain(error)
        if fault.connected:
            return _failure(FailedKind.UNREACHABLE, url, fault.reason, is_transient=fault.transient)
        slow = time.monotonic() - began > _SLOW_SECONDS
        return replace(_unreachable(url, fault.reason), is_transient=fault.transient and not slow, lost=True, slow=slow)

    def _turn(self, host: str) -> threading.Semaphore:
        with self._lock:
            return self._turns[host]

    def _opened(self) -> "Connections":
        with self._lock:
            if self._connections is None:
                from kubeaid_ci.net.connections import Connections

                self._connections = Connections(self._ca_bundle)
            return self._connections


def _read(response: "BaseHTTPResponse", url: str, most: int) -> Response | FetchFailed:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status
    if status not in (200, 304):
        data = b"" if status in REDIRECTS else b"".join(_pieces(response, _MOST_ERROR_BYTES))
        kind, is_transient = _kind(status)
        wait = headers.get("retry-after", "")
        failed = Failed(kind, f"{shown(url)}: the server answered {status}")
        return FetchFailed(failed, status, data, url, headers, float(wait) if wait.isdigit() else None, is_transient)
    length = headers.get("content-length", "")
    if status == 200 and length.isdigit() and int(length) > most:
        return _failure(FailedKind.INVALID, url, f"has {int(length):,} bytes, more than the {most:,} that are read")
    data = b"".join(_pieces(response, most))
    if len(data) > most:
        return _failure(FailedKind.INVALID, url, f"has more than the {most:,} bytes that are read")
    return Response(status, data, url, headers)


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


def _failure(kind: FailedKind, url: str, why: str, *, is_transient: bool = False) -> FetchFailed:
    return FetchFailed(Failed(kind, f"{shown(url)}: {why}"), url=url, is_transient=is_transient)


def _unreachable(url: str, reason: str) -> FetchFailed:
    """Return a failure of the whole host, so the same for every address there."""
    host = _place(url)
    return FetchFailed(Failed(FailedKind.UNREACHABLE, f"cannot reach {host}: {reason}", host, reason), url=url)


def _untried(url: str) -> FetchFailed:
    host = _place(url)
    message = f"cannot reach {host}: not tried, because no other host answered"
    return FetchFailed(Failed(FailedKind.UNREACHABLE, message, host), url=url)


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
