"""Which addresses a chart source may lead to.

An index or a redirect is somebody else's text. It must not make a CI runner, which sits inside
somebody's network, ask what it could not ask from outside: its own loopback, the company's private
hosts, or the cloud's metadata service. What a person wrote as the repository may be private.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

# Metadata services outside the link-local range, by address: AWS (IPv6), Alibaba, Oracle, Azure.
_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ADDRESSES = 8
CONNECT_SECONDS = 10


class Zone(IntEnum):
    """How far inside an address is; a source may lead to its own zone and to those further out."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    NEVER = 3
    """Link-local (metadata services), multicast, reserved and unspecified addresses."""

    def __str__(self) -> str:
        return "link-local or reserved" if self is Zone.NEVER else self.name.lower()


def zone(address: str) -> Zone:
    """The zone of an IP address."""
    found = _carried(ipaddress.ip_address(address.partition("%")[0]))
    if str(found) in _METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
        return Zone.NEVER
    if found.is_loopback:
        return Zone.LOOPBACK
    if found.is_global:
        return Zone.PUBLIC
    return Zone.NEVER if found.is_reserved else Zone.PRIVATE


def literal(host: str) -> Zone | None:
    """The zone of a host that is written as an address or as ``localhost``; nothing for other names."""
    if host == "localhost" or host.endswith(".localhost"):
        return Zone.LOOPBACK
    try:
        return zone(host)
    except ValueError:
        return None


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_ADDRESSES]


def _connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), CONNECT_SECONDS)


@dataclass(frozen=True, slots=True)
class Network:
    """How names become addresses, and addresses connections; both raise `OSError`."""

    resolve: Callable[[str, int], list[str]] = _resolve
    connect: Callable[[str, int], socket.socket] = _connect

    def zone(self, host: str) -> Zone | None:
        """The innermost zone of a host's addresses; nothing where it has none."""
        try:
            return max(zone(address) for address in self.resolve(host, 443))
        except (OSError, ValueError):
            return None


def _carried(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside an IPv6 one that only carries it, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
