"""Mirrors of repositories, for companies without internet access."""

from collections.abc import Mapping

from kubeaid_ci.helm.repository import address


def mirrored(url: str, mirrors: Mapping[str, str]) -> str:
    """Return the address to contact: that of the mirror of its longest prefix, or its own."""
    return _swapped(url, mirrors)


def original(url: str, mirrors: Mapping[str, str]) -> str:
    """The address that an address of a mirror represents; any other as it is."""
    return _swapped(url, {mirror: prefix for prefix, mirror in mirrors.items()})


def _swapped(url: str, prefixes: Mapping[str, str]) -> str:
    plain = f"{address(url)}/"
    fitting = [prefix for prefix in prefixes if plain.startswith(f"{address(prefix)}/")]
    if not fitting:
        return url
    prefix = max(fitting, key=len)
    return prefixes[prefix].rstrip("/") + url[len(prefix.rstrip("/")) :]
