"""A message that kills the process is set aside, and no message that does not."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted
from shared.events.lifecycle import Lifecycle
from shared.events.progress import Marks
from shared.hosting.stores import Stores
from tests.unit.events.flow import (
    Outages,
    StruckConsumer,
    StruckDocuments,
    drain,
    letters,
    loop_of,
    opened,
    record,
)

_KILLER = """
import asyncio, os, sys
from pathlib import Path
from shared.contracts.image_events import ImageDeleted
from shared.events.consumer import ConsumerLoop
from shared.events.subscriptions import on
from shared.settings import StoreSettings
from shared.hosting.stores import Stores

data, seen, killer, pace = sys.argv[1:]

async def handler(event):
    with open(seen, "a") as file:
        file.write(event.data.image_id + "\\n")
    await asyncio.sleep(float(pace) / (6 if event.data.image_id == killer else 1))
    if event.data.image_id == killer:
        os.kill(os.getpid(), 9)

async def main():
    stores = Stores.of(StoreSettings(stores="embedded", data=Path(data)))
    await stores.documents.open([])
    await stores.events.open({})
    loop = ConsumerLoop("svc", (on(ImageDeleted, handler),), events=stores.events,
                        documents=stores.documents)
    consumer = await stores.events.consumer("svc", ["image"])
    quiet = 0
    while quiet < 2:
        quiet = 0 if await loop.step(consumer, timeout_s=0.1) else quiet + 1
    await consumer.close()
    await stores.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("partitions", "pace_s"), [(2, 0.0), (4, 0.3)])
async def test_a_message_that_kills_the_process_goes_aside_and_no_other(
    stores: Stores, tmp_path: Path, partitions: int, pace_s: float
) -> None:
    """Healthy handlers of other partitions are at work each time when the process dies."""
    await opened(stores, partitions=partitions)
    await stores.events.publish([record(n) for n in range(12)])
    seen = tmp_path / "seen"
    command = [sys.executable, "-c", _KILLER, str(tmp_path / "data"), str(seen), "I3", str(pace_s)]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    codes = []
    for _ in range(6):
        process = await asyncio.to_thread(subprocess.run, command, env=environment, check=False)
        codes.append(process.returncode)
        await _forget_members(stores)
        if process.returncode == 0:
            break
    assert codes == [-9, -9, -9, 0]
    assert set(seen.read_text().split()) == {f"I{n}" for n in range(12)}
    assert seen.read_text().split().count("I3") == 3
    (letter,) = await letters(stores)
    assert letter["dlq_detail"] == "the process died 3 times"
    assert b'"I3"' in letter["value"]


async def _forget_members(stores: Stores) -> None:
    """The dead member's leases run out by its silence; a restart need not wait for that here."""
    database = stores.events._database  # type: ignore[attr-defined]
    await database.write(lambda c: c.execute("DELETE FROM event_members"))
    await database.write(lambda c: c.execute("DELETE FROM event_leases"))


@pytest.mark.parametrize("call", ["commit", "refuse"])
async def test_a_commit_that_fails_is_no_death(stores: Stores, call: str) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(1)])
    handled = 0

    async def handler(event: Event[ImageDeleted]) -> None:
        nonlocal handled
        handled += 1

    for _ in range(5):  # each is a process of its own, that ends after the failure
        member = await stores.events.consumer("svc", ["image"])
        loop = loop_of(stores, handler)
        outcome = await asyncio.gather(
            drain(loop, StruckConsumer(member, Outages({call: 1})), rounds=1),
            return_exceptions=True,
        )
        assert ("struck" in str(outcome[0])) == (call == "commit")
        await member.close()
    member = await stores.events.consumer("svc", ["image"])
    await drain(loop_of(stores, handler), member)
    await member.close()
    assert handled == 6
    assert await letters(stores) == []


async def test_a_stop_in_the_middle_of_a_handler_is_no_death(stores: Stores) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(1), record(2)])
    begun: list[str] = []
    at_work = asyncio.Event()
    hold = True

    async def handler(event: Event[ImageDeleted]) -> None:
        begun.append(event.data.image_id)
        if hold and event.data.image_id == "I2":
            at_work.set()
            await asyncio.sleep(60)

    for _ in range(5):
        at_work.clear()
        loop = asyncio.create_task(loop_of(stores, handler).run())
        await at_work.wait()
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    hold = False
    member = await stores.events.consumer("svc", ["image"])
    await drain(loop_of(stores, handler), member)
    await member.close()
    assert begun == ["I1", *["I2"] * 6]  # what was done before a stop was committed
    assert await letters(stores) == []


async def test_a_mark_whose_reply_was_lost_is_no_death(stores: Stores) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(n) for n in range(3)])
    outages = Outages()
    documents = StruckDocuments(stores.documents, outages)
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    loop = loop_of(stores, handler, documents=documents)
    member = await stores.events.consumer("svc", ["image"])
    await drain(loop, member)
    await stores.events.publish([record(n) for n in range(3, 6)])
    outages.left["reply"] = 5
    for _ in range(20):
        await loop.step(member, timeout_s=0.02)
    await member.close()
    assert seen == [f"I{n}" for n in range(6)]
    assert await letters(stores) == []


async def test_suspects_of_two_loops_are_never_in_work_together(stores: Stores) -> None:
    """In one process, each service has its loop; one killer must not blame the other's message."""
    await opened(stores, partitions=1)
    await stores.events.publish([record(1)])
    life = Lifecycle()

    member = await stores.events.consumer("svc", ["image"])
    begun = await member.poll(limit=10, timeout_s=1)
    await Marks(stores.documents, "svc").begin(begun, alone=False)  # and that run died
    await member.close()
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    loop = loop_of(stores, handler, life=life)
    member = await stores.events.consumer("svc", ["image"])
    async with life.alone:  # a suspect of another loop is in work
        step = asyncio.create_task(loop.step(member, timeout_s=1))
        await asyncio.sleep(0.3)
        assert seen == []
    await step
    await member.close()
    assert seen == ["I1"]
