"""The whole event path on both kinds of stores: outbox → relay → log → consumer loop → effect."""

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from shared.contracts.envelope import Event, EventBody
from shared.documents.mongo import MongoDocuments
from shared.documents.port import CollectionSpec, Document, Documents, TenantScope
from shared.documents.projections import Projection, remember
from shared.errors import DependencyDown, InvalidInput
from shared.events.consumer import ConsumerLoop
from shared.events.dead_letters import replay, waiting
from shared.events.kafka import KafkaEventLog
from shared.events.port import Delivery, EventLog, Record
from shared.events.progress import progress_spec
from shared.events.relay import Relay
from shared.events.subscriptions import Subscription, on
from shared.hosting.stores import Stores, with_dead_letters
from shared.settings import StoreSettings
from shared.telemetry import ContinuedTrace, traceparent
from tests.servers.choosing import Server

PATIENCE_S = 60.0
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


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.servers)])
async def flow(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Flow]:
    kind = request.param
    settings: dict[str, Any] = {"stores": "embedded", "data": tmp_path / "data"}
    if kind == "real":
        settings = {
            "stores": "cluster",
            "kafka_servers": request.getfixturevalue("kafka_address"),
            "mongo_url": request.getfixturevalue("mongo_url"),
            "mongo_database": f"test_{uuid.uuid4().hex[:10]}",
        }
    stores = Stores.of(StoreSettings(**settings))
    name = f"counter{uuid.uuid4().hex[:8]}"
    counted = type("Counted", (Counted,), {"topic": name, "__module__": __name__})
    service = f"svc{uuid.uuid4().hex[:8]}"
    await stores.documents.open([COUNTERS, SEEN, progress_spec(service)])
    await stores.events.open(with_dead_letters({name: 3}))
    yield Flow(stores.documents, stores.events, counted, service)
    await stores.events.close()
    await stores.documents.close()


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


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.05)


async def test_every_change_reaches_the_read_model(flow: Flow) -> None:
    async with consuming(flow, flow.subscriptions(flow.note)):
        await asyncio.gather(*(flow.count(f"c{n}", 10) for n in range(8)))

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(8)] == [10] * 8

        await eventually(all_seen)
    assert await flow.documents.outbox_depth(["test.counters"]) == 0
    assert await flow.letters() == []


async def test_the_trace_goes_along(flow: Flow) -> None:
    seen: list[str] = []

    async def handler(event: Event[Counted]) -> None:
        seen.append(traceparent())

    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with ContinuedTrace({"traceparent": parent}, "POST /count"):
        await flow.count("c", 1)
    async with consuming(flow, flow.subscriptions(handler)):

        async def came() -> bool:
            return bool(seen)

        await eventually(came)
    assert seen[0].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_a_poison_message_goes_aside_and_its_neighbours_go_on(flow: Flow) -> None:
    await flow.events.publish(
        [Record(flow.topic, "acme/p", b'{"half', {"ce_id": "x", "ce_type": Counted.type})]
    )
    async with consuming(flow, flow.subscriptions(flow.note)):
        await flow.count("p", 3)

        async def past_it() -> bool:
            return await flow.seen("p") == 3

        await eventually(past_it)

        async def set_aside() -> bool:
            return len(await flow.letters()) == 1

        await eventually(set_aside)
    (letter,) = await flow.letters()
    assert letter.value == b'{"half'
    assert letter.headers["dlq_error"] == "InvalidInput"
    assert letter.headers["dlq_topic"] == flow.topic


async def test_a_dependency_that_is_down_delays_and_burns_nothing(flow: Flow) -> None:
    down = True

    async def handler(event: Event[Counted]) -> None:
        if down:
            raise DependencyDown("asleep")
        await flow.note(event)

    async with consuming(flow, flow.subscriptions(handler)):
        await asyncio.gather(*(flow.count(f"c{n}", 5) for n in range(6)))
        await asyncio.sleep(2.5)
        down = False

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(6)] == [5] * 6

        await eventually(all_seen)
    assert await flow.letters() == []


async def test_dead_letters_are_replayed_and_twice_is_harmless(flow: Flow) -> None:
    broken = True

    async def handler(event: Event[Counted]) -> None:
        if broken:
            raise InvalidInput("a defect, to be repaired")
        await flow.note(event)

    async with consuming(flow, flow.subscriptions(handler)):
        await flow.count("a", 2)
        await flow.count("b", 1)

        async def all_dead() -> bool:
            return len(await flow.letters()) == 3

        await eventually(all_dead)
        broken = False
        assert (await replay(flow.events, flow.topic, dry_run=True)).published == 3
        assert await flow.seen("a") == 0
        assert (await replay(flow.events, flow.topic)).published == 3

        async def healed() -> bool:
            return (await flow.seen("a"), await flow.seen("b")) == (2, 1)

        await eventually(healed)
        assert (await replay(flow.events, flow.topic)).published == 0


async def test_a_stop_in_the_middle_of_a_handler_is_no_death(flow: Flow) -> None:
    at_work = asyncio.Event()
    begun: list[str] = []

    async def never(event: Event[Counted]) -> None:
        begun.append(event.subject)
        at_work.set()
        await asyncio.sleep(60)

    await flow.count("c", 1)
    for _ in range(4):
        at_work.clear()
        async with consuming(flow, flow.subscriptions(never)):
            await asyncio.wait_for(at_work.wait(), PATIENCE_S)
    async with consuming(flow, flow.subscriptions(flow.note)):

        async def seen() -> bool:
            return await flow.seen("c") == 1

        await eventually(seen)
    assert begun == ["c"] * 4
    assert await flow.letters() == []


async def test_members_come_and_go_and_every_effect_happens(flow: Flow) -> None:
    stop = asyncio.Event()
    written = 0

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await asyncio.gather(*(flow.count(f"c{n}", 1) for n in range(5)))
            written += 1
            await asyncio.sleep(0.02)

    table = flow.subscriptions(flow.note)
    async with consuming(flow, table):
        writing = asyncio.create_task(write())
        for _ in range(2):
            async with consuming(flow, table, table):
                await asyncio.sleep(1.5)
            await asyncio.sleep(0.5)
        stop.set()
        await writing

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(5)] == [written] * 5

        await eventually(all_seen)
    assert await flow.letters() == []


_KILLER = """
import asyncio, os, sys
from shared.documents.mongo import MongoDocuments
from shared.events.consumer import ConsumerLoop
from shared.events.kafka import KafkaEventLog
from shared.events.subscriptions import on
from tests.adapters.test_event_flow import Counted

kafka, mongo, database, topic, service, seen = sys.argv[1:]
Counted.topic = topic

async def handler(event):
    with open(seen, "a") as file:
        file.write(f"{event.subject}\\n")
    await asyncio.sleep(0.1 if event.subject == "killer" else 0.5)
    if event.subject == "killer":
        os.kill(os.getpid(), 9)

async def main():
    documents, events = MongoDocuments(mongo, database), KafkaEventLog(kafka, instance="worker")
    await documents.open([])
    loop = ConsumerLoop(service, (on(Counted, handler),), events=events, documents=documents)
    consumer = await events.consumer(service, [topic])
    quiet = 0
    while quiet < 6:
        quiet = 0 if await loop.step(consumer, timeout_s=0.5) else quiet + 1
    await consumer.close()
    await events.close()
    await documents.close()

asyncio.run(main())
"""


@pytest.mark.servers
@pytest.mark.slow
async def test_a_message_that_kills_the_process_goes_aside_and_no_other(
    kafka_address: str, mongo_url: str, tmp_path: Path
) -> None:
    database, name = f"test_{uuid.uuid4().hex[:10]}", f"counter{uuid.uuid4().hex[:8]}"
    counted = type("Counted", (Counted,), {"topic": name, "__module__": __name__})
    documents, events = MongoDocuments(mongo_url, database), KafkaEventLog(kafka_address)
    service = f"svc{uuid.uuid4().hex[:8]}"
    await documents.open([COUNTERS, progress_spec(service)])
    await events.open(with_dead_letters({name: 4}))
    flow = Flow(documents, events, counted, service)
    counters = [*(f"healthy{n}" for n in range(12)), "killer"]
    for counter in counters:
        await flow.count(counter, 1)
    await Relay(documents, events, ["test.counters"]).once()
    seen = tmp_path / "seen"
    arguments = [kafka_address, mongo_url, database, name, service, str(seen)]
    codes = []
    for _ in range(5):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _KILLER, *arguments],
            env={**os.environ, "PYTHONPATH": os.getcwd()},
            check=False,
        )
        codes.append(done.returncode)
        if done.returncode == 0:
            break
    assert codes == [-9, -9, -9, 0]
    assert set(seen.read_text().split()) == set(counters)
    assert seen.read_text().split().count("killer") == 3
    (letter,) = await flow.letters()
    assert letter.key == "acme/killer"
    assert letter.headers["dlq_detail"] == "the process died 3 times"
    await events.close()
    await documents.close()


@pytest.mark.servers
@pytest.mark.slow
async def test_a_broker_that_dies_under_load_costs_no_event_and_no_write(
    own_kafka: tuple[Server, str], mongo_url: str
) -> None:
    server, address = own_kafka
    documents = MongoDocuments(mongo_url, f"test_{uuid.uuid4().hex[:10]}")
    events = KafkaEventLog(address)
    service = f"svc{uuid.uuid4().hex[:8]}"
    await documents.open([COUNTERS, SEEN, progress_spec(service)])
    await events.open(with_dead_letters({Counted.topic: 3}))
    flow = Flow(documents, events, Counted, service)
    async with consuming(flow, flow.subscriptions(flow.note)):
        await asyncio.gather(*(flow.count(f"c{n}", 5) for n in range(4)))
        await asyncio.to_thread(server.stop, kill=True)
        await asyncio.gather(*(flow.count(f"c{n}", 20) for n in range(4)))  # writes go on
        assert await documents.outbox_depth(["test.counters"]) == 4
        await asyncio.sleep(3.0)
        await asyncio.to_thread(server.start)

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(4)] == [25] * 4

        await eventually(all_seen)
    assert await flow.letters() == []
    await events.close()
    await documents.close()
