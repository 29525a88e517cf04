"""A repository address, however it is spelled."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from kubeaid_ci.errors import UserError

_SCP_LIKE = re.compile(r"(?:[^@/\s]+@)?(?P<host>[^/:\s]{2,}):(?!//)(?P<path>[^\s]+)")
_SCHEMES = ("https", "http", "ssh", "git")
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}


@dataclass(frozen=True, slots=True)
class Remote:
    """A Git repository's address.

    Two addresses are equal when they name the same repository: scheme, user, default port, letter
    case and a trailing ``.git`` or ``/`` do not count, so ``git@github.com:Obmondo/KubeAid.git``
    equals ``https://github.com/obmondo/kubeaid``. A local repository has no host.
    """

    host: str
    path: str
    port: int | None = field(default=None, compare=False)
    scheme: str = field(default="", compare=False)
    owner_and_name: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; raises `UserError` naming the text where it is none."""
        address = text.strip()
        if not address or any(ord(letter) < 32 for letter in address):
            raise UserError(f"not a repository address: {text!r}")
        scheme = address.partition("://")[0].lower() if "://" in address else ""
        if scheme == "file":
            return cls._local(address[len("file://") :])
        if scheme in _SCHEMES:
            return cls._from_url(address, scheme)
        if scheme:
            raise UserError(f"{without_credentials(text)}: a repository is reached by https, ssh, git or a path")
        match = _SCP_LIKE.fullmatch(address)
        if match and not address.startswith((".", "/")):
            return cls._remote(match["host"], match["path"], "ssh", None)
        return cls._local(address)

    @classmethod
    def _from_url(cls, address: str, scheme: str) -> Self:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UserError(f"not a repository address: {without_credentials(address)!r}") from error
        if not host or not parts.path.strip("/"):
            raise UserError(f"not a repository address: {without_credentials(address)!r}")
        return cls._remote(host, parts.path, scheme, None if port == _DEFAULT_PORTS[scheme] else port)

    @classmethod
    def _remote(cls, host: str, path: str, scheme: str, port: int | None) -> Self:
        written = path.strip("/").removesuffix(".git").rstrip("/")
        return cls(host.lower(), written.lower(), port, scheme, written)

    @classmethod
    def _local(cls, path: str) -> Self:
        written = path.rstrip("/").removesuffix(".git") or "/"
        return cls("", written, None, "file", written)

    @property
    def is_local(self) -> bool:
        """True for a path on this machine."""
        return not self.host

    @property
    def name(self) -> str:
        """The last part of the path, as written: ``KubeAid``."""
        return self.owner_and_name.rpartition("/")[2]

    @property
    def web_url(self) -> str:
        """The address of the repository's page, without ``.git`` and without any credentials."""
        if self.is_local:
            return self.path
        scheme = "http" if self.scheme == "http" else "https"
        port = f":{self.port}" if self.port and self.scheme in ("http", "https") else ""
        return f"{scheme}://{self.host}{port}/{self.owner_and_name}"

    def __str__(self) -> str:
        return self.web_url


def is_at_home(url: str, remote: Remote) -> bool:
    """Whether an address is on the host of a repository (GitHub's API: beside it), and no less secret on the way.

    A token for the repository may go there.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    homes = {remote.host}
    if remote.host == "github.com" or remote.host.endswith(".ghe.com"):
        homes.add(f"api.{remote.host}")
    return bool(host) and host in homes and (parts.scheme != "http" or remote.scheme == "http")


def without_credentials(text: str) -> str:
    """The address without any ``user:password@``, fit for messages."""
    return re.sub(r"(://)[^/@\s]*@", r"\1", text)
