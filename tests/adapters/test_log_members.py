"""Several members of one group: they share partitions, and nothing is lost when one goes."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.events.embedded import EmbeddedEventLog
from shared.events.port import Delivery, EventLog, Partition
from shared.sqlite import SqliteFile
from tests.adapters.log_reading import collect, commit_all, records
from tests.running import HANG_S, until


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

    await until(first_works)
    second = asyncio.create_task(member("second"))
    published = 200

    async def second_works() -> bool:
        nonlocal published
        await events.publish(records(topic, 40, keys=40))
        published += 40
        await asyncio.sleep(0.3)
        return bool(seen["second"])

    await until(second_works)

    async def all_done() -> bool:
        return len({(d.partition, d.offset) for part in seen.values() for d in part}) == published

    await until(all_done)
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
    deadline = time.monotonic() + HANG_S
    late = await polling
    while time.monotonic() < deadline:
        late += await second.poll(limit=100, timeout_s=0.3)
        await first.poll(limit=1, timeout_s=0.3)
        if len((await first.uncommitted()).lag) == 2 and len((await second.uncommitted()).lag) == 2:
            break
    assert late == []
    assert set((await first.uncommitted()).lag).isdisjoint((await second.uncommitted()).lag)
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


async def test_a_member_that_is_long_at_work_keeps_its_partitions(tmp_path: Path) -> None:
    """Kafka's client beats by itself; a handler works for several times the silence here."""
    log = EmbeddedEventLog(SqliteFile(tmp_path / "events.sqlite"), silent_s=0.5)
    await log.open({"thing": 4})
    await log.publish(records("thing", 8, keys=8))
    first = await log.consumer("readers", ["thing"])
    held = await collect(first, 8, commit=False)
    second = await log.consumer("readers", ["thing"])
    assert await second.poll(limit=100, timeout_s=2.0) == []
    assert (await second.uncommitted()).lag == {}
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


@pytest.mark.parametrize("ahead_s", [86_400.0, 1_700_000_000.0])
async def test_a_member_whose_heartbeat_lies_ahead_holds_nothing(
    tmp_path: Path, ahead_s: float
) -> None:
    """It beat before the machine started anew, or by a clock that was wrong."""
    database = SqliteFile(tmp_path / "events.sqlite")
    log = EmbeddedEventLog(database, silent_s=30)
    await log.open({"thing": 4})
    await log.publish(records("thing", 8, keys=8))
    gone = await log.consumer("readers", ["thing"])
    await collect(gone, 8, commit=False)
    await database.write(
        lambda c: c.execute("UPDATE event_members SET seen=?", (time.monotonic() + ahead_s,))
    )
    second = await log.consumer("readers", ["thing"])
    assert len(await collect(second, 8)) == 8
    await gone.close()
    await second.close()
    await log.close()


async def test_a_member_of_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "events.sqlite")
    log = EmbeddedEventLog(database, silent_s=10_000)
    await log.open({"thing": 4})
    await log.publish(records("thing", 8, keys=8))
    code = (
        "import asyncio, sys; from pathlib import Path; from shared.sqlite import SqliteFile;"
        "from shared.events.embedded import EmbeddedEventLog\n"
        "async def main():\n"
        "    log = EmbeddedEventLog(SqliteFile(Path(sys.argv[1])), silent_s=10_000)\n"
        "    await log.open({'thing': 4})\n"
        "    one = await log.consumer('readers', ['thing'])\n"
        "    print(len(await one.poll(limit=100, timeout_s=60)), flush=True)\n"
        "    import os; os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path / "events.sqlite"), stdout=subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert int(said) > 0
    second = await log.consumer("readers", ["thing"])
    assert len(await collect(second, 8)) == 8
    await second.close()
    await log.close()


async def test_what_nobody_has_is_told_of(tmp_path: Path) -> None:
    """A group that is behind is seen by a member that has no partition, too."""
    log = EmbeddedEventLog(SqliteFile(tmp_path / "events.sqlite"), silent_s=10_000)
    await log.open({"thing": 1})
    first = await log.consumer("readers", ["thing"])
    assert await first.poll(limit=1, timeout_s=0) == []
    second = await log.consumer("readers", ["thing"])
    assert await second.poll(limit=1, timeout_s=0) == []
    assert (await second.uncommitted()).behind == {}
    await log.publish(records("thing", 3))
    assert (await second.uncommitted()).behind == {Partition("thing", 0): 0}
    got = await collect(first, 3, commit=False)
    await first.commit(got[0])
    assert (await second.uncommitted()).behind == {Partition("thing", 0): 1}
    await first.close()
    await second.close()
    await log.close()
