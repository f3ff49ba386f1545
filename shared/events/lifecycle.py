"""The life of one process: which of its loops give signs of it, and whether it is to end."""

import asyncio
import time
from collections.abc import Callable, Mapping

SILENT_S = 60.0
STUCK_S = 120.0


class Lifecycle:
    """What the loops of one process and its health page share.

    ``stopping`` is set once, by a signal: loops that see it finish what they have in hand and end.
    ``alone`` is held for a message that may be the one that killed this process before.
    """

    def __init__(
        self,
        *,
        silent_s: float = SILENT_S,
        stuck_s: float = STUCK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stopping = False
        self.alone = asyncio.Lock()
        self._silent_s = silent_s
        self._clock = clock
        self._stuck_s = stuck_s
        self._signs: dict[str, float] = {}
        self._waits: dict[str, dict[str, tuple[int, float]]] = {}

    def sign(self, loop: str) -> None:
        """Note that ``loop`` is alive; from its first sign on it has to give more of them."""
        self._signs[loop] = self._clock()

    def ended(self, loop: str) -> None:
        """Expect no more signs of ``loop``."""
        self._signs.pop(loop, None)
        self._waits.pop(loop, None)

    def waits(self, loop: str, places: Mapping[str, int]) -> None:
        """Note where events wait for ``loop``: the offset of the next one, by partition."""
        now, known = self._clock(), self._waits.get(loop, {})
        self._waits[loop] = {
            place: known[place] if known.get(place, (-1, 0.0))[0] == offset else (offset, now)
            for place, offset in places.items()
        }

    def stuck(self) -> list[str]:
        """Return the loops for which events wait that none was done of for too long, and where."""
        before = self._clock() - self._stuck_s
        return sorted(
            f"{loop} ({place})"
            for loop, places in self._waits.items()
            for place, (_, since) in places.items()
            if since < before
        )

    def silent(self) -> list[str]:
        """Return the loops that gave no sign for too long."""
        now = self._clock()
        return sorted(loop for loop, at in self._signs.items() if now - at > self._silent_s)
