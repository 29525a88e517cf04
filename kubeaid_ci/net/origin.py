"""Origins: what a token is for."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from kubeaid_ci.net.address import Remote

_PORTS = {"https": 443, "http": 80}
_APIS = {"github.com": "api.github.com"}
"""Hosts of forges whose API has a host of its own."""
_OWN_API = ".ghe.com"
"""The end of the hosts of GitHub Enterprise Cloud; each has its API at ``api.HOST``."""


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
