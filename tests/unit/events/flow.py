"""One topic, one service and its consumer loop on embedded stores, and stores that fail at will."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.envelope import Event, EventStamp, pack
from shared.contracts.image_events import ImageDeleted
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Document,
    Documents,
    Query,
    Scope,
    Where,
)
from shared.errors import DependencyDown
from shared.events.consumer import ConsumerLoop
from shared.events.dead_letters import waiting
from shared.events.handler import HandlingLimits
from shared.events.lifecycle import Lifecycle
from shared.events.port import Consumer, Delivery, EventLog, Record
from shared.events.progress import progress_spec
from shared.events.subscriptions import on
from shared.hosting.stores import Stores, with_dead_letters
from shared.ids import new_id

Handler = Callable[[Event[ImageDeleted]], Awaitable[None]]
QUICK = HandlingLimits(pauses_s=(0.01,))


class Thing(Document):
    """What a test stores that is about the events beside it."""


def record(number: int, *, value: bytes | None = None) -> Record:
    """Return what says that image number `number` is gone."""
    body = ImageDeleted(project_id="P", image_id=f"I{number}")
    event = pack([body], EventStamp.of("t", f"I{number}", 1))[0]
    return Record("image", event.key, value or event.value_bytes(), event.headers())


async def opened(stores: Stores, *, partitions: int = 2) -> Stores:
    """Make the topic and the collection of marks."""
    await stores.documents.open([progress_spec("svc")])
    await stores.events.open(with_dead_letters({"image": partitions}))
    return stores


def loop_of(
    stores: Stores,
    *handlers: Handler,
    events: Any = None,
    documents: Any = None,
    life: Lifecycle | None = None,
    limits: HandlingLimits = QUICK,
) -> ConsumerLoop:
    """Return the loop of service `svc`; one more of them is a process started anew."""
    return ConsumerLoop(
        "svc",
        tuple(on(ImageDeleted, handler) for handler in handlers),
        events=events or stores.events,
        documents=documents or stores.documents,
        life=life,
        limits=limits,
    )


async def drain(loop: ConsumerLoop, consumer: Consumer, *, rounds: int = 40) -> None:
    """Step until nothing comes for some rounds."""
    quiet = 0
    for _ in range(rounds):
        quiet = 0 if await loop.step(consumer, timeout_s=0.05) else quiet + 1
        if quiet == 3:
            return


async def letters(stores: Stores) -> list[dict[str, Any]]:
    """Return all dead letters, headers and value in one."""
    consumer = await stores.events.consumer(f"look-{new_id()}", ["image.dlq"])
    found = [{**d.headers, "value": d.value} async for d in waiting(consumer)]
    await consumer.close()
    return found


@dataclass
class Outages:
    """Which calls fail: name of the method → how often still."""

    left: dict[str, int] = field(default_factory=dict)

    def strike(self, call: str) -> None:
        """Raise DependencyDown if `call` is to fail."""
        if self.left.get(call, 0) > 0:
            self.left[call] -= 1
            raise DependencyDown(f"{call} is struck")


class StruckConsumer:
    """A member whose commits fail, or are refused, as often as `outages` says."""

    def __init__(self, inner: Consumer, outages: Outages) -> None:
        self._inner = inner
        self._outages = outages

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(self, delivery: Delivery) -> bool:
        if self._outages.left.get("refuse", 0) > 0:
            self._outages.left["refuse"] -= 1
            await self._inner.rewind(delivery)  # it comes again, as after a rebalance
            return False
        self._outages.strike("commit")
        return await self._inner.commit(delivery)


class StruckLog:
    """An event log that fails at will."""

    def __init__(self, inner: EventLog, outages: Outages) -> None:
        self._inner = inner
        self._outages = outages

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def publish(self, records: Sequence[Record]) -> None:
        self._outages.strike("publish")
        await self._inner.publish(records)

    async def consumer(self, group: str, topics: Sequence[str]) -> Any:
        self._outages.strike("join")
        return StruckConsumer(await self._inner.consumer(group, topics), self._outages)

    async def open(self, topics: Mapping[str, int]) -> None:
        await self._inner.open(topics)


class StruckCollection(Collection[Any]):
    """A collection that fails at will, before the write or after it."""

    def __init__(self, inner: Collection[Any], outages: Outages) -> None:
        self._inner = inner
        self._outages = outages

    @property
    def noun(self) -> str:
        return self._inner.noun

    async def find(self, document_id: str) -> Any:
        self._outages.strike("find")
        return await self._inner.find(document_id)

    async def insert(self, document: Any, **more: Any) -> Any:
        self._outages.strike("insert")
        return await self._inner.insert(document, **more)

    async def replace(self, document: Any, **more: Any) -> Any:
        self._outages.strike("replace")
        stored = await self._inner.replace(document, **more)
        self._outages.strike("reply")
        return stored

    async def delete(self, document: Any, **more: Any) -> None:
        self._outages.strike("delete")
        await self._inner.delete(document, **more)

    async def query(self, query: Query) -> list[Any]:
        self._outages.strike("query")
        return await self._inner.query(query)

    async def count(self, where: Where | None = None) -> int:
        return await self._inner.count(where)

    async def tally(self, field: str, where: Where | None = None) -> dict[str, int]:
        return await self._inner.tally(field, where)

    async def total(self, field: str, where: Where | None = None) -> float:
        return await self._inner.total(field, where)


class StruckDocuments:
    """A document store that fails at will."""

    def __init__(self, inner: Documents, outages: Outages) -> None:
        self._inner = inner
        self._outages = outages

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def collection(self, spec: CollectionSpec[Any], scope: Scope) -> Any:
        return StruckCollection(self._inner.collection(spec, scope), self._outages)
