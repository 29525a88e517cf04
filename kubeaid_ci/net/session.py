"""HTTP manually, for the one forge without a client library and to ask why Git was turned away."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

# Seconds to connect, and between two pieces of an answer.
TIMEOUT = (10, 30)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a server. Header names are in lower case; `data` is None if it is not JSON."""

    status: int
    headers: dict[str, str]
    data: Any
    text: str


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No whole answer came: the request may or may not have been done. `detail` is a phrase for messages."""

    detail: str
    may_pass: bool
    """False where the same request would fail again, such as for a certificate that is not trusted."""


def session(headers: dict[str, str], ca_bundle: Path | None, url: str) -> "requests.Session":
    """Return a session with these headers for the origin of an address only.

    It ignores netrc files; proxies come from the environment.
    """
    import requests

    from kubeaid_ci.net.bounded import bound

    opened = bound(requests.Session(), url)
    # A callable that does nothing: requests would otherwise put a login from ~/.netrc over our header.
    opened.auth = lambda request: request
    opened.headers.update(headers)
    if ca_bundle:
        opened.verify = str(ca_bundle)
    return opened


def exchange(
    opened: "requests.Session", verb: str, url: str, *, query: dict[str, Any], body: Any | None, follow: bool = True
) -> Answer | NoResponse:
    """Send one request, never twice. A redirect of a GET is followed with `follow`."""
    try:
        answer = opened.request(
            verb,
            url,
            params=query,
            json=body,
            timeout=TIMEOUT,
            # Said here, the bundle wins over the one that the environment may name.
            verify=opened.verify,
            allow_redirects=follow and verb == "GET",
        )
    except OSError as error:
        return lost(error)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        data = answer.json() if answer.content else None
    except ValueError:
        data = None
    return Answer(answer.status_code, headers, data, answer.text)


def lost(error: OSError) -> NoResponse:
    """Return what a network error of requests (all of them are `OSError`) means."""
    import requests

    from kubeaid_ci.net.bounded import UnusableError
    from kubeaid_ci.net.errors import explain

    if isinstance(error, UnusableError):
        return NoResponse(str(error), may_pass=False)
    lasting = (
        requests.exceptions.SSLError,
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
        requests.exceptions.TooManyRedirects,
    )
    found = explain(error)
    return NoResponse(found.reason, found.transient and not isinstance(error, lasting))


def words(data: Any, text: str) -> str:
    """Return the error text of a server from its JSON, or its plain text: at most 500 characters."""
    said = text
    if isinstance(data, dict):
        parts = [data.get(name) for name in ("message", "error", "errors", "error_description")]
        said = ": ".join(_flat(part) for part in parts if part) or json.dumps(data)
    return " ".join(said.split())[:500]


def _flat(value: Any) -> str:
    """Return a value of JSON as a phrase; of an error with a message, the message."""
    if isinstance(value, dict):
        own = value.get("message")
        return _flat(own) if own else ", ".join(f"{name} {_flat(each)}" for name, each in value.items())
    return "; ".join(map(_flat, value)) if isinstance(value, list) else str(value)
