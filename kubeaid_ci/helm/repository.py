"""Addresses of chart repositories: when two of them are equal, and how they are shown."""

from functools import lru_cache
from urllib.parse import urlsplit

from kubeaid_ci.net.address import without_credentials


@lru_cache(maxsize=4096)
def address(repository: str) -> str:
    """The address to compare by: scheme and host in lower case, no slash at the end."""
    scheme, separator, rest = repository.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host}".lower() + slash + path


def host(repository: str) -> str:
    """The host of an address; an empty text if it has none."""
    try:
        return urlsplit(repository).hostname or ""
    except ValueError:
        return ""


def told(repository: str) -> str:
    """The address for people, without a login; ``nowhere`` for none."""
    return plain(without_credentials(repository)) or "nowhere"


def plain(name: str) -> str:
    """Return a name or an address in which ambiguous or invisible characters are escaped."""
    return name.encode("ascii", "backslashreplace").decode()
