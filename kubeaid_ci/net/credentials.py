"""Secrets that no message, log or traceback may show, and the origins that they may be sent to."""

import base64
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlsplit

from kubeaid_ci.net.address import Remote

HIDDEN = "***"
_PORTS = {"https": 443, "http": 80}
_APIS = {"github.com": "api.github.com"}
"""Hosts of forges whose API has a host of its own."""
_OWN_API = ".ghe.com"
"""The end of the hosts of GitHub Enterprise Cloud; each has its API at ``api.HOST``."""


@dataclass(frozen=True, slots=True)
class Token:
    """A secret and the name of the place it came from. Printing it shows only the place."""

    secret: str = field(repr=False)
    source: str
    user: str = "x-access-token"
    """The user name that goes with the secret in Basic authentication."""

    def __str__(self) -> str:
        return f"{HIDDEN} (from {self.source})"

    @property
    def basic(self) -> str:
        """Return the value of a Basic ``Authorization`` header, without the word ``Basic``."""
        return base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    def redact(self, text: str) -> str:
        """Return the text with the secret hidden in every form that it travels in."""
        for form in sorted({self.secret, self.basic, quote(self.secret, safe="")}, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return text


@dataclass(frozen=True, slots=True)
class Access:
    """The permissions of a token for a repository; empty if the forge does not report them."""

    repository: str
    read: bool
    push: bool | None
    change_requests: bool | None
    detail: str
    """One sentence: who the token belongs to or what it lacks, and where that is set."""


@dataclass(frozen=True, slots=True)
class TokenVariable:
    """An environment variable that may hold a token and is set; its value is nowhere in here.

    `api` and `git` describe what it is used for at one remote, `unused` why it is used for neither.
    """

    name: str
    api: bool
    git: bool
    unused: str
    malformed: bool
    """It holds what no token has, such as a line break."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and effective port of a web server. A token for one origin is never sent to another."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self | None:
        """Return the origin of an http or https address (without a scheme: https), or None for any other text."""
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            scheme, host, port = parts.scheme.lower(), (parts.hostname or "").lower().removesuffix("."), parts.port
        except ValueError:
            return None
        return cls(scheme, host, port or _PORTS[scheme]) if host and scheme in _PORTS else None

    @classmethod
    def of_repository(cls, remote: Remote) -> Self | None:
        """Return the origin of a repository's pages, or None for a local one; for SSH that of https."""
        if remote.is_local:
            return None
        if remote.scheme in _PORTS:
            return cls(remote.scheme, remote.host, remote.port or _PORTS[remote.scheme])
        return cls("https", remote.host, _PORTS["https"])

    def is_home_of(self, other: "Origin") -> bool:
        """Return whether a token for this origin may go to another one: the same, or the API of the same forge."""
        api = f"api.{self.host}" if self.host.endswith(_OWN_API) else _APIS.get(self.host)
        is_api = self.scheme == "https" and other == Origin(self.scheme, api or "", self.port)
        return other == self or is_api

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}"


def is_at(remote: Remote, server: str) -> bool:
    """Return whether a repository is on the server with this address. Of a repository over SSH only the host counts."""
    origin = Origin.of(server)
    if origin is None or remote.is_local:
        return False
    return Origin.of_repository(remote) == origin if remote.scheme in _PORTS else remote.host == origin.host


def is_at_home(url: str, remote: Remote) -> bool:
    """Return whether a token for a repository may go to an address."""
    home, origin = Origin.of_repository(remote), Origin.of(url)
    return home is not None and origin is not None and home.is_home_of(origin)
