"""Addresses of chart repositories: equal ones, how they are printed, and their mirrors."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from kubeaid_ci.net.address import without_credentials


@lru_cache(maxsize=4096)
def address(repository: str) -> str:
    """Return the address to compare by: scheme and host in lower case, no slash at the end."""
    scheme, separator, rest = repository.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host}".lower() + slash + path


def host(repository: str) -> str:
    """Return the host of an address; an empty text if it has none."""
    try:
        return urlsplit(repository).hostname or ""
    except ValueError:
        return ""


def display_address(repository: str) -> str:
    """Return the address for people, without a login; ``nowhere`` for none."""
    query = "?…" if "?" in repository.partition("://")[2] else ""  # else another query looks like the same address
    return plain(without_credentials(repository)) + query or "nowhere"


def plain(name: str) -> str:
    """Return a name or an address in which ambiguous or invisible characters are escaped."""
    return name.encode("ascii", "backslashreplace").decode()


def mirrored(url: str, mirrors: Mapping[str, str]) -> str:
    """Return the address to contact: that of the mirror of its longest prefix, or its own."""
    return _swapped(url, mirrors)


def original(url: str, mirrors: Mapping[str, str]) -> str:
    """Return the address that an address of a mirror represents; any other as it is."""
    return _swapped(url, {mirror: prefix for prefix, mirror in mirrors.items()})


def _swapped(url: str, prefixes: Mapping[str, str]) -> str:
    plain = f"{address(url)}/"
    fitting = [prefix for prefix in prefixes if plain.startswith(f"{address(prefix)}/")]
    if not fitting:
        return url
    prefix = max(fitting, key=len)
    return prefixes[prefix].rstrip("/") + url[len(prefix.rstrip("/")) :]
