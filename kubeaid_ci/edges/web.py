"""Asking somebody's web server for a file, guarded: bounded, checked at every hop, secrets kept home."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from kubeaid_ci.edges.addresses import Network
from kubeaid_ci.edges.patience import Patience
from kubeaid_ci.edges.reach import Reach, origin, proxy_for, shown
from kubeaid_ci.model.upstream import Failed, FailedKind

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from kubeaid_ci.edges.guarded import Connections

_MOST_REDIRECTS = 10
_MOST_ERROR_BYTES = 64 * 1024
_AT_ONCE_A_HOST = 4
_PIECE = 64 * 1024
_MOST_EXPIRED = 4
"""How many requests to a host may run out of time before it is asked no more: a run has to end."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 407, 451})
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Ask:
    """What to ask for.

    `start` is the address that a person wrote (the repository), from which `url` may have been learnt.
    `authorization` is sent to the host of `url` alone, never to where a redirect leads.
    """

    url: str
    start: str
    most_bytes: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: 200, or 304 where the question was conditional. Header names are in small letters."""

    status: int
    data: bytes = field(repr=False)
    url: str
    """The address that answered, after redirects."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotGot:
    """Why there is no answer; with what the server said where it said something."""

    failed: Failed
    status: int = 0
    data: bytes = field(default=b"", repr=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    asked_wait: float | None = None
    again: bool = False
    """Whether to ask again at once may help."""


class Web:
    """One run's door to web servers; safe to use from several threads.

    `allow` names hosts that may be private or on loopback wherever their address was found.
    """

    def __init__(
        self,
        *,
        ca_bundle: Path | None = None,
        allow: Collection[str] = (),
        patience: Patience | None = None,
        network: Network | None = None,
    ) -> None:
        self._ca_bundle = ca_bundle
        self._patience = patience or Patience(attempts=3, longest=30)
        self._network = network or Network()
        self._reach = Reach(self._network, allow)
        self._expired: Counter[str] = Counter()
        self._turns: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(_AT_ONCE_A_HOST))
        self._proxies: dict[tuple[str, str, int | None], str | None] = {}
        self._lock = threading.Lock()
        self._connections: Connections | None = None

    def get(self, ask: Ask) -> Got | NotGot:
        """Ask, and again where that may help; the time of `ask` is for all of it."""
        self._opened()  # what it loads takes nobody's time but ours
        end = time.monotonic() + ask.seconds
        for attempt in range(1, self._patience.attempts + 1):
            answer = self._follow(ask, end)
            if isinstance(answer, Got) or not answer.again or time.monotonic() > end:
                return answer
            if not self._patience.again(attempt, answer.asked_wait):
                return answer
        return answer

    def _follow(self, ask: Ask, end: float) -> Got | NotGot:
        url = ask.url
        for _ in range(_MOST_REDIRECTS):
            if reason := self._reach.unfit(url, ask.start):
                return _not(FailedKind.REFUSED, url, reason)
            answer = self._once(ask, url, end)
            if not isinstance(answer, NotGot) or answer.status not in _REDIRECTS:
                return answer
            if not (target := answer.headers.get("location")):
                return _not(FailedKind.INVALID, url, f"answered {answer.status} without saying where to")
            before, url = url, _joined(url, target)
            if before.lower().startswith("https:") and url.lower().startswith("http:"):
                return _not(FailedKind.REFUSED, before, f"redirects from https to {shown(url)}")
        return _not(FailedKind.INVALID, ask.url, f"redirects more than {_MOST_REDIRECTS} times")

    def _once(self, ask: Ask, url: str, end: float) -> Got | NotGot:
        from kubeaid_ci.edges.guarded import ForbiddenError, Guard

        headers = {"Accept": "*/*", **ask.headers, "Accept-Encoding": "identity", "User-Agent": "kubeaid-ci"}
        if ask.authorization and origin(url) == origin(ask.url):
            headers["Authorization"] = ask.authorization
        proxy = self._proxy(url)
        permit = None if proxy else lambda host, found: self._reach.permit(host, found, ask.start)
        host = str(urlsplit(url).hostname)
        with self._turn(host):
            if self._expired[host] >= _MOST_EXPIRED:
                return _not(FailedKind.UNREACHABLE, url, "its host let too many requests run out of time")
            guard = Guard(self._network, permit, max(end - time.monotonic(), 0.001))
            try:
                with guard.watch():
                    answer = self._exchange(url, headers, proxy, ask.most_bytes)
            except ForbiddenError as error:
                return _not(FailedKind.REFUSED, url, str(error))
            if guard.expired:
                with self._lock:
                    self._expired[host] += 1
                return _not(FailedKind.UNREACHABLE, url, "did not end in the time it was given")
            return answer

    def _proxy(self, url: str) -> str | None:
        """As the environment says, which takes longer to read than a small answer to come."""
        place = origin(url)
        if place not in self._proxies:
            self._proxies[place] = proxy_for(url)
        return self._proxies[place]

    def _exchange(self, url: str, headers: dict[str, str], proxy: str | None, most: int) -> Got | NotGot:
        from ssl import SSLError

        from urllib3 import exceptions

        try:
            with self._opened().get(url, headers, proxy=proxy) as response:
                return _read(response, url, most)
        except (OSError, exceptions.HTTPError, ValueError) as error:
            lasting = isinstance(error, exceptions.SSLError | SSLError | ValueError)
            return _not(FailedKind.UNREACHABLE, url, _why(error), again=not lasting)

    def _turn(self, host: str) -> threading.Semaphore:
        with self._lock:
            return self._turns[host]

    def _opened(self) -> "Connections":
        with self._lock:
            if self._connections is None:
                from kubeaid_ci.edges.guarded import Connections

                self._connections = Connections(self._ca_bundle)
            return self._connections


def _read(response: "BaseHTTPResponse", url: str, most: int) -> Got | NotGot:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status
    if status not in (200, 304):
        data = b"" if status in _REDIRECTS else b"".join(_pieces(response, _MOST_ERROR_BYTES))
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
    """The body as it was sent, or somewhat more than `most` bytes of it."""
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


def _why(error: Exception) -> str:
    """What went wrong, without the address (its query may hold a secret) and the names of objects."""
    cause: BaseException = error
    while deeper := _beneath(cause):
        cause = deeper
    words = str(getattr(cause, "strerror", None) or cause)
    words = words.rpartition(">: ")[2] if ">: " in words else words
    return f"{type(cause).__name__}: {words}"[:300]


def _beneath(error: BaseException) -> BaseException | None:
    """The fault that an error of requests or urllib3 reports, each in its own way."""
    around = (getattr(error, "reason", None), *error.args, error.__cause__)
    return next((one for one in around if isinstance(one, BaseException)), None)


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        return target
