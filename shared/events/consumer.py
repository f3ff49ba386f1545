"""The consumer loop: polls, hands each partition's messages on in order, commits, pauses.

What becomes of one message is told in :mod:`shared.events.handler`. Partitions are handled side
by side, except those whose first message may have killed this process: these come one after the
other, and no other message of this loop is in work then.
"""

import asyncio
import contextlib
import time
from itertools import groupby
from operator import attrgetter

from shared.documents.port import Documents
from shared.errors import DependencyDown
from shared.events.handler import Handling, HandlingLimits, Ignores, Wait
from shared.events.lifecycle import Lifecycle
from shared.events.port import Consumer, Delivery, EventLog, Partition
from shared.events.progress import Marks
from shared.events.subscriptions import Subscription, topics_of
from shared.telemetry import CONSUMER_LAG, logger

BATCH = 200
_POLL_S = 1.0
_LAG_EVERY_S = 5.0

log = logger(__name__)


class ConsumerLoop:
    """Feeds the events of a service's subscription table to its handlers."""

    def __init__(
        self,
        service: str,
        subscriptions: tuple[Subscription, ...],
        *,
        events: EventLog,
        documents: Documents,
        life: Lifecycle | None = None,
        limits: HandlingLimits | None = None,
        ignores: Ignores | None = None,
    ) -> None:
        self._service = service
        self._events = events
        self._topics = topics_of(subscriptions)
        self._life = life or Lifecycle()
        self._limits = limits or HandlingLimits()
        self._progress = Marks(documents, service)
        self._handling = Handling(
            service,
            subscriptions,
            events=events,
            progress=self._progress,
            limits=self._limits,
            ignores=ignores,
        )
        self._resume_at: dict[Partition, float] = {}
        self._pauses: dict[Partition, int] = {}

    async def run(self) -> None:
        """Consume until the process is to stop; a log that does not answer only delays."""
        told = ""
        try:
            while not self._life.stopping:
                self._sign()
                try:
                    consumer = await self._events.consumer(self._service, self._topics)
                    told = ""
                    try:
                        await self._consume(consumer)
                    finally:
                        # An error of closing would stand for what ends this, a cancellation too.
                        with contextlib.suppress(DependencyDown):
                            await consumer.close()
                except DependencyDown as error:
                    if error.detail != told:  # said once, not every second of an outage
                        log.warning("consumer.waits", service=self._service, reason=error.detail)
                    told = error.detail
                    await asyncio.sleep(self._limits.pauses_s[0])
        finally:
            self._life.ended(self._service)

    async def _consume(self, consumer: Consumer) -> None:
        lag_at = 0.0
        while not self._life.stopping:
            await self.step(consumer, timeout_s=_POLL_S)
            if time.monotonic() - lag_at > _LAG_EVERY_S:
                lag_at = time.monotonic()
                await self._tell_lag(consumer)

    async def step(self, consumer: Consumer, *, timeout_s: float) -> int:
        """Poll once and handle what came; return the number of messages."""
        self._sign()
        self._resume_due(consumer)
        batch = await consumer.poll(limit=BATCH, timeout_s=timeout_s)
        self._sign()
        batch.sort(key=_place)
        parts = [list(part) for _, part in groupby(batch, key=attrgetter("partition"))]
        outcomes = await asyncio.gather(
            *(self._calm(consumer, part) for part in parts), return_exceptions=True
        )
        suspects: list[list[Delivery]] = []
        for part, outcome in zip(parts, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            if not outcome:
                suspects.append(part)
        if suspects:
            await self._one_by_one(consumer, suspects)
        return len(batch)

    async def _calm(self, consumer: Consumer, batch: list[Delivery]) -> bool:
        """Handle a partition's messages unless the first is a suspect; return whether done."""
        first = next((d for d in batch if self._handling.wants(d)), None)
        if first is None:
            await consumer.commit(batch[-1])
            return True
        return await self._begin(consumer, batch[batch.index(first) :], alone=False)

    async def _one_by_one(self, consumer: Consumer, parts: list[list[Delivery]]) -> None:
        until = time.monotonic() + self._limits.batch_s
        for part in parts:
            first = next(d for d in part if self._handling.wants(d))
            if not await self._alone_before(until):
                await consumer.rewind(first)
                continue
            try:
                self._sign()
                await self._begin(consumer, part[part.index(first) :], alone=True)
            finally:
                self._life.alone.release()

    async def _alone_before(self, until: float) -> bool:
        if self._life.stopping:
            return False
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                return await self._life.alone.acquire()
        except TimeoutError:
            return False

    async def _begin(self, consumer: Consumer, batch: list[Delivery], *, alone: bool) -> bool:
        """Mark messages as begun and handle them; return whether they may be begun at all."""
        try:
            size, starts = await self._progress.begin(batch, alone=alone)
        except DependencyDown as down:
            await self._pause(consumer, batch[0], Wait(down.detail))
            return True
        if size:
            await self._handle(consumer, batch, size, starts)
        return bool(size)

    async def _handle(
        self, consumer: Consumer, batch: list[Delivery], size: int, starts: int
    ) -> None:
        """Handle the first ``size`` messages in order; commit what is done, rewind to the rest."""
        until = time.monotonic() + self._limits.batch_s
        done = 0
        reason: Wait | None = None
        try:
            for delivery in batch[:size]:
                if self._life.stopping or (done and time.monotonic() > until):
                    break
                if self._handling.wants(delivery):
                    await self._one(delivery, starts if done == 0 else 1)
                done += 1
        except Wait as wait:
            reason = wait
        except asyncio.CancelledError:
            # A stop is no death: what is done counts, and the message in work was not at fault.
            with contextlib.suppress(DependencyDown):
                await asyncio.shield(self._settle(consumer, batch, done, whole=False))
            raise
        await self._settle(consumer, batch, done, whole=done == size)
        if reason is not None:
            await self._pause(consumer, batch[done], reason)
        elif done < len(batch):
            await consumer.rewind(batch[done])

    async def _one(self, delivery: Delivery, starts: int) -> None:
        with self._handling.context(delivery):
            await self._handling.handle(delivery, starts, sign=self._sign)
        self._sign()

    async def _settle(
        self, consumer: Consumer, batch: list[Delivery], done: int, *, whole: bool
    ) -> None:
        """Commit the first ``done``; leave no mark of a death where this run only stopped."""
        partition = batch[0].partition
        committed = False
        try:
            committed = done == 0 or await consumer.commit(batch[done - 1])
        finally:
            if not (committed and whole):
                await self._progress.finish(partition)
        if committed and whole:
            self._pauses.pop(partition, None)

    async def _pause(self, consumer: Consumer, delivery: Delivery, reason: Wait) -> None:
        partition = delivery.partition
        count = self._pauses.get(partition, 0)
        self._pauses[partition] = count + 1
        wait_s = self._limits.pauses_s[min(count, len(self._limits.pauses_s) - 1)]
        with self._handling.context(delivery):
            log.warning("partition.pauses", topic=partition.topic, cause=str(reason), wait_s=wait_s)
        consumer.pause(partition)
        await consumer.rewind(delivery)
        self._resume_at[partition] = time.monotonic() + wait_s

    def _resume_due(self, consumer: Consumer) -> None:
        now = time.monotonic()
        for partition in [p for p, due in self._resume_at.items() if due <= now]:
            del self._resume_at[partition]
            consumer.resume(partition)

    async def _tell_lag(self, consumer: Consumer) -> None:
        """Set the gauge of each topic to the sum over the partitions that this member has now."""
        lags = dict.fromkeys(self._topics, 0)
        uncommitted = await consumer.uncommitted()
        for partition, lag in uncommitted.lag.items():
            lags[partition.topic] += lag
        for topic, lag in lags.items():
            CONSUMER_LAG.labels(group=self._service, topic=topic).set(lag)
        behind = uncommitted.behind.items()
        self._life.waits(self._service, {f"{p.topic}/{p.number}": offset for p, offset in behind})

    def _sign(self) -> None:
        self._life.sign(self._service)


def _place(delivery: Delivery) -> tuple[Partition, int]:
    return delivery.partition, delivery.offset
