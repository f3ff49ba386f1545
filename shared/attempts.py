"""How often somebody may do something: some times at once, then one time in a while."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable


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

    def counted(self, name: str) -> int:
        """Return how many attempts are not forgotten yet."""
        now = self._clock()
        return math.ceil((self._over(name, now) - now) / self._every_s - 1e-6)

    def __len__(self) -> int:
        """Return how many names are known."""
        return len(self._over_at)

    def _over(self, name: str, now: float) -> float:
        return max(now, self._over_at.get(name, now))


class Paces:
    """Attempts by name, each as often in ``period_s`` as is said at the time.

    Names of one pace are counted together; who gets another one begins anew.
    """

    def __init__(
        self, *, period_s: float, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._period_s = period_s
        self._most = most
        self._clock = clock
        self._of: dict[int, Attempts] = {}

    def begin(self, name: str, limit: int) -> int:
        """Count an attempt of who may make ``limit`` in a period; return seconds to wait, or 0."""
        return self._at(limit).begin(name)

    def counted(self, name: str, limit: int) -> int:
        """Return how many attempts are not forgotten yet."""
        return self._at(limit).counted(name)

    def _at(self, limit: int) -> Attempts:
        every_s = self._period_s / limit
        return self._of.setdefault(
            limit, Attempts(burst=limit, every_s=every_s, most=self._most, clock=self._clock)
        )
