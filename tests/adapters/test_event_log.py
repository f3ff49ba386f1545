"""The event log port's promises, on SQLite and on a Kafka broker."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.contracts.envelope import MAX_EVENT_BYTES
from shared.errors import DependencyDown
from shared.events.dead_letters import set_aside, waiting
from shared.events.embedded import EmbeddedEventLog
from shared.events.kafka import KafkaEventLog
from shared.events.port import Consumer, Delivery, EventLog, Partition, Record
from shared.hosting.stores import Stores, with_dead_letters
from shared.settings import StoreSettings
from shared.sqlite import SqliteFile
from tests.servers.choosing import Server
from tests.servers.processes import free_port

PATIENCE_S = 45.0


@pytest.fixture
async def topic(events: EventLog) -> str:
    """A fresh topic with four partitions."""
    name = f"thing-{uuid.uuid4().hex[:10]}"
    await events.open({name: 4})
    return name


def records(topic: str, number: int, *, keys: int = 5) -> list[Record]:
    return [
        Record(topic, f"acme/{place % keys}", str(place).encode(), {"ce_id": f"e{place}"})
        for place in range(number)
    ]


async def collect(
    consumer: Consumer, number: int, *, commit: bool = True, limit: int = 100
) -> list[Delivery]:
    """Poll until `number` messages came; fails after a while."""
    found: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < number:
        assert time.monotonic() < deadline, f"{len(found)} of {number} came"
        batch = await consumer.poll(limit=limit, timeout_s=0.5)
        assert len(batch) <= limit
        found += batch
        if commit:
            await commit_all(consumer, batch)
    return found


async def commit_all(consumer: Consumer, batch: list[Delivery]) -> None:
    for delivery in {d.partition: d for d in batch}.values():
        await consumer.commit(delivery)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.05)


async def test_a_message_arrives_as_it_was_sent(events: EventLog, topic: str) -> None:
    sent = Record(topic, "acme/1", b'\x00\xff"{', {"ce_id": "1", "traceparent": "00-é"})
    await events.publish([sent])
    consumer = await events.consumer("readers", [topic])
    (got,) = await collect(consumer, 1)
    assert (got.key, got.value, dict(got.headers)) == (sent.key, sent.value, dict(sent.headers))
    assert (got.partition.topic, got.offset) == (topic, 0)
    await consumer.close()


async def test_a_key_stays_in_one_partition_and_in_order(events: EventLog, topic: str) -> None:
    sent = records(topic, 400, keys=20)
    for start in range(0, 400, 50):
        await events.publish(sent[start : start + 50])
    consumer = await events.consumer("readers", [topic])
    got = await collect(consumer, 400)
    by_key: dict[str, list[Delivery]] = {}
    for delivery in got:
        by_key.setdefault(delivery.key, []).append(delivery)
    for key, mine in by_key.items():
        assert len({d.partition for d in mine}) == 1
        assert [d.value for d in mine] == [r.value for r in sent if r.key == key]
    assert len({d.partition for d in got}) > 1
    await consumer.close()


async def test_opening_again_keeps_topics_and_messages(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 3))
    await events.open({topic: 4})
    consumer = await events.consumer("readers", [topic])
    assert len(await collect(consumer, 3)) == 3
    await consumer.close()


async def test_what_was_committed_does_not_come_again(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 40))
    first = await events.consumer("readers", [topic])
    done = await collect(first, 20, limit=10)
    await first.close()
    second = await events.consumer("readers", [topic])
    rest = await collect(second, 40 - len(done))
    assert await second.poll(limit=10, timeout_s=0.5) == []
    assert sorted(int(d.value) for d in done + rest) == list(range(40))
    await second.close()


async def test_what_was_not_committed_comes_again(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 12))
    first = await events.consumer("readers", [topic])
    await collect(first, 12, commit=False)
    await first.close()
    second = await events.consumer("readers", [topic])
    assert sorted(int(d.value) for d in await collect(second, 12)) == list(range(12))
    await second.close()


async def test_each_group_gets_everything(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 10))
    for group in ("one", "two"):
        consumer = await events.consumer(f"{group}-{topic}", [topic])
        assert len(await collect(consumer, 10)) == 10
        await consumer.close()


async def test_rewind_makes_a_message_the_next(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 6, keys=1))
    consumer = await events.consumer("readers", [topic])
    got = await collect(consumer, 6, commit=False)
    await consumer.rewind(got[2])
    again = await collect(consumer, 4)
    assert [d.value for d in again] == [b"2", b"3", b"4", b"5"]
    await consumer.close()


async def test_a_paused_partition_is_silent_until_resumed(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 4, keys=1))
    consumer = await events.consumer("readers", [topic])
    (partition,) = {d.partition for d in await collect(consumer, 4)}
    consumer.pause(partition)
    await events.publish(records(topic, 60, keys=30))
    others = await collect(consumer, 30)
    others += await consumer.poll(limit=100, timeout_s=1.0)
    assert partition not in {d.partition for d in others}
    consumer.resume(partition)
    rest = await collect(consumer, 60 - len(others))
    assert {d.partition for d in rest} == {partition}
    await consumer.close()


async def test_a_partition_that_is_not_mine_is_nobodys_trouble(
    events: EventLog, topic: str
) -> None:
    consumer = await events.consumer("readers", [topic])
    await consumer.poll(limit=1, timeout_s=1.0)
    foreign = Partition(f"{topic}-other", 0)
    consumer.pause(foreign)
    consumer.resume(foreign)
    await consumer.rewind(Delivery(foreign, 0, "k", b"", {}))
    await consumer.commit(Delivery(foreign, 0, "k", b"", {}))
    await consumer.close()


async def test_lag_counts_what_is_not_committed(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 30))
    consumer = await events.consumer("readers", [topic])
    got = await collect(consumer, 30, commit=False)
    assert sum((await consumer.lag()).values()) == 30
    await commit_all(consumer, got)
    assert sum((await consumer.lag()).values()) == 0
    await consumer.close()


async def test_members_share_the_partitions_and_lose_nothing(events: EventLog, topic: str) -> None:
    """Rebalance during a handler: a second member comes while the first is at work, then leaves."""
    await events.publish(records(topic, 200, keys=40))
    seen: dict[str, list[Delivery]] = {"first": [], "second": []}
    stop = asyncio.Event()

    async def member(name: str) -> None:
        consumer = await events.consumer("readers", [topic])
        while not stop.is_set():
            batch = await consumer.poll(limit=5, timeout_s=0.3)
            if batch:
                await asyncio.sleep(0.05)  # the handler at work
            seen[name] += batch
            await commit_all(consumer, batch)
        await consumer.close()

    first = asyncio.create_task(member("first"))

    async def first_works() -> bool:
        return len(seen["first"]) >= 10

    await eventually(first_works)
    second = asyncio.create_task(member("second"))
    published = 200

    async def second_works() -> bool:
        nonlocal published
        await events.publish(records(topic, 40, keys=40))
        published += 40
        await asyncio.sleep(0.3)
        return bool(seen["second"])

    await eventually(second_works)

    async def all_done() -> bool:
        return len({(d.partition, d.offset) for part in seen.values() for d in part}) == published

    await eventually(all_done)
    stop.set()
    await asyncio.gather(first, second)
    for name in seen:
        for partition in {d.partition for d in seen[name]}:
            offsets = [d.offset for d in seen[name] if d.partition == partition]
            assert offsets == sorted(offsets)


async def test_a_handler_in_work_is_finished_before_its_partition_moves(
    events: EventLog, topic: str
) -> None:
    await events.publish(records(topic, 8, keys=8))
    first = await events.consumer("readers", [topic])
    held = await collect(first, 8, commit=False)
    joining = asyncio.create_task(events.consumer("readers", [topic]))
    second = await joining
    polling = asyncio.create_task(second.poll(limit=100, timeout_s=3.0))
    await asyncio.sleep(1.0)  # the first is still at work; the group waits for it
    await commit_all(first, held)
    deadline = time.monotonic() + PATIENCE_S
    late = await polling
    while time.monotonic() < deadline:
        late += await second.poll(limit=100, timeout_s=0.3)
        await first.poll(limit=1, timeout_s=0.3)
        if len(await first.lag()) == 2 and len(await second.lag()) == 2:
            break
    assert late == []
    assert set(await first.lag()).isdisjoint(await second.lag())
    await first.close()
    await second.close()


async def test_commit_tells_whether_the_partition_is_still_mine(
    events: EventLog, topic: str
) -> None:
    await events.publish(records(topic, 1))
    consumer = await events.consumer("readers", [topic])
    (mine,) = await collect(consumer, 1, commit=False)
    foreign = Delivery(Partition(f"{topic}-other", 0), 0, "k", b"", {})
    assert await consumer.commit(mine) is True
    assert await consumer.commit(foreign) is False
    await consumer.close()


async def test_ends_are_after_the_last_message(events: EventLog, topic: str) -> None:
    await events.publish(records(topic, 30))
    consumer = await events.consumer("readers", [topic])
    got = await collect(consumer, 30, commit=False)
    ends = await consumer.ends()
    await consumer.close()
    last = {d.partition: d.offset + 1 for d in got}
    assert {p: end for p, end in ends.items() if end} == last
    assert len(ends) == 4


async def test_a_member_that_is_long_at_work_keeps_its_partitions(tmp_path: Path) -> None:
    """Kafka's client beats by itself; a handler works for several times the silence here."""
    log = EmbeddedEventLog(SqliteFile(tmp_path / "events.sqlite"), silent_s=0.5)
    await log.open({"thing": 4})
    await log.publish(records("thing", 8, keys=8))
    first = await log.consumer("readers", ["thing"])
    held = await collect(first, 8, commit=False)
    second = await log.consumer("readers", ["thing"])
    assert await second.poll(limit=100, timeout_s=2.0) == []
    assert await second.lag() == {}
    for delivery in held:
        assert await first.commit(delivery)
    await first.close()
    await second.close()
    await log.close()


async def test_a_member_that_fell_silent_loses_its_partitions(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    log = EmbeddedEventLog(SqliteFile(path), silent_s=0.5)
    await log.open({"thing": 4})
    await log.publish(records("thing", 8, keys=8))
    gone = await log.consumer("readers", ["thing"])
    await collect(gone, 8, commit=False)
    gone._beating.cancel()  # type: ignore[attr-defined]  its process died
    second = await log.consumer("readers", ["thing"])
    assert len(await collect(second, 8)) == 8
    await second.close()
    await log.close()


async def test_ping_answers(events: EventLog) -> None:
    await events.ping()


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
                await commit_all(consumer, batch)
            except DependencyDown:
                await asyncio.sleep(0.2)
                continue
            seen.update(int(d.value) for d in batch)

    tasks = [asyncio.create_task(send()), asyncio.create_task(receive())]

    async def works() -> bool:
        return len(acknowledged) > 20 and len(seen) > 10

    await eventually(works)
    await asyncio.to_thread(server.stop, kill=True)
    before = len(acknowledged)
    await asyncio.sleep(3.0)
    await asyncio.to_thread(server.start)

    async def goes_on() -> bool:
        return len(acknowledged) > before + 20

    await eventually(goes_on)
    sending = False
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S)
    assert acknowledged <= seen
    await consumer.close()
    await log.close()
