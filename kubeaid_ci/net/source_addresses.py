"""The addresses that a chart source may lead to.

An index or a redirect is untrusted text. It must not make a CI runner, which is inside a private
network, send requests to its own loopback, the company's private hosts, or the cloud's metadata
service. A repository that the user configured may be private.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

# Metadata services outside the link-local range, by address: AWS (IPv6), Alibaba, Oracle, Azure.
_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"})
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_COMPATIBLE = ipaddress.ip_network("::/96")
# IPv4-mapped, IPv4-translated (RFC 2765), NAT64 (RFC 6052).
_LAST_BITS = tuple(map(ipaddress.ip_network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_UNUSED = ipaddress.ip_network("0.0.0.0/8")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_INSIDE = ipaddress.ip_address("10.0.0.0")
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?")
"""IPv4 addresses as C libraries read them: ``127.1``, ``0x7f000001``, ``2130706433``."""
_MOST_ADDRESSES = 8
CONNECT_SECONDS = 10


class Zone(IntEnum):
    """The zone of an address, from public to loopback; a source may lead to its own zone and to those further out."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    NEVER = 3
    """Link-local (metadata services), multicast, reserved and unspecified addresses."""

    def __str__(self) -> str:
        return "link-local or reserved" if self is Zone.NEVER else self.name.lower()


def zone(address: str) -> Zone:
    """Return the zone of an IP address; of one that carries others, the innermost of these."""
    return max(map(_zone, _carried(ipaddress.ip_address(address.partition("%")[0]))))


def _zone(found: _Address) -> Zone:
    if str(found) in _METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
        return Zone.NEVER
    if found.is_loopback:
        return Zone.LOOPBACK
    if isinstance(found, ipaddress.IPv6Address) and found.is_site_local:
        return Zone.PRIVATE
    if found.is_global:
        return Zone.PUBLIC
    return Zone.NEVER if found.is_reserved else Zone.PRIVATE


def literal(host: str) -> Zone | None:
    """Return the zone of a host that is written as an address or as ``localhost``; nothing for other names."""
    host = host.removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return Zone.LOOPBACK
    try:
        return zone(socket.inet_ntoa(socket.inet_aton(host)) if _NUMBERS.fullmatch(host) else host)
    except (OSError, ValueError):
        return None


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_ADDRESSES]


def _connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), CONNECT_SECONDS)


@dataclass(frozen=True, slots=True)
class Network:
    """Functions that resolve names and open connections; both raise `OSError`."""

    resolve: Callable[[str, int], list[str]] = _resolve
    connect: Callable[[str, int], socket.socket] = _connect

    def zone(self, host: str) -> Zone | None:
        """Return the innermost zone of a host's addresses; None if it has none."""
        try:
            return max(zone(address) for address in self.resolve(host, 443))
        except (OSError, ValueError):
            return None


def _carried(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[_Address]:
    """Yield the address itself, or the IPv4 addresses that an IPv6 one may only carry."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    number = int(address)
    last = ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if (address in _COMPATIBLE and number > 1) or any(address in network for network in _LAST_BITS):
        yield last
    elif address in _NAT64_LOCAL:  # the prefix is of 48 to 96 bits, so its IPv4 address may be at five places
        found = (last, *(ipaddress.IPv4Address(_without_octet_u(number, length)) for length in (48, 56, 64)))
        yield from (one for one in found if one not in _UNUSED)
        yield _INSIDE
    elif (number >> 32) & 0xFFFFFFFF in _ISATAP:
        yield from (address, last)
    else:
        yield (address.teredo[1] if address.teredo else None) or address.sixtofour or address


def _without_octet_u(number: int, length: int) -> int:
    """Return the IPv4 address below a prefix of so many bits; bits 64 to 71 are no part of it (RFC 6052)."""
    high, low = number >> 64, number & 0xFFFFFFFFFFFFFF
    return ((high << 56 | low) >> (120 - length - 32)) & 0xFFFFFFFF
