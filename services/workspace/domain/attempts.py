"""How often somebody may fail: some times at once, then one time in a while."""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

_IPV6_SITE = 64


class Attempts:
    """Counts attempts by name, in bounded memory.

    The rule is the generic cell rate algorithm (ITU-T I.371, annex A): each attempt puts off the
    moment at which all is forgotten by ``every_s``, and is refused where that would put it off by
    more than ``burst`` attempts.
    """

    def __init__(
        self, *, burst: int, every_s: float, most: int, clock: Callable[[], float]
    ) -> None:
        """Know nobody yet; beyond ``most`` names the one seen longest ago is forgotten."""
        self._burst_s = burst * every_s
        self._every_s = every_s
        self._most = most
        self._clock = clock
        self._over_at: OrderedDict[str, float] = OrderedDict()

    def begin(self, name: str) -> int:
        """Count an attempt under ``name``.

        Returns:
            Whole seconds to wait; 0 where the attempt may be made. One that may not is not counted.
        """
        now = self._clock()
        over_at = self._over(name, now) + self._every_s
        if (wait_s := over_at - now - self._burst_s) > 1e-6:
            return math.ceil(wait_s)
        self._over_at[name] = over_at
        self._over_at.move_to_end(name)
        while len(self._over_at) > self._most:
            self._over_at.popitem(last=False)
        return 0

    def forgive(self, name: str) -> None:
        """Take back an attempt that did not fail."""
        if name in self._over_at:
            self._over_at[name] -= self._every_s

    def __len__(self) -> int:
        """Return how many names are known."""
        return len(self._over_at)

    def _over(self, name: str, now: float) -> float:
        return max(now, self._over_at.get(name, now))


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
