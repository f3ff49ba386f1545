"""Waiting until news is heard: a thing made a moment ago may not have reached this service yet."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import NotHeardYet
from shared.ids import is_new, may_be_new
from shared.telemetry import logger

T = TypeVar("T")

WAIT_S = 3.0
LOOK_S = 0.03
MOST_WAITING = 256
"""How many callers of a process wait for things that may not exist; others are answered at once.

A tenant has no more of these places than it leaves free, so that one alone has half of them and
there is always room for the next.
"""
_NEW_S = 60.0
_LASTS_S = 10.0
_MOST_TOLD = 256
_AGAIN_S = 2
_SLOWER = 1.5
_SLOWEST = 10

_waiting: Counter[str] = Counter()

log = logger(__name__)


async def until(
    find: Callable[[], Awaitable[T | None]], *, wait_s: float = WAIT_S, look_s: float = LOOK_S
) -> T | None:
    """Return what ``find`` finds as soon as it finds something, or None after ``wait_s`` seconds.

    It is asked at least once, less and less often, and once more when the time is over.
    """
    deadline = time.monotonic() + wait_s
    pause_s = look_s
    while True:
        over = time.monotonic() >= deadline
        found = await find()
        if found is not None or over:
            return found
        await asyncio.sleep(min(pause_s, max(0.0, deadline - time.monotonic())))
        pause_s = min(pause_s * _SLOWER, look_s * _SLOWEST)


async def heard_of(
    tenant: str,
    thing_id: str,
    find: Callable[[], Awaitable[T | None]],
    *,
    wait_s: float = WAIT_S,
) -> T | None:
    """Return what ``find`` finds of a tenant's thing, waited for only where it may be new.

    An id that is none of ours, or was made long ago, is of nothing: a wrong address is told at
    once. So that asking for many ids that look new holds nobody up, few callers wait at a time.

    Raises:
        NotHeardYet: It was not found, and its id says that it was made in the last minute: it may
            well be on its way, so that "there is none" would be a guess.
    """
    found = await _waited_for(tenant, thing_id, find, wait_s)
    if found is None and is_new(thing_id, within_s=_NEW_S):
        _missed.tell(thing_id)
        raise NotHeardYet(f"{thing_id} is not known here yet", retry_after_s=_AGAIN_S)
    return found


async def _waited_for(
    tenant: str, thing_id: str, find: Callable[[], Awaitable[T | None]], wait_s: float
) -> T | None:
    is_full = _waiting[tenant] >= MOST_WAITING - _waiting.total()
    if is_full or not may_be_new(thing_id, within_s=_NEW_S):
        return await find()
    _waiting[tenant] += 1
    try:
        return await until(find, wait_s=wait_s)
    finally:
        _waiting[tenant] -= 1


class _Missed:
    """Tells of each thing that was not heard of: once, and once more when that lasts.

    A second or two are normal. Few are told of in a minute, so that asking for many ids that look
    new fills no log.
    """

    def __init__(self) -> None:
        self._lasting: dict[str, bool] = {}

    def tell(self, thing_id: str) -> None:
        """Write a line unless it was written; by the id's own time it is known what lasts."""
        told = self._lasting.get(thing_id)
        lasts = not is_new(thing_id, within_s=_LASTS_S)
        if told is None:
            self._lasting = {
                known: state
                for known, state in self._lasting.items()
                if is_new(known, within_s=_NEW_S)
            }
            if len(self._lasting) >= _MOST_TOLD:
                return
        if told is None or lasts > told:
            self._lasting[thing_id] = lasts
            write = log.warning if lasts else log.info
            write("hearing.late" if lasts else "hearing.waits", id=thing_id)


_missed = _Missed()
