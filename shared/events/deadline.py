"""A deadline for many short pieces of work, one after the other, with one timer for all of them."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """A block that may take ``seconds``; entered again and again, by one task at a time.

    ``asyncio.timeout`` makes and takes back a timer each time, which costs as much as the handling
    of a small event. Here the timer stays and, when it fires, looks whether its time has come.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ends = 0.0
        self._cancelling = 0
        self.expired = False

    def __enter__(self) -> Self:
        """Begin a piece of work."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task")
        loop = task.get_loop()
        self._cancelling = task.cancelling()
        self._ends = loop.time() + self._seconds
        self.expired = False
        self._task = task
        if self._timer is None:
            self._timer = loop.call_at(self._ends, self._look, loop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End it; raise TimeoutError in place of the cancellation that was the deadline's own."""
        task, self._task = self._task, None
        if not self.expired or task is None:
            return
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._task is None:
            return
        if loop.time() < self._ends:
            self._timer = loop.call_at(self._ends, self._look, loop)
            return
        self.expired = True
        self._task.cancel()
