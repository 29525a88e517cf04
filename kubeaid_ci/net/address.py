"""A repository address, however it is spelled."""

import posixpath
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from kubeaid_ci.errors import UserError

# The user may contain an @; the host ends at the first colon, and a Windows drive is no host.
_SCP_LIKE = re.compile(r"(?:[^/\s:]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@/:\s\[\]]{2,}):(?!//)(?P<path>[^\s]+)")
_LOGIN = re.compile(r"(://)[^/\s]*@")
_SCP_LOGIN = re.compile(r"^[^\s/:@]+:[^\s/@]+@(?!sha[0-9]+:)(?=[^\s/@]+[:/])")
_WORD = re.compile(r"[^\s'\"]+")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_IP6 = re.compile(r"(?=[0-9a-f.]*:[0-9a-f:.])[0-9a-f:.]+")
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
# Git still accepts both: https://git-scm.com/docs/git-clone (git-urls).
_SCHEMES = {**{name: name for name in _DEFAULT_PORTS}, "git+ssh": "ssh", "ssh+git": "ssh"}


@dataclass(frozen=True, slots=True)
class Remote:
    """A Git repository's address.

    Two addresses are equal if host and path are: scheme, user, port, case, percent-encoding, a
    trailing ``.git`` or ``/`` and a dot at the end of the host do not count, so
    ``git@github.com:Obmondo/KubeAid.git`` equals ``https://github.com/obmondo/kubeaid``. A host in other
    scripts equals its ASCII form (``xn--…``). A local repository has no host.
    """

    host: str
    path: str
    port: int | None = field(default=None, compare=False)
    scheme: str = field(default="", compare=False)
    owner_and_name: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address. Raises `UserError` with the text if it is not one."""
        address = text.strip()
        if not address or any(ord(letter) < 32 or ord(letter) == 127 for letter in address):
            raise _not_an_address(text)
        scheme = address.partition("://")[0].lower() if "://" in address else ""
        if scheme == "file":
            return cls._from_file_url(address)
        if scheme in _SCHEMES:
            return cls._from_url(address, _SCHEMES[scheme])
        if scheme:
            raise UserError(f"{without_credentials(text)}: a repository is reached by https, ssh, git or a path")
        if _HELPER.match(address):
            # Git would start the program git-remote-NAME: https://git-scm.com/docs/gitremote-helpers
            raise UserError(f"{without_credentials(text)}: a repository is reached by https, ssh, git or a path")
        match = _SCP_LIKE.fullmatch(address)
        if match and not address.startswith((".", "/")):
            return cls._remote(match["host"].strip("[]"), match["path"], "ssh", None, address)
        return cls._local(address)

    @classmethod
    def _from_url(cls, address: str, scheme: str) -> Self:
        parts = _split(address)
        try:
            port = parts.port
        except ValueError as error:
            raise _bad_port(address, scheme) from error
        return cls._remote(
            parts.hostname or "", parts.path, scheme, None if port == _DEFAULT_PORTS[scheme] else port, address
        )

    @classmethod
    def _from_file_url(cls, address: str) -> Self:
        parts = _split(address)
        if parts.netloc.lower() not in ("", "localhost"):
            # Git takes file://../x for a path.
            return cls._local(unquote(parts.netloc + parts.path))
        return cls._local(unquote(parts.path))

    @classmethod
    def _remote(cls, host: str, path: str, scheme: str, port: int | None, address: str) -> Self:
        name = _ascii_host(host)
        parts = [part for part in path.split("/") if part not in ("", ".")]
        written = _without_git("/".join(parts))
        # A server may resolve ".." or not, and a query or a backslash is read in several ways.
        if not name or not written or ".." in map(unquote, parts) or "\\" in address:
            raise _not_an_address(address)
        decoded = _without_git("/".join(_decoded(part) for part in parts))
        return cls(name, decoded.lower(), port, scheme, written)

    @classmethod
    def _local(cls, path: str) -> Self:
        written = path.rstrip("/").removesuffix(".git").rstrip("/") or "/"
        return cls("", posixpath.normpath(written), None, "file", written)

    @property
    def is_local(self) -> bool:
        """Return whether this is a path on this machine."""
        return not self.host

    @property
    def name(self) -> str:
        """Return the last part of the path, as written: ``KubeAid``."""
        return self.owner_and_name.rpartition("/")[2]

    @property
    def web_url(self) -> str:
        """Return the address of the repository's page, without ``.git`` and without any credentials."""
        if self.is_local:
            return self.owner_and_name
        scheme = "http" if self.scheme == "http" else "https"
        port = f":{self.port}" if self.port and self.scheme in ("http", "https") else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}{port}/{self.owner_and_name}"

    def __str__(self) -> str:
        return self.web_url


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise _not_an_address(address) from error
    if parts.query or parts.fragment or address.endswith(("?", "#")):
        raise _not_an_address(address)
    return parts


def _ascii_host(host: str) -> str:
    """Return the host in lower case and ASCII, or an empty text if it is not a host name."""
    name = host.lower().removesuffix(".")
    if not name.isascii():
        try:
            # Git and Argo CD look up the same name: RFC 3490.
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""
    return name if _HOST.fullmatch(name) or _IP6.fullmatch(name) else ""


def _without_git(path: str) -> str:
    return re.sub(r"(?i)\.git$", "", path).rstrip("/")


def _decoded(part: str) -> str:
    """Decode a part of a path, unless decoding makes two parts of it or leaves unreadable characters."""
    decoded = unquote(part, errors="strict") if _is_utf8(part) else part
    return decoded if decoded.isprintable() and "/" not in decoded and "\\" not in decoded else part


def _is_utf8(part: str) -> bool:
    try:
        unquote(part, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _bad_port(address: str, scheme: str) -> UserError:
    if scheme != "ssh":
        return _not_an_address(address)
    # ssh://git@host:owner/name mixes both forms; Git refuses it too.
    start, _, rest = address.partition("://")
    user, at, place = rest.rpartition("@")
    host, _, path = place.partition(":")
    user = user.partition(":")[0] + at
    return UserError(
        f"not a repository address: {without_credentials(address)!r}:"
        f" write {start}://{user}{host}/{path} or {user}{host}:{path}"
    )


def _not_an_address(text: str) -> UserError:
    return UserError(f"not a repository address: {without_credentials(text)!r}")


def names_address(text: str) -> bool:
    """Return whether a text is an address (``https://…``, ``file://…``, ``host:path``) and not the path of a folder."""
    address = text.strip()
    return "://" in address or (not address.startswith((".", "/")) and _SCP_LIKE.fullmatch(address) is not None)


def without_credentials(text: str) -> str:
    """Return the address without any ``user:password@`` and without its query, fit for messages."""
    return _WORD.sub(_without_query, _SCP_LOGIN.sub("", _LOGIN.sub(r"\1", text)))


def _without_query(word: re.Match[str]) -> str:
    before, scheme, address = word[0].partition("://")
    return before + scheme + address.partition("?")[0]
