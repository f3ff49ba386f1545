"""Which addresses the platform speaks to on behalf of a tenant: public ones, and no others.

Else a tenant could have it ask what only the platform reaches (server-side request forgery).
"""

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_LOW = 0xFFFFFFFF
_INNER_TOO = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "192.0.0.0/24",  # RFC 6890, of which Python 3.11.7 knows a part; metadata of Oracle's cloud
        "192.88.99.0/24",  # RFC 7526: relays of 6to4 that are no more
        "168.63.129.16/32",  # the host of Azure's machines
    )
)


@dataclass(frozen=True)
class Allowed:
    """What the operator allows beside public addresses: networks, as of a plant."""

    networks: tuple[Network, ...] = ()

    def secure(self, address: Address) -> bool:
        """Tell whether messages may go to an address by TLS."""
        return is_public(address) or self.plain(address)

    def plain(self, address: Address) -> bool:
        """Tell whether they may go there without it, too: within the operator's networks alone."""
        inner = _inner(address)
        return any(inner.version == net.version and inner in net for net in self.networks)


def networks_in(text: str) -> tuple[Network, ...]:
    """Return the networks in a text, with commas between them; ValueError for what is none.

    >>> [str(net) for net in networks_in("10.1.0.0/16, fd00::1")]
    ['10.1.0.0/16', 'fd00::1/128']
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def address_in(host: str) -> Address | None:
    """Return the address that a host is, None for a name.

    >>> address_in("127.0.0.1"), address_in("example.com")
    (IPv4Address('127.0.0.1'), None)
    """
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the internet that anybody may speak to.

    One that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is what that is.

    >>> [is_public(ipaddress.ip_address(text)) for text in ("8.8.8.8", "169.254.169.254")]
    [True, False]
    >>> [is_public(ipaddress.ip_address(text)) for text in ("::ffff:10.0.0.1", "64:ff9b::7f00:1")]
    [False, False]
    """
    inner = _inner(address)
    site_local = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local
    special = inner.is_multicast or inner.is_reserved or inner.is_unspecified or site_local
    return inner.is_global and not special and not any(inner in net for net in _INNER_TOO)


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _LOW)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
