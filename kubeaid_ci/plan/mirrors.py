"""Where a repository is asked instead: companies without a way to the internet keep copies of what they take."""

from collections.abc import Mapping
from functools import lru_cache


def mirrored(url: str, mirrors: Mapping[str, str]) -> str:
    """The address that is asked for an address: that of the mirror of its longest prefix, or its own."""
    return _swapped(url, mirrors)


def original(url: str, mirrors: Mapping[str, str]) -> str:
    """The address that an address of a mirror stands for; any other as it is."""
    return _swapped(url, {address: prefix for prefix, address in mirrors.items()})


def _swapped(url: str, prefixes: Mapping[str, str]) -> str:
    plain = f"{_plain(url)}/"
    fitting = [prefix for prefix in prefixes if plain.startswith(f"{_plain(prefix)}/")]
    if not fitting:
        return url
    prefix = max(fitting, key=len)
    return prefixes[prefix].rstrip("/") + url[len(prefix.rstrip("/")) :]


@lru_cache(maxsize=4096)
def _plain(url: str) -> str:
    """The address with its host in small letters, which is how hosts are alike, and no slash at its end."""
    scheme, separator, rest = url.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host}".lower() + slash + path
