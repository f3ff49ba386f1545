"""Admission by predicted memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryBudget:
    """Admission by predicted bytes, first come first served; a job over the budget runs alone."""

    def __init__(self, total_bytes: int) -> None:
        self._total = self._free = total_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold `size_bytes` of the budget for the length of the block."""
        size = min(size_bytes, self._total)
        if self._waiting or size > self._free:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._forget(size, turn)
                raise
        else:
            self._free -= size
        try:
            yield
        finally:
            self._give_back(size)

    def _forget(self, size: int, turn: asyncio.Future[None]) -> None:
        if (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
            self._admit()
        elif turn.done() and not turn.cancelled():
            self._give_back(size)

    def _give_back(self, size: int) -> None:
        self._free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._free -= size
                turn.set_result(None)
