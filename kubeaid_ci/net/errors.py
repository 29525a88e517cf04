"""Why a server gave no answer, as one plain phrase, and why a chart could not be fetched.

Network errors come from urllib3, requests and the socket module. Their own texts name objects, pools and
retries, and may hold an address with a secret in its query.
"""

import errno
import socket
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_OFFLINE = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ETIMEDOUT: "timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.EHOSTDOWN: "no route to the host",
}
_NOT_CONNECTED = frozenset({"NameResolutionError", "NewConnectionError", "ConnectTimeoutError"})
_TIMED_OUT = frozenset({"ConnectTimeoutError", "ReadTimeoutError"})
_MOST_WRAPPED = 10


@dataclass(frozen=True, slots=True)
class NetworkError:
    """Why a server gave no answer. `reason` is a phrase such as "connection refused"."""

    reason: str
    transient: bool
    """Trying again may help."""
    connected: bool = True
    """False if no connection was made, so that other requests to the host would fail in the same way."""


def explain(error: BaseException) -> NetworkError:
    """Return what an error of urllib3, requests or a socket means, however often it is wrapped."""
    chain = _causes(error)
    names = {type(each).__name__ for each in chain}
    found = _meaning(chain[-1], names)
    found = replace(found, connected=found.connected and not names & _NOT_CONNECTED)
    return replace(found, reason=f"proxy: {found.reason}") if "ProxyError" in names else found


def _meaning(cause: BaseException, names: set[str]) -> NetworkError:
    import ssl  # a run without a network does not load it

    if isinstance(cause, socket.gaierror):
        return _unresolved(cause)
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return NetworkError(_tls_reason(cause), transient=False, connected=False)
    if isinstance(cause, OSError) and cause.errno in _OFFLINE:
        return NetworkError("network is unreachable", transient=True, connected=False)
    if reason := _transient_reason(cause, names):
        return NetworkError(reason, transient=True)
    return NetworkError(_own_words(cause), transient=not isinstance(cause, ValueError))


def _transient_reason(cause: BaseException, names: set[str]) -> str | None:
    from http import client

    match cause:
        case OSError(errno=code) if code in _REASONS:
            return _REASONS[code]
        case client.BadStatusLine() if not isinstance(cause, client.RemoteDisconnected):
            return "the answer is not HTTP"
    if isinstance(cause, TimeoutError) or names & _TIMED_OUT:
        return "timed out"
    is_cut_off = isinstance(cause, client.HTTPException) or names & {"ProtocolError", "IncompleteRead"}
    return "connection closed before the answer was complete" if is_cut_off else None


def _tls_reason(error: "ssl.SSLError") -> str:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate verify failed: {error.verify_message}"
    return f"TLS handshake failed ({error.reason or 'no reason given'})"


def _unresolved(error: socket.gaierror) -> NetworkError:
    if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
        return NetworkError("no such host", transient=False, connected=False)
    return NetworkError("no name server answers", transient=True, connected=False)


def _own_words(cause: BaseException) -> str:
    """Return the text of an error, without the name of an object that urllib3 puts in front."""
    text = str(getattr(cause, "strerror", None) or cause) or type(cause).__name__
    return " ".join((text.rpartition(">: ")[2] or text).split())[:200]


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and those that it wraps, outermost first. Each library keeps them in a place of its own."""
    found = [error]
    while len(found) < _MOST_WRAPPED:
        last = found[-1]
        inner = (getattr(last, "reason", None), *last.args, last.__cause__, last.__context__)
        wrapped = next((each for each in inner if isinstance(each, BaseException) and each not in found), None)
        if wrapped is None:
            break
        found.append(wrapped)
    return found


class FailedKind(StrEnum):
    """Why a chart could not be fetched."""

    GONE = "gone"
    """The repository, the index or the archive is missing (or was removed)."""
    UNREACHABLE = "unreachable"
    """The network, or a server that fails; the one kind that a retry may fix."""
    REFUSED = "refused"
    """Not allowed: by the server, or an address that is not contacted."""
    NO_SUCH_CHART = "no-such-chart"
    NO_SUCH_VERSION = "no-such-version"
    UNSAFE_ARCHIVE = "unsafe-archive"
    DIGEST_MISMATCH = "digest-mismatch"
    """A registry sent other bytes than the digest that names them."""
    INVALID = "invalid"
    """An index, a manifest or an address that cannot be read."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A chart that could not be fetched. `message` is one sentence with the address, without any secret."""

    kind: FailedKind
    message: str
    host: str = ""
    """The host that could not be reached at all, with its port if it is not the usual one. Empty if it answered."""
    reason: str = ""
    """Why the host could not be reached, such as "connection refused". Empty if it was not tried."""

    @property
    def may_pass(self) -> bool:
        """Return whether asking again later may help."""
        return self.kind is FailedKind.UNREACHABLE
