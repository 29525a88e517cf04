"""The answer of a Git server over HTTP to its first request."""

from dataclasses import dataclass
from urllib.parse import urljoin

from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.net.session import REDIRECTS, NoResponse, exchange, session


@dataclass(frozen=True, slots=True)
class Moved:
    """The server answers with a redirect. `address` is where it leads, without credentials."""

    address: str


def git_status(access: GitAccess, service: str) -> int | Moved | NoResponse:
    """Return the HTTP status of the first request that Git makes for ``git-upload-pack`` or ``git-receive-pack``.

    Git ends with the same code for a wrong token, a missing repository and a lost connection.
    """
    headers = {"User-Agent": "git/2 (kubeaid-ci)"}
    if access.token:
        headers["Authorization"] = f"Basic {access.token.basic}"
    with session(headers, access.ca_bundle, access.url) as opened:
        query = {"service": service}
        url = f"{access.url.rstrip('/')}/info/refs"
        answer = exchange(opened, "GET", url, query=query, body=None, follow=False)
    if isinstance(answer, NoResponse):
        return answer
    if answer.status in REDIRECTS and (location := answer.headers.get("location")):
        address = urljoin(access.url, location).partition("?")[0].removesuffix("/info/refs")
        return Moved(without_credentials(address))
    return answer.status
