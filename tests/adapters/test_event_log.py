"""The event log port's promises, on SQLite and on a Kafka broker."""

from shared.events.port import Delivery, EventLog, Partition, Record
from tests.adapters.log_reading import collect, commit_all, records


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
    assert sum((await consumer.uncommitted()).lag.values()) == 30
    assert set((await consumer.uncommitted()).behind.values()) == {0}
    await commit_all(consumer, got)
    assert sum((await consumer.uncommitted()).lag.values()) == 0
    assert (await consumer.uncommitted()).behind == {}
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


async def test_ping_answers(events: EventLog) -> None:
    await events.ping()
