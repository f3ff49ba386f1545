"""The life of one process: which of its loops give signs of it, and whether it is to end."""

import asyncio
import time
from collections.abc import Callable

SILENT_S = 60.0


class Lifecycle:
    """What the loops of one process and its health page share.

    ``stopping`` is set once, by a signal: loops that see it finish what they have in hand and end.
    ``alone`` is held for a message that may be the one that killed this process before.
    """

    def __init__(
        self, *, silent_s: float = SILENT_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stopping = False
        self.alone = asyncio.Lock()
        self._silent_s = silent_s
        self._clock = clock
        self._signs: dict[str, float] = {}

    def sign(self, loop: str) -> None:
        """Note that ``loop`` is alive; from its first sign on it has to give more of them."""
        self._signs[loop] = self._clock()

    def ended(self, loop: str) -> None:
        """Expect no more signs of ``loop``."""
        self._signs.pop(loop, None)

    def silent(self) -> list[str]:
        """Return the loops that gave no sign for too long."""
        now = self._clock()
        return sorted(loop for loop, at in self._signs.items() if now - at > self._silent_s)
