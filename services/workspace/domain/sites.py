"""Where a request comes from: what one owner has of addresses."""

import ipaddress

_IPV6_SITE = 64


def site_of(address: str) -> str:
    """Return what one owner has: an IPv4 address, or the /64 of an IPv6 one.

    >>> site_of("192.0.2.7"), site_of("2001:db8::1:2:3:4"), site_of("testclient")
    ('192.0.2.7', '2001:db8::/64', 'testclient')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _IPV6_SITE), strict=False))
