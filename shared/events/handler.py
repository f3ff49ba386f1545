"""Handling one message: every event at least once to its handler, and nothing is ever lost.

==============================  ==================================================================
what the handler raised          what happens
==============================  ==================================================================
a permanent :class:`LoupeError`  to the dead letters at once, if it matters to anybody still
a retryable one                  the message waits; nothing is burnt
nothing, its deadline passed     it waits too, ten times; then to the dead letters
anything else                    a few quick tries, then the same
the process died, three times    to the dead letters before it is handled again
==============================  ==================================================================
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.contracts.envelope import Event, EventBody, unpack
from shared.errors import DependencyDown, Internal, LoupeError, VersionConflict
from shared.events.dead_letters import set_aside
from shared.events.deadline import Deadline
from shared.events.port import Delivery, EventLog, Partition
from shared.events.progress import Marks
from shared.events.subscriptions import Handler, Subscription, by_event
from shared.telemetry import HANDLER_SECONDS, ContinuedTrace, logger

_QUICK_TRIES = 3
_RACE_TRIES = 20
_MAX_STARTS = 3

log = logger(__name__)


class Ignores(Protocol):
    """Whether an event needs no handling any more."""

    async def __call__(self, event: Event[Any], *, now: bool = False) -> bool:
        """Return it, from memory where that is as good; ``now`` asks for this very moment."""
        ...


@dataclass(frozen=True)
class HandlingLimits:
    """How long things may take: one event, one batch, a pause after each failure; most waits.

    The adapters' own deadlines end well before ``handler_s``: a dependency that hangs is one that
    is down, and only handlers that are too slow by themselves run into their deadline.
    """

    handler_s: float = 30.0
    batch_s: float = 15.0
    pauses_s: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0)
    most_overruns: int = 10


class Wait(Exception):
    """The message cannot be handled now, and waiting helps."""


class _Overrun(Exception):
    """The handler did not end within its deadline."""


@dataclass(frozen=True)
class _Line:
    """An event class with its handlers, in order."""

    event: type[EventBody]
    handlers: Sequence[Handler]


class Handling:
    """Gives the messages of one service to the handlers of its table."""

    def __init__(
        self,
        service: str,
        table: tuple[Subscription, ...],
        *,
        events: EventLog,
        progress: Marks,
        limits: HandlingLimits,
        ignores: Ignores | None = None,
    ) -> None:
        self._service = service
        self._events = events
        self._lines = {
            event.type: _Line(event, handlers) for event, handlers in by_event(table).items()
        }
        self._progress = progress
        self._limits = limits
        self._ignores = ignores
        self._seconds: dict[tuple[str, str], Any] = {}
        self._deadlines: dict[Partition, Deadline] = {}

    def wants(self, delivery: Delivery) -> bool:
        """Tell whether the table has a handler for the message."""
        return delivery.headers.get("ce_type", "") in self._lines

    def context(self, delivery: Delivery) -> ContinuedTrace:
        """Return the block in which logs tell whose event this is and of which trace."""
        return ContinuedTrace(
            delivery.headers,
            delivery.headers.get("ce_type", ""),
            tenant=delivery.key.partition("/")[0],
            event_id=delivery.headers.get("ce_id", ""),
            service=self._service,
        )

    async def handle(self, delivery: Delivery, starts: int, *, sign: Callable[[], None]) -> None:
        """Handle one message or set it aside; raise Wait when it has to wait.

        ``sign`` is called before each try.
        """
        line = self._lines[delivery.headers.get("ce_type", "")]
        if starts > _MAX_STARTS:
            await self._bury(delivery, Internal(f"the process died {starts - 1} times"), starts)
            return
        began = time.monotonic()
        outcome = "dead"
        event: Event[Any] | None = None
        try:
            event = unpack(line.event, delivery.value)
            if self._ignores is not None and await self._ignores(event):
                outcome = "ignored"
                return
            await self._try(line.handlers, event, self._deadline(delivery.partition), sign=sign)
            outcome = "done"
        except Wait:
            outcome = "waits"
            raise
        except _Overrun as overrun:
            outcome = "waits"
            await self._overran(delivery, overrun)
            outcome = "dead"
        except LoupeError as error:
            if error.retryable:
                outcome = "waits"
                raise Wait(error.detail) from error
            outcome = await self._give_up(delivery, event, error, tries=1)
        except Exception as error:
            outcome = await self._give_up(delivery, event, error, tries=_QUICK_TRIES)
        finally:
            self._observe(line.event.type, outcome, time.monotonic() - began)

    async def _try(
        self,
        handlers: Sequence[Handler],
        event: Event[Any],
        deadline: Deadline,
        *,
        sign: Callable[[], None],
    ) -> None:
        tries = 0
        while True:
            tries += 1
            sign()
            try:
                with deadline:
                    for handler in handlers:
                        await handler(event)
                return
            except VersionConflict as race:
                if tries >= _RACE_TRIES:
                    raise Wait(race.detail) from race
                await asyncio.sleep(0.01 * tries)
            except LoupeError:
                raise
            except Exception as error:
                if deadline.expired:
                    raise _Overrun(f"not handled within {self._limits.handler_s:g} s") from error
                log.warning("handler.failed", tries=tries, exc_info=error)
                if tries >= _QUICK_TRIES:
                    raise
                await asyncio.sleep(0.1 * tries)

    def _deadline(self, partition: Partition) -> Deadline:
        """Return the deadline of a partition: its messages come one after the other."""
        deadline = self._deadlines.get(partition)
        if deadline is None:
            deadline = self._deadlines[partition] = Deadline(self._limits.handler_s)
        return deadline

    async def _overran(self, delivery: Delivery, overrun: _Overrun) -> None:
        try:
            times = await self._progress.overran(delivery)
        except DependencyDown as down:
            raise Wait(down.detail) from down
        if times < self._limits.most_overruns:
            raise Wait(str(overrun)) from overrun
        await self._bury(delivery, Internal(f"{overrun}, {times} times"), times)

    async def _give_up(
        self, delivery: Delivery, event: Event[Any] | None, error: Exception, *, tries: int
    ) -> str:
        """Bury a message that failed for good, unless what it speaks of went meanwhile."""
        try:
            if event and self._ignores is not None and await self._ignores(event, now=True):
                return "ignored"
        except DependencyDown as down:
            raise Wait(down.detail) from down
        await self._bury(delivery, error, tries)
        return "dead"

    async def _bury(self, delivery: Delivery, error: BaseException, attempts: int) -> None:
        try:
            await set_aside(self._events, delivery, self._service, error, attempts)
        except DependencyDown as down:
            raise Wait(down.detail) from down

    def _observe(self, event_type: str, outcome: str, seconds: float) -> None:
        child = self._seconds.get((event_type, outcome))
        if child is None:
            child = HANDLER_SECONDS.labels(self._service, event_type, outcome)
            self._seconds[event_type, outcome] = child
        child.observe(seconds)
