"""The consumer loop: every event at least once to its handler, and nothing is ever lost.

==============================  ==================================================================
what the handler raised          what happens
==============================  ==================================================================
a permanent :class:`LoupeError`  to the dead letters at once
a retryable one                  the partition pauses and the message waits; nothing is burnt
anything else                    a few quick tries, then to the dead letters
the process died, three times    to the dead letters before it is handled again
==============================  ==================================================================
"""

import asyncio
import time
from itertools import groupby

from shared.contracts.envelope import unpack
from shared.documents.port import Documents
from shared.errors import DependencyDown, Internal, LoupeError, VersionConflict
from shared.events.dead_letters import set_aside
from shared.events.port import Consumer, Delivery, EventLog, Partition
from shared.events.progress import Progress
from shared.events.subscriptions import Subscription, topics_of
from shared.telemetry import CONSUMER_LAG, HANDLER_SECONDS, continue_trace, logger

_BATCH = 200
_POLL_S = 1.0
_HANDLER_S = 30.0
_QUICK_TRIES = 3
_RACE_TRIES = 20
_MAX_STARTS = 3
_PAUSE_S = (1.0, 2.0, 5.0, 10.0)
_LAG_EVERY_S = 5.0

log = logger(__name__)


class _Wait(Exception):
    """The message cannot be handled now, and waiting helps."""


class ConsumerLoop:
    """Feeds the events of a service's subscription table to its handlers."""

    def __init__(
        self,
        service: str,
        subscriptions: tuple[Subscription, ...],
        *,
        events: EventLog,
        documents: Documents,
    ) -> None:
        self._service = service
        self._events = events
        self._handlers = {s.event.type: s for s in subscriptions}
        self._topics = topics_of(subscriptions)
        self._progress = Progress(documents, service)
        self._resume_at: dict[Partition, float] = {}
        self._pauses: dict[Partition, int] = {}
        self.last_poll = time.monotonic()

    async def run(self) -> None:
        """Consume until cancelled; a log that does not answer only delays."""
        while True:
            try:
                consumer = await self._events.consumer(self._service, self._topics)
                try:
                    await self._consume(consumer)
                finally:
                    await consumer.close()
            except DependencyDown as error:
                log.warning("consumer.waits", service=self._service, reason=error.detail)
                await asyncio.sleep(_PAUSE_S[0])

    async def _consume(self, consumer: Consumer) -> None:
        lag_at = 0.0
        while True:
            self.last_poll = time.monotonic()
            self._resume_due(consumer)
            await self.step(consumer, timeout_s=_POLL_S)
            if time.monotonic() - lag_at > _LAG_EVERY_S:
                lag_at = time.monotonic()
                for partition, lag in (await consumer.lag()).items():
                    CONSUMER_LAG.labels(group=self._service, topic=partition.topic).set(lag)

    async def step(self, consumer: Consumer, *, timeout_s: float) -> int:
        """Poll once and handle what came; return the number of messages."""
        batch = await consumer.poll(limit=_BATCH, timeout_s=timeout_s)
        by_partition = groupby(sorted(batch, key=_place), key=lambda d: d.partition)
        outcomes = await asyncio.gather(
            *(self._partition(consumer, list(part)) for _, part in by_partition),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(batch)

    async def _partition(self, consumer: Consumer, batch: list[Delivery]) -> None:
        mine = [d for d in batch if d.headers.get("ce_type", "") in self._handlers]
        if not mine:
            await consumer.commit(batch[-1])
            return
        first = batch.index(mine[0])
        size, starts = await self._progress.begin(batch[first:])
        now = batch[: first + size]
        if first + size < len(batch):
            await consumer.rewind(batch[first + size])
        done: Delivery | None = None
        for delivery in now:
            tries = starts if delivery is mine[0] else 1
            try:
                await self._handle(delivery, tries)
            except _Wait as reason:
                await self._wait(consumer, delivery, reason)
                await self._progress.finish(now[first:])
                break
            done = delivery
        if done is not None:
            await consumer.commit(done)
            if done is now[-1]:
                self._pauses.pop(done.partition, None)

    async def _wait(self, consumer: Consumer, delivery: Delivery, reason: _Wait) -> None:
        partition = delivery.partition
        count = self._pauses.get(partition, 0)
        self._pauses[partition] = count + 1
        wait_s = _PAUSE_S[min(count, len(_PAUSE_S) - 1)]
        log.warning("partition.pauses", topic=partition.topic, cause=str(reason), wait_s=wait_s)
        consumer.pause(partition)
        await consumer.rewind(delivery)
        self._resume_at[partition] = time.monotonic() + wait_s

    def _resume_due(self, consumer: Consumer) -> None:
        now = time.monotonic()
        for partition in [p for p, due in self._resume_at.items() if due <= now]:
            del self._resume_at[partition]
            consumer.resume(partition)

    async def _handle(self, delivery: Delivery, starts: int) -> None:
        """Handle one message or set it aside; raise _Wait when it has to wait."""
        subscription = self._handlers.get(delivery.headers.get("ce_type", ""))
        if subscription is None:
            return
        if starts > _MAX_STARTS:
            await self._bury(delivery, Internal(f"the process died {starts - 1} times"), starts)
            return
        began = time.monotonic()
        outcome = "done"
        try:
            await self._try(subscription, delivery)
        except LoupeError as error:
            outcome = "waits" if error.retryable else "dead"
            if error.retryable:
                raise _Wait(error.detail) from error
            await self._bury(delivery, error, 1)
        except Exception as error:
            outcome = "dead"
            await self._bury(delivery, error, _QUICK_TRIES)
        finally:
            HANDLER_SECONDS.labels(self._service, subscription.event.type, outcome).observe(
                time.monotonic() - began
            )

    async def _bury(self, delivery: Delivery, error: BaseException, attempts: int) -> None:
        try:
            await set_aside(self._events, delivery, self._service, error, attempts)
        except DependencyDown as down:
            raise _Wait(down.detail) from down

    async def _try(self, subscription: Subscription, delivery: Delivery) -> None:
        event = unpack(subscription.event, delivery.value)
        context = {"tenant": event.tenant, "event_id": event.id, "service": self._service}
        with continue_trace(delivery.headers, subscription.event.type, **context):
            tries = 0
            while True:
                tries += 1
                try:
                    async with asyncio.timeout(_HANDLER_S):
                        await subscription.handler(event)
                except VersionConflict as race:
                    if tries >= _RACE_TRIES:
                        raise _Wait(race.detail) from race
                    await asyncio.sleep(0.01 * tries)
                except (LoupeError, _Wait):
                    raise
                except Exception as error:
                    log.warning("handler.failed", tries=tries, exc_info=error)
                    if tries >= _QUICK_TRIES:
                        raise
                    await asyncio.sleep(0.1 * tries)
                else:
                    return


def _place(delivery: Delivery) -> tuple[Partition, int]:
    return delivery.partition, delivery.offset
