"""The event path on a real Kafka: `python -m benchmarks.events [path] [upload] [rates] …`.

`upload` is the whole way, from the gallery's HTTP face to the effect in annotation; `path` leaves
out what an upload itself costs, `rates` compares with bare aiokafka, `outage` kills the broker for
a minute under both kinds of load, `storm` delivers everything five times in any order.

Needs the programs of `make servers-install`. Everything runs on this machine's loopback interface.
"""

import argparse
import asyncio
import logging
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.event_uploads import Uploads, uploading
from shared.contracts.envelope import Event, EventBody
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.mongo import MongoDocuments
from shared.documents.port import CollectionSpec, Document, Documents, TenantScope
from shared.documents.projections import Projection, remember
from shared.events.consumer import BATCH, ConsumerLoop
from shared.events.dead_letters import waiting
from shared.events.kafka import KafkaEventLog
from shared.events.progress import progress_spec
from shared.events.relay import Relay
from shared.events.subscriptions import on
from shared.hosting.stores import with_dead_letters
from shared.sqlite import SqliteFile
from shared.telemetry import configure
from tests.adapters.storm import delivered_five_times, handle_all, remembered, storm
from tests.servers.catalogue import documents_server, kafka_server
from tests.servers.processes import ServerProcess

RATE_EVENTS = 10_000
PATH_EVENTS = 400
UPLOADS = 200
OUTAGE_S = 60.0
STORM_EVENTS = 10_000


class Thing(Document):
    value: int


class Seen(Projection):
    value: int


class Happened(EventBody):
    """About as large as an `annotation.saved` with a few shapes."""

    type: ClassVar[str] = "thing.happened"
    topic: ClassVar[str] = "thing"
    source: ClassVar[str] = "benchmark"
    example: ClassVar[dict[str, Any]] = {"value": 1, "labels": []}

    value: int
    labels: tuple[str, ...] = ("scratch", "stain", "dent")


THINGS = CollectionSpec("bench.things", Thing)
SEEN = CollectionSpec("bench.seen", Seen)
TENANT = TenantScope("acme")


class Site:
    """A broker and one kind of document store, with fresh topics."""

    def __init__(self, folder: Path, bootstrap: str, documents: Documents) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.documents = documents
        self.events = KafkaEventLog(bootstrap)
        self.topic = f"thing{uuid.uuid4().hex[:6]}"
        self.event = type("Happened", (Happened,), {"topic": self.topic, "__module__": __name__})
        self.service = f"svc{uuid.uuid4().hex[:6]}"

    async def open(self) -> None:
        await self.documents.open([THINGS, SEEN, progress_spec(self.service)])
        await self.events.open(with_dead_letters({self.topic: 6}))

    async def close(self) -> None:
        await self.events.close()
        await self.documents.close()

    def relay(self) -> Relay:
        return Relay(self.documents, self.events, ["bench.things"])

    def loop(self, handler: Any) -> ConsumerLoop:
        table = (on(self.event, handler),)
        return ConsumerLoop(self.service, table, events=self.events, documents=self.documents)

    async def write(self, number: int) -> None:
        thing = Thing(id=f"T{number:07d}", tenant="acme", value=number)
        event = self.event(value=number)
        await self.documents.collection(THINGS, TENANT).insert(thing, events=[event])

    async def dead_letters(self) -> int:
        consumer = await self.events.consumer(f"look{uuid.uuid4().hex}", [f"{self.topic}.dlq"])
        found = [letter async for letter in waiting(consumer)]
        await consumer.close()
        return len(found)


async def measure_path(site: Site) -> None:
    """Time from before the write to after the effect, one event each 20 ms."""
    begun: dict[int, float] = {}
    took: list[float] = []

    async def handler(event: Event[Happened]) -> None:
        seen = Seen(id=event.subject, tenant="acme", sequence=event.sequence, value=1)
        await remember(site.documents.collection(SEEN, TENANT), seen)
        took.append(time.perf_counter() - begun[event.data.value])

    tasks = [asyncio.create_task(site.relay().run()), asyncio.create_task(site.loop(handler).run())]
    await asyncio.sleep(4.0)  # the group has settled
    for number in range(PATH_EVENTS):
        begun[number] = time.perf_counter()
        await site.write(number)
        await asyncio.sleep(0.02)
    await until(lambda: len(took) >= PATH_EVENTS, 60)
    await ended(tasks)
    p50, p99 = np.percentile(took, [50, 99]) * 1000
    print(f"  write to effect: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({PATH_EVENTS} events)")


async def measure_upload(folder: Path, bootstrap: str) -> None:
    """Time from before the HTTP request to after annotation's effect, one upload each 50 ms."""
    async with uploading(folder, bootstrap) as uploads:
        for _ in range(UPLOADS):
            await uploads.post()
            await asyncio.sleep(0.05)
        await until(lambda: uploads.lost == 0, 60)
    p50, p99 = np.percentile(uploads.took(), [50, 99]) * 1000
    print(f"  POST to effect: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({UPLOADS} photos)")
    print(f"  {uploads.refused} answers other than 2xx")


async def measure_rates(site: Site) -> None:
    """Events a second of the relay and of one consumer, and of bare aiokafka beside them."""
    await asyncio.gather(*(site.write(number) for number in range(RATE_EVENTS)))
    records = [
        (event.key, event.value_bytes(), event.headers())
        for box in await site.documents.outboxes(["bench.things"], RATE_EVENTS)
        for event in box.events
    ]
    bare_topic = f"{site.topic}bare"
    await site.events.open({bare_topic: 6})
    bare_out = await bare_publish(site.bootstrap, bare_topic, records)
    relay, moved, began = site.relay(), 0, time.perf_counter()
    while moved < RATE_EVENTS:
        moved += await relay.once()
    relayed = RATE_EVENTS / (time.perf_counter() - began)
    print(f"  relay {relayed:,.0f} events/s, bare {bare_out:,.0f}: ratio {relayed / bare_out:.2f}")
    bare_in = await bare_consume(site.bootstrap, bare_topic)
    handled = 0

    async def handler(event: Event[Happened]) -> None:
        nonlocal handled
        handled += 1

    loop = site.loop(handler)
    consumer = await site.events.consumer(site.service, [site.topic])
    while not handled:
        await loop.step(consumer, timeout_s=0.5)
    first, began = handled, time.perf_counter()
    while handled < RATE_EVENTS:
        await loop.step(consumer, timeout_s=0.5)
    consumed = (RATE_EVENTS - first) / (time.perf_counter() - began)
    await consumer.close()
    print(f"  consumer {consumed:,.0f} events/s, bare {bare_in:,.0f}: {consumed / bare_in:.2f}")


async def bare_publish(
    bootstrap: str, topic: str, records: list[tuple[str, bytes, dict[str, str]]]
) -> float:
    """Publish the same bytes with the same promises, in batches of 500 as the relay does."""
    options = {"acks": "all", "enable_idempotence": True, "linger_ms": 2}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=256 * 1024, **options)
    await producer.start()
    began = time.perf_counter()
    for start in range(0, len(records), 500):
        sent = [
            await producer.send(
                topic, value, key=key.encode(), headers=[(k, v.encode()) for k, v in heads.items()]
            )
            for key, value, heads in records[start : start + 500]
        ]
        await asyncio.gather(*sent)
    rate = len(records) / (time.perf_counter() - began)
    await producer.stop()
    return rate


async def bare_consume(bootstrap: str, topic: str) -> float:
    """Read as much with the loop's batch size, committing after each batch."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"bare{uuid.uuid4().hex[:6]}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    count = first = 0
    began = 0.0
    while count < RATE_EVENTS:
        found = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        count += sum(len(part) for part in found.values())
        if found:
            await consumer.commit()
        if found and not began:
            first, began = count, time.perf_counter()
    rate = (RATE_EVENTS - first) / (time.perf_counter() - began)
    await consumer.stop()
    return rate


async def measure_outage(site: Site, kafka: ServerProcess, uploads: Uploads) -> None:
    """Writes and uploads go on while the broker is killed; afterwards everything arrives."""
    seen: set[int] = set()
    written, refused = 0, 0
    writing = True

    async def handler(event: Event[Happened]) -> None:
        seen.add(event.data.value)

    async def load() -> None:
        nonlocal written, refused
        while writing:
            try:
                await site.write(written)
            except Exception:
                refused += 1
            else:
                written += 1
            await asyncio.sleep(0.01)

    async def upload() -> None:
        while writing:
            await uploads.post()
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(site.relay().run()), asyncio.create_task(site.loop(handler).run())]
    loading = asyncio.gather(load(), upload())
    await asyncio.sleep(5.0)
    await asyncio.to_thread(kafka.stop, kill=True)
    before, sent = written, len(uploads.statuses)
    await asyncio.sleep(OUTAGE_S)
    during, sent = written - before, len(uploads.statuses) - sent
    await asyncio.to_thread(kafka.start)
    back = time.perf_counter()
    backlog = written - len(seen) + uploads.lost
    await asyncio.sleep(1.0)
    writing = False
    await loading
    await until(lambda: len(seen) == written and uploads.lost == 0, 180)
    drained_s = time.perf_counter() - back
    letters = await site.dead_letters()
    await ended(tasks)
    print(f"  {during} writes during {OUTAGE_S:.0f} s without a broker, {refused} refused")
    print(f"  {sent} uploads during it, {uploads.refused} answers other than 2xx")
    print(f"  backlog {backlog}, drained {drained_s:.1f} s after the broker was back")
    lost = written - len(seen) + uploads.lost
    print(f"  {lost} events lost, {letters} dead letters")


async def measure_storm(folder: Path) -> None:
    """Three services' memory after 10,000 events × 5 shuffled, against each once in order."""
    from shared.hosting.stores import Stores
    from shared.settings import StoreSettings
    from tests.adapters.test_duplicate_storm import BUILDS, upload

    events = storm(STORM_EVENTS, seed=17)
    for name, build in sorted(BUILDS.items()):
        states = []
        for kind, given in (("order", events), ("storm", delivered_five_times(events, seed=18))):
            place = folder / f"{name}-{kind}"
            stores = Stores.of(StoreSettings(stores="embedded", data=place))
            service = build(stores)
            await stores.open(service.all_collections)
            if name == "gallery":
                await upload(stores, events)
            calls = await handle_all([service], given)
            await stores.close()
            names = [spec.name for spec in service.collections]
            states.append((calls, list(remembered(place / "loupe.db", names))))
        (_, in_order), (calls, stormed) = states
        verdict = "byte-equal" if stormed == in_order else "DIFFERENT"
        print(f"  {name}: {len(in_order)} documents after {calls} handler calls: {verdict}")


async def until(condition: Any, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came true")
        await asyncio.sleep(0.02)


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def measure(parts: list[str], folder: Path) -> None:
    if "storm" in parts:
        print("duplicates, five times and shuffled")
        await measure_storm(folder / "storm")
    if not {"path", "upload", "rates", "outage"} & set(parts):
        return
    kafka, bootstrap = kafka_server(folder / "kafka")
    mongo, url = documents_server(folder / "documents")
    kafka.start()
    mongo.start()
    try:
        kinds: dict[str, Any] = {
            "documents embedded": lambda n: EmbeddedDocuments(SqliteFile(folder / f"{n}.db")),
            "documents over MongoDB's protocol": lambda n: MongoDocuments(url, f"bench_{n}"),
        }
        for title, make in kinds.items():
            for part, run in (("path", measure_path), ("rates", measure_rates)):
                if part in parts and not (part == "rates" and "MongoDB" in title):
                    print(f"{part}, {title}")
                    site = Site(folder, bootstrap, make(uuid.uuid4().hex[:8]))
                    await site.open()
                    await run(site)
                    await site.close()
        if "upload" in parts:
            print("upload, documents embedded")
            await measure_upload(folder / "upload", bootstrap)
        if "outage" in parts:
            print("broker killed")
            site = Site(folder, bootstrap, kinds["documents embedded"]("outage"))
            await site.open()
            async with uploading(folder / "outage", bootstrap) as uploads:
                await measure_outage(site, kafka, uploads)
            await site.close()
    finally:
        kafka.dispose()
        mongo.dispose()


def main() -> None:
    configure("benchmark")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    names = ["path", "upload", "rates", "outage", "storm"]
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(names)}; all where none is named")
    parts = parser.parse_args().parts or names
    with tempfile.TemporaryDirectory(prefix="loupe-events-") as folder:
        asyncio.run(measure(parts, Path(folder)))


if __name__ == "__main__":
    main()
