"""Waiting until news is heard: a thing made a moment ago may not have reached this service yet."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WAIT_S = 3.0
LOOK_S = 0.03


async def until(
    find: Callable[[], Awaitable[T | None]], *, wait_s: float = WAIT_S, look_s: float = LOOK_S
) -> T | None:
    """Return what ``find`` finds as soon as it finds something, or None after ``wait_s`` seconds.

    It is asked at least once, and once more when the time is over.
    """
    deadline = time.monotonic() + wait_s
    while True:
        over = time.monotonic() >= deadline
        found = await find()
        if found is not None or over:
            return found
        await asyncio.sleep(look_s)
