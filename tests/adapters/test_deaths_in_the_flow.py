"""Processes and brokers die in the middle of the event path; every effect happens, once aside."""

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from shared.contracts.envelope import Event
from shared.documents.mongo import MongoDocuments
from shared.events.kafka import KafkaEventLog
from shared.events.progress import progress_spec
from shared.events.relay import Relay
from shared.hosting.stores import with_dead_letters
from tests.adapters.counting import COUNTERS, SEEN, Counted, Flow, consuming
from tests.running import HANG_S, until
from tests.servers.choosing import Server


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
            await asyncio.wait_for(at_work.wait(), HANG_S)
    async with consuming(flow, flow.subscriptions(flow.note)):

        async def seen() -> bool:
            return await flow.seen("c") == 1

        await until(seen)
    assert begun == ["c"] * 4
    assert await flow.letters() == []


_KILLER = """
import asyncio, os, sys
from shared.documents.mongo import MongoDocuments
from shared.events.consumer import ConsumerLoop
from shared.events.kafka import KafkaEventLog
from shared.events.subscriptions import on
from tests.adapters.counting import Counted

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

        await until(all_seen)
    assert await flow.letters() == []
    await events.close()
    await documents.close()
