"""The relay: takes events out of outboxes and publishes them, in order, at least once."""

import asyncio
import math
import time
from collections.abc import Sequence

from shared.documents.port import Documents, Outbox
from shared.errors import DependencyDown
from shared.events.dead_letters import refused
from shared.events.port import EventLog, Record, RecordRefused
from shared.telemetry import OUTBOX_DEPTH, logger

_BATCH = 500
_LOOK_S = 1.0  # writes of this process wake the relay at once; others are looked for
_TELL_EVERY_S = 5.0
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0)

log = logger(__name__)


class Relay:
    """Publishes what the documents of ``collections`` have to say."""

    def __init__(
        self,
        documents: Documents,
        events: EventLog,
        collections: Sequence[str],
        *,
        tell_every_s: float = _TELL_EVERY_S,
    ) -> None:
        self._documents = documents
        self._events = events
        self._collections = tuple(collections)
        self._tell_every_s = tell_every_s
        self._told_at = -math.inf
        name = ",".join(sorted({name.split(".")[0] for name in self._collections}))
        self._depth = OUTBOX_DEPTH.labels(relay=name)

    async def run(self) -> None:
        """Publish until cancelled; a broker that is down only delays."""
        failures = 0
        while True:
            try:
                await self._tell_depth()
                moved = await self.once()
                failures = 0
            except DependencyDown as error:
                wait_s = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
                log.warning("relay.waits", reason=error.detail, wait_s=wait_s)
                await asyncio.sleep(wait_s)
                continue
            if not moved:
                await self._idle()

    async def once(self) -> int:
        """Publish one batch; return the number of events that were published."""
        self._documents.outbox_written.clear()
        boxes = await self._documents.outboxes(self._collections, _BATCH)
        if not boxes:
            self._depth.set(0)
            return 0
        records = [record for box in boxes for record in _records(box)]
        try:
            await self._events.publish(records)
        except RecordRefused:
            for record in records:
                await self._publish_one(record)
        await self._documents.drain(boxes)
        return len(records)

    async def _publish_one(self, record: Record) -> None:
        """Publish a record; one that the broker refuses must not hold up those behind it."""
        try:
            await self._events.publish([record])
        except RecordRefused as error:
            await refused(self._events, record, error)

    async def _tell_depth(self) -> None:
        """Measure what waits every few seconds, also while nothing can be published."""
        if time.monotonic() - self._told_at >= self._tell_every_s:
            self._depth.set(await self._documents.outbox_depth(self._collections))
            self._told_at = time.monotonic()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._documents.outbox_written.wait()
        except TimeoutError:
            return


def _records(box: Outbox) -> list[Record]:
    return [
        Record(topic=event.topic, key=event.key, value=event.value_bytes(), headers=event.headers())
        for event in box.events
    ]
