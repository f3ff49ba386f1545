"""The consumer loop's promises, on the embedded stores."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.envelope import Event, EventStamp, pack
from shared.contracts.image_events import ImageDeleted
from shared.errors import DependencyDown, InvalidInput, VersionConflict
from shared.events.consumer import ConsumerLoop
from shared.events.dead_letters import replay
from shared.events.port import Record
from shared.events.progress import progress_spec
from shared.events.subscriptions import on
from shared.stores import Stores, with_dead_letters

TOPICS = with_dead_letters({"image": 2})
Handler = Callable[[Event[ImageDeleted]], Awaitable[None]]


def record(number: int, *, value: bytes | None = None) -> Record:
    body = ImageDeleted(project_id="P", image_id=f"I{number}")
    event = pack([body], EventStamp.of("t", f"I{number}", 1))[0]
    return Record("image", event.key, value or event.value_bytes(), event.headers())


async def opened(stores: Stores) -> Stores:
    await stores.documents.open([progress_spec("svc")])
    await stores.events.open(TOPICS)
    return stores


async def consume(stores: Stores, handler: Handler, *, rounds: int = 20) -> None:
    """Run the loop until nothing comes for two rounds."""
    loop = ConsumerLoop(
        "svc", (on(ImageDeleted, handler),), events=stores.events, documents=stores.documents
    )
    consumer = await stores.events.consumer("svc", ["image"])
    quiet = 0
    for _ in range(rounds):
        loop._resume_due(consumer)
        quiet = 0 if await loop.step(consumer, timeout_s=0.05) else quiet + 1
        if quiet == 2:
            break
    await consumer.close()


async def letters(stores: Stores) -> list[dict[str, Any]]:
    consumer = await stores.events.consumer("look", ["image.dlq"])
    found = await consumer.poll(limit=100, timeout_s=0.2)
    await consumer.close()
    return [{**d.headers, "value": d.value} for d in found]


async def test_every_event_reaches_its_handler_in_order_of_its_key(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(n) for n in range(300)])
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    await consume(stores, handler)
    assert sorted(seen) == sorted(f"I{n}" for n in range(300))
    assert await letters(stores) == []


async def test_what_is_committed_does_not_come_again(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(n) for n in range(5)])
    counts: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        counts.append(event.data.image_id)

    await consume(stores, handler)
    await consume(stores, handler)
    assert len(counts) == 5


async def test_an_unparsable_message_goes_aside_whole_and_the_rest_goes_on(
    stores: Stores,
) -> None:
    await opened(stores)
    bad = b'{"half": '
    await stores.events.publish([record(1), record(2, value=bad), record(3)])
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    await consume(stores, handler)
    assert sorted(seen) == ["I1", "I3"]
    (letter,) = await letters(stores)
    assert letter["value"] == bad
    assert (letter["dlq_error"], letter["dlq_service"]) == ("InvalidInput", "svc")


async def test_a_permanent_error_is_not_tried_again(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])
    tries: list[int] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        tries.append(1)
        raise InvalidInput("never")

    await consume(stores, handler)
    assert len(tries) == 1
    assert len(await letters(stores)) == 1


async def test_an_unknown_error_is_tried_three_times(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])
    tries: list[int] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        tries.append(1)
        raise RuntimeError("odd")

    await consume(stores, handler)
    assert len(tries) == 3
    assert [letter["dlq_error"] for letter in await letters(stores)] == ["RuntimeError"]


async def test_a_lost_race_is_tried_until_it_is_won(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])
    tries: list[int] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        tries.append(1)
        if len(tries) < 8:
            raise VersionConflict("somebody was first")

    await consume(stores, handler)
    assert len(tries) == 8
    assert await letters(stores) == []


async def test_a_dependency_that_is_down_burns_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.events.consumer._PAUSE_S", (0.01,))
    await opened(stores)
    await stores.events.publish([record(n) for n in range(20)])
    down = True
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        if down:
            raise DependencyDown("the store sleeps")
        seen.append(event.data.image_id)

    await consume(stores, handler, rounds=6)
    down = False
    await consume(stores, handler)
    assert sorted(seen) == sorted(f"I{n}" for n in range(20))
    assert len(seen) == 20
    assert await letters(stores) == []


async def test_dead_letters_go_back_once_and_twice_is_harmless(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(n) for n in range(4)])
    broken = True
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        if broken:
            raise InvalidInput("not yet")
        seen.append(event.data.image_id)

    await consume(stores, handler)
    broken = False
    looked = await replay(stores.events, "image", dry_run=True)
    some = await replay(stores.events, "image", wanted=lambda d: d.key != "t/I0")
    rest = await replay(stores.events, "image")
    again = await replay(stores.events, "image")
    await consume(stores, handler)
    assert (looked.published, some.published, some.kept, rest.published, again.published) == (
        4,
        3,
        1,
        1,
        0,
    )
    assert sorted(seen) == ["I0", "I1", "I2", "I3"]


_KILLER = """
import asyncio, os, sys
from pathlib import Path
from shared.contracts.image_events import ImageDeleted
from shared.events.consumer import ConsumerLoop
from shared.events.subscriptions import on
from shared.settings import StoreSettings
from shared.stores import Stores

async def handler(event):
    with open(sys.argv[2], "a") as seen:
        seen.write(event.data.image_id + "\\n")
    if event.data.image_id == "I3":
        os.kill(os.getpid(), 9)

async def main():
    stores = Stores.of(StoreSettings(stores="embedded", data=Path(sys.argv[1])))
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


async def test_a_message_that_kills_the_process_ends_in_the_dead_letters(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(stores)
    await stores.events.publish([record(n) for n in range(6)])
    seen = tmp_path / "seen"
    command = [sys.executable, "-c", _KILLER, str(tmp_path / "data"), str(seen)]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    codes = []
    for _ in range(6):
        # The dead member's leases run out by its silence; a restart need not wait for that here.
        process = await asyncio.to_thread(subprocess.run, command, env=environment, check=False)
        codes.append(process.returncode)
        await _forget_members(stores)
        if process.returncode == 0:
            break
    assert codes == [-9, -9, -9, 0]
    assert set(seen.read_text().split()) == {f"I{n}" for n in range(6)}
    (letter,) = await letters(stores)
    assert letter["dlq_detail"] == "the process died 3 times"


async def _forget_members(stores: Stores) -> None:
    database = stores.events._database  # type: ignore[attr-defined]
    await database.write(lambda c: c.execute("DELETE FROM event_members"))
    await database.write(lambda c: c.execute("DELETE FROM event_leases"))
