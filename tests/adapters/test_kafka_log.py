"""What only a Kafka broker can show: its bounds, its static members, its death."""

import asyncio
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.envelope import MAX_EVENT_BYTES
from shared.errors import DependencyDown
from shared.events.dead_letters import set_aside, waiting
from shared.events.kafka import KafkaEventLog
from shared.events.kafka_topics import MAX_MESSAGE_BYTES
from shared.events.port import Record
from shared.hosting.stores import Stores, with_dead_letters
from shared.settings import KeepSettings, StoreSettings
from tests.adapters.log_reading import collect, commit_all, records
from tests.running import HANG_S, until
from tests.servers.choosing import Server
from tests.servers.processes import free_port

DAY_MS = 86_400_000


@pytest.mark.servers
async def test_the_largest_event_passes_and_so_does_its_dead_letter(kafka_address: str) -> None:
    log = KafkaEventLog(kafka_address)
    topic = f"large-{uuid.uuid4().hex[:8]}"
    await log.open(with_dead_letters({topic: 1}))
    headers = {"ce_id": "1", "ce_type": "thing.grown", "traceparent": "00-" + "0" * 52}
    body = bytes(MAX_EVENT_BYTES)
    await log.publish([Record(topic, "k" * 60, body, headers)])
    consumer = await log.consumer("readers", [topic])
    (got,) = await collect(consumer, 1)
    await consumer.close()
    await set_aside(log, got, "svc", RuntimeError("é" * 1000), 3)
    consumer = await log.consumer("looker", [f"{topic}.dlq"])
    (letter,) = [letter async for letter in waiting(consumer)]
    await consumer.close()
    assert letter.value == got.value == body
    await log.close()


@pytest.mark.servers
async def test_a_process_with_a_name_is_a_static_member(kafka_address: str) -> None:
    topic = f"named-{uuid.uuid4().hex[:8]}"
    settings = StoreSettings(stores="cluster", kafka_servers=kafka_address, instance="box1")
    log = Stores.of(settings).events
    await log.open({topic: 4})
    await log.publish(records(topic, 1))
    consumer = await log.consumer("readers", [topic])
    await collect(consumer, 1)
    # The broker makes a static member's id from its name.
    assert consumer._raw._coordinator.member_id.startswith("readers-box1-")  # type: ignore[attr-defined]
    await consumer.close()
    await log.close()


@pytest.mark.servers
async def test_a_broker_that_is_away_is_a_dependency_that_is_down() -> None:
    log = KafkaEventLog(f"127.0.0.1:{free_port()}")
    with pytest.raises(DependencyDown):
        await log.open({"t": 1})
    with pytest.raises(DependencyDown):
        await log.publish([Record("t", "k", b"v")])
    with pytest.raises(DependencyDown):
        await log.consumer("g", ["t"])
    with pytest.raises(DependencyDown):
        await log.ping()
    await log.close()


@pytest.mark.servers
@pytest.mark.slow
async def test_a_killed_broker_comes_back_and_nothing_is_lost(
    own_kafka: tuple[Server, str],
) -> None:
    server, address = own_kafka
    log = KafkaEventLog(address)
    await log.open({"thing": 3})
    consumer = await log.consumer("readers", ["thing"])
    acknowledged: set[int] = set()
    seen: set[int] = set()
    sending = True

    async def send() -> None:
        number = 0
        while sending:
            try:
                await log.publish([Record("thing", f"k{number % 7}", str(number).encode())])
            except DependencyDown:
                await asyncio.sleep(0.2)
                continue  # the relay's way: the same again
            acknowledged.add(number)
            number += 1

    async def receive() -> None:
        while sending or not acknowledged <= seen:
            try:
                batch = await consumer.poll(limit=100, timeout_s=0.5)
                seen.update(int(d.value) for d in batch)  # had, even if the commit meets the kill
                await commit_all(consumer, batch)
            except DependencyDown:
                await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(send()), asyncio.create_task(receive())]

    async def works() -> bool:
        return len(acknowledged) > 20 and len(seen) > 10

    await until(works)
    await asyncio.to_thread(server.stop, kill=True)
    before = len(acknowledged)
    await asyncio.sleep(3.0)
    await asyncio.to_thread(server.start)

    async def goes_on() -> bool:
        return len(acknowledged) > before + 20

    await until(goes_on)
    sending = False
    await asyncio.wait_for(asyncio.gather(*tasks), HANG_S)
    assert acknowledged <= seen
    await consumer.close()
    await log.close()


@pytest.mark.servers
async def test_topics_keep_what_the_operator_chose_and_no_other_setting_changes(
    kafka_address: str,
) -> None:
    name = f"kept-{uuid.uuid4().hex[:8]}"
    topics = with_dead_letters({name: 1})

    async def kept(chosen: KeepSettings) -> list[dict[str, str]]:
        log = KafkaEventLog(kafka_address, keep=chosen)
        await log.open(topics)
        await log.compact()
        await log.close()
        return [await settings_of(kafka_address, topic) for topic in sorted(topics)]

    events, letters = await kept(KeepSettings())
    assert (events["retention.ms"], letters["retention.ms"]) == ("-1", str(90 * DAY_MS))
    await change(kafka_address, name, {**events, "segment.ms": "3600000", "retention.ms": "5"})
    events, _ = await kept(KeepSettings())
    assert events["retention.ms"] == "5", "without a choice a topic keeps its own"
    events, letters = await kept(KeepSettings(events_d=7, dead_letters_d=0))
    assert (events["retention.ms"], letters["retention.ms"]) == (str(7 * DAY_MS), "-1")
    assert events["segment.ms"] == "3600000"
    assert events["max.message.bytes"] == str(MAX_MESSAGE_BYTES)
    events, _ = await kept(KeepSettings(events_d=0))
    assert events["retention.ms"] == "-1"


async def settings_of(address: str, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    (found,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    own = 1
    return {entry[0]: entry[1] for entry in found.resources[0][4] if entry[3] == own}


async def change(address: str, topic: str, settings: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)
    (done,) = await admin.alter_configs([wanted])
    await admin.close()
    assert done.resources[0][0] == 0, done
