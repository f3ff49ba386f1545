"""How much may be under way at once: predictions in line, and bytes of decoded pixels."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.inference.errors import Busy, TooManyClicks
from shared.guarded.budget import MemoryBudget


def _too_many_predictions() -> Busy:
    return Busy("too many predictions wait; try again in a moment", retry_after_s=1)


def too_many_clicks() -> Busy:
    """Return what a click is refused with where too many wait."""
    return TooManyClicks("too many clicks wait; try again in a moment", retry_after_s=1)


class Admission:
    """Bounds the line of predictions, or of other work, and the memory of those that run."""

    def __init__(
        self,
        *,
        concurrency: int,
        queue_length: int,
        memory_bytes: int,
        full: Callable[[], Busy] = _too_many_predictions,
    ) -> None:
        """Allow ``concurrency`` to run and ``queue_length`` more to wait.

        ``full`` makes what is raised where the line is full.
        """
        self._full = full
        self._limit = concurrency + queue_length
        self._slots = asyncio.Semaphore(concurrency)
        self._budget = MemoryBudget(memory_bytes)
        self._inside = 0
        self._inside_of: Counter[str] = Counter()

    @asynccontextmanager
    async def line(self, *, patient: bool = False, tenant: str = "") -> AsyncIterator[None]:
        """Hold a place among those that run.

        Args:
            patient: A batch job, whose own loop is the bound: it waits however long the line is.
            tenant: Whose it is, where one shall leave half of the places to others.

        Raises:
            Busy: The line is full, or the tenant's half of it.
        """
        if not patient and self._inside >= self._limit:
            raise self._full()
        if tenant and self._inside_of[tenant] >= max(1, self._limit // 2):
            raise self._full()
        self._inside += 1
        self._inside_of[tenant] += 1
        try:
            async with self._slots:
                yield
        finally:
            self._inside -= 1
            self._inside_of[tenant] -= 1
            if not self._inside_of[tenant]:
                del self._inside_of[tenant]

    def memory(self, size_bytes: int) -> AbstractAsyncContextManager[None]:
        """Hold ``size_bytes``; more than the whole budget is allowed only alone."""
        return self._budget.take(size_bytes)
