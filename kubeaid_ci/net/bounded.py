"""Requests to one origin whose answers are bounded: their bytes, once unpacked, and the time until they are complete.

Mounted into the sessions of requests, PyGithub and python-gitlab. A redirect to another origin is not followed.
"""

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from requests import PreparedRequest, RequestException, Response
from requests import exceptions as failures
from requests.adapters import HTTPAdapter
from urllib3 import exceptions

from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.net.connections import POOLS, ConnectionGuard
from kubeaid_ci.net.credentials import Origin
from kubeaid_ci.net.source_addresses import Network

if TYPE_CHECKING:
    from requests import Session
    from urllib3 import BaseHTTPResponse, PoolManager

MOST_BYTES = 32 * 1024 * 1024
TOTAL_SECONDS = 120.0
_PIECE = 16 * 1024
_NOT_YET = 202


class UnusableError(RequestException):
    """An answer that is not read, or a request that is not sent; the text has the reason, and a retry does not help."""


class BoundedAdapter(HTTPAdapter):
    """Sends requests to `home` only."""

    def __init__(self, home: Origin | None) -> None:
        self.home = home
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make connections that can be cut."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> "PoolManager":
        """Return the manager of a proxy's connections, which can be cut too."""
        manager: PoolManager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        """Send a request and read the whole answer. Raises `UnusableError` and the errors of requests."""
        url = request.url or ""
        if Origin.of(url) != self.home:
            raise UnusableError(
                f"redirects to {without_credentials(url).partition('?')[0]}: name that address if you trust it"
            )
        guard = ConnectionGuard(Network(), None, TOTAL_SECONDS)
        try:
            with guard.watch():
                response = super().send(request, *arguments, **{**named, "stream": True})
                with response:
                    data = _read(cast("BaseHTTPResponse", response.raw))
        except UnusableError:
            raise
        except Exception:  # of requests, urllib3, http.client or TLS: whichever noticed the cut
            if guard.expired:
                raise UnusableError(f"the answer was not complete after {TOTAL_SECONDS:.0f} seconds") from None
            raise
        if request.method == "GET" and response.status_code == _NOT_YET:
            # PyGithub would ask again for ever.
            raise UnusableError(f"answered HTTP {_NOT_YET} instead of what was requested")
        response.raw = BytesIO(data)
        return response


def bound(session: "Session", url: str) -> "Session":
    """Let a session reach only the origin of an address, with bounded answers."""
    adapter = BoundedAdapter(Origin.of(url))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def _read(body: "BaseHTTPResponse") -> bytes:
    """Read an answer to its end. Raises `UnusableError` and errors of requests, as `Response.iter_content` does."""
    data = bytearray()
    try:
        while piece := body.read(_PIECE, decode_content=True):
            data += piece
            if len(data) > MOST_BYTES:
                raise UnusableError(f"the answer has more than {MOST_BYTES >> 20} MiB")
    except exceptions.DecodeError as error:
        raise UnusableError("the answer cannot be unpacked") from error
    except exceptions.SSLError as error:
        raise failures.SSLError(error) from error
    except exceptions.ReadTimeoutError as error:
        raise failures.ReadTimeout(error) from error
    except exceptions.HTTPError as error:
        raise failures.ChunkedEncodingError(error) from error
    return bytes(data)
