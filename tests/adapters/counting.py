"""Counters that say when they count, the read model of them, and what runs between."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from shared.contracts.envelope import Event, EventBody
from shared.documents.port import CollectionSpec, Document, Documents, TenantScope
from shared.documents.projections import Projection, remember
from shared.events.consumer import ConsumerLoop
from shared.events.dead_letters import waiting
from shared.events.port import Delivery, EventLog
from shared.events.relay import Relay
from shared.events.subscriptions import Subscription, on

ACME = TenantScope("acme")


class Counter(Document):
    value: int = 0


class Seen(Projection):
    value: int


class Counted(EventBody):
    type: ClassVar[str] = "counter.counted"
    topic: ClassVar[str] = "counter"
    source: ClassVar[str] = "test"
    example: ClassVar[dict[str, Any]] = {"value": 1}

    value: int


COUNTERS = CollectionSpec("test.counters", Counter)

SEEN = CollectionSpec("test.seen", Seen)


@dataclass
class Flow:
    """One deployment: stores, a fresh topic and a fresh consumer group."""

    documents: Documents
    events: EventLog
    counted: type[Counted]
    service: str

    @property
    def topic(self) -> str:
        return self.counted.topic

    async def count(self, counter: str, times: int) -> None:
        """Change one counter `times` times; each change says so."""
        counters = self.documents.collection(COUNTERS, ACME)
        current = await counters.find(counter)
        for _ in range(times):
            if current is None:
                new = Counter(id=counter, tenant="acme", value=1)
                current = await counters.insert(new, events=[self.counted(value=1)])
            else:
                new = current.model_copy(update={"value": current.value + 1})
                current = await counters.replace(new, events=[self.counted(value=new.value)])

    def subscriptions(self, handler: Callable[[Event[Counted]], Awaitable[None]]) -> Any:
        return (on(self.counted, handler),)

    async def note(self, event: Event[Counted]) -> None:
        """The usual effect: a read model that the newest event wins."""
        seen = Seen(
            id=event.subject, tenant=event.tenant, sequence=event.sequence, value=event.data.value
        )
        await remember(self.documents.collection(SEEN, TenantScope(event.tenant)), seen)

    async def seen(self, counter: str) -> int:
        found = await self.documents.collection(SEEN, ACME).find(counter)
        return 0 if found is None else found.value

    async def letters(self) -> list[Delivery]:
        consumer = await self.events.consumer(f"look-{uuid.uuid4().hex}", [f"{self.topic}.dlq"])
        found = [letter async for letter in waiting(consumer)]
        await consumer.close()
        return found


@asynccontextmanager
async def consuming(flow: Flow, *tables: tuple[Subscription, ...]) -> AsyncIterator[None]:
    """Run a relay and one consumer loop for each subscription table."""
    loops: list[ConsumerLoop] = [
        ConsumerLoop(flow.service, table, events=flow.events, documents=flow.documents)
        for table in tables
    ]
    relay = Relay(flow.documents, flow.events, ["test.counters"])
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    tasks.append(asyncio.create_task(relay.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
