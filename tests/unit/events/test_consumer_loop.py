"""The consumer loop's promises, on the embedded stores."""

import asyncio
from typing import Any

from shared.contracts.envelope import Event
from shared.contracts.image_events import ImageDeleted
from shared.errors import DependencyDown, InvalidInput, VersionConflict
from shared.events.dead_letters import replay
from shared.events.handler import HandlingLimits
from shared.events.lifecycle import Lifecycle
from shared.hosting.stores import Stores
from tests.unit.events.flow import (
    QUICK,
    Handler,
    Outages,
    StruckDocuments,
    drain,
    letters,
    loop_of,
    opened,
    record,
)


async def consume(
    stores: Stores, *handlers: Handler, rounds: int = 40, limits: HandlingLimits = QUICK
) -> None:
    """Run the loop as one process would, until nothing comes any more."""
    consumer = await stores.events.consumer("svc", ["image"])
    await drain(loop_of(stores, *handlers, limits=limits), consumer, rounds=rounds)
    await consumer.close()


async def test_every_event_reaches_its_handler_in_order_of_its_key(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(n) for n in range(300)])
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    await consume(stores, handler)
    assert sorted(seen) == sorted(f"I{n}" for n in range(300))
    assert await letters(stores) == []


async def test_handlers_of_one_event_run_in_the_order_of_the_table(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])
    seen: list[str] = []

    async def first(event: Event[ImageDeleted]) -> None:
        seen.append("first")

    async def second(event: Event[ImageDeleted]) -> None:
        seen.append("second")
        if len(seen) < 4:
            raise RuntimeError("not yet")

    await consume(stores, first, second)
    assert seen == ["first", "second"] * 2
    assert await letters(stores) == []


async def test_a_handler_that_refuses_keeps_the_later_ones_from_running(stores: Stores) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])
    ran: list[str] = []

    async def refuse(event: Event[ImageDeleted]) -> None:
        raise InvalidInput("never")

    async def later(event: Event[ImageDeleted]) -> None:
        ran.append("later")

    await consume(stores, refuse, later)
    assert ran == []
    assert len(await letters(stores)) == 1


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


async def test_a_dependency_that_is_down_burns_nothing(stores: Stores) -> None:
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


async def test_a_handler_that_hangs_waits_and_is_set_aside_only_after_many_waits(
    stores: Stores,
) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(1), record(2)])
    hangs, begun = 3, []

    async def handler(event: Event[ImageDeleted]) -> None:
        begun.append(event.data.image_id)
        if event.data.image_id == "I1" and begun.count("I1") <= hangs:
            await asyncio.sleep(60)

    slow = HandlingLimits(handler_s=0.05, pauses_s=(0.01,), most_overruns=5)
    await consume(stores, handler, limits=slow)
    assert begun == ["I1", "I1", "I1", "I1", "I2"]
    assert await letters(stores) == []
    hangs, begun = 100, []
    await stores.events.publish([record(1), record(3)])
    for _ in range(5):  # the count outlives the process
        await consume(stores, handler, rounds=2, limits=slow)
    await consume(stores, handler, limits=slow)
    assert begun == ["I1"] * 5 + ["I3"]
    (letter,) = await letters(stores)
    assert letter["dlq_detail"] == "not handled within 0.05 s, 5 times"


async def test_a_time_out_inside_the_handler_is_an_unknown_error_with_a_cause(
    stores: Stores,
) -> None:
    await opened(stores)
    await stores.events.publish([record(1)])

    async def handler(event: Event[ImageDeleted]) -> None:
        raise TimeoutError

    await consume(stores, handler)
    (letter,) = await letters(stores)
    assert (letter["dlq_error"], letter["dlq_detail"]) == ("TimeoutError", "TimeoutError")


async def test_marks_that_cannot_be_stored_pause_the_partition(stores: Stores) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(1)])
    outages = Outages({"find": 3})
    documents = StruckDocuments(stores.documents, outages)
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    loop = loop_of(stores, handler, documents=documents)
    member = await stores.events.consumer("svc", ["image"])
    assert await loop.step(member, timeout_s=1) == 1  # nothing escapes
    assert await loop.step(member, timeout_s=0) == 0  # the partition is paused
    await drain(loop, member)
    await member.close()
    assert outages.left["find"] == 0
    assert seen == ["I1"]


async def test_a_mark_that_somebody_else_wrote_is_read_again(stores: Stores) -> None:
    await opened(stores, partitions=1)
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)

    one, two = (loop_of(stores, handler) for _ in range(2))
    for number, loop in enumerate((one, two, one, two, one)):
        member = await stores.events.consumer("svc", ["image"])
        await stores.events.publish([record(number)])
        await drain(loop, member)
        await member.close()
    assert seen == [f"I{n}" for n in range(5)]


async def test_a_long_batch_gives_way_to_the_next_poll(stores: Stores) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(n) for n in range(6)])
    seen: list[str] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        seen.append(event.data.image_id)
        await asyncio.sleep(0.02)

    loop = loop_of(stores, handler, limits=HandlingLimits(batch_s=0.0))
    member = await stores.events.consumer("svc", ["image"])
    done = []
    for _ in range(6):
        await loop.step(member, timeout_s=1)
        done.append((len(seen), sum((await member.uncommitted()).lag.values())))
    await member.close()
    assert done == [(n, 6 - n) for n in range(1, 7)]
    assert seen == [f"I{n}" for n in range(6)]


async def test_polls_and_finished_messages_are_signs_of_life(stores: Stores) -> None:
    await opened(stores, partitions=1)
    await stores.events.publish([record(1), record(2)])
    now = 0.0
    life = Lifecycle(clock=lambda: now)
    silent: list[list[str]] = []

    async def handler(event: Event[ImageDeleted]) -> None:
        nonlocal now
        now += 50  # each alone is in time, both together are not
        silent.append(life.silent())

    loop = loop_of(stores, handler, life=life)
    member = await stores.events.consumer("svc", ["image"])
    await loop.step(member, timeout_s=1)
    assert silent == [[], []]
    now += 61
    assert life.silent() == ["svc"]
    await loop.step(member, timeout_s=0)
    assert life.silent() == []
    await member.close()


async def test_a_loop_that_is_cancelled_while_the_log_is_gone_ends(stores: Stores) -> None:
    """An error of closing the member must not stand for the cancellation: it would go on."""
    await opened(stores)
    polling = asyncio.Event()

    class Gone:
        async def poll(self, **_: Any) -> list[Any]:
            polling.set()
            await asyncio.Event().wait()
            return []

        async def close(self) -> None:
            raise DependencyDown("the log is closed")

    class Log:
        async def consumer(self, *_: Any) -> Gone:
            return Gone()

    running = asyncio.create_task(loop_of(stores, events=Log()).run())
    await polling.wait()
    running.cancel()
    ended, _ = await asyncio.wait({running}, timeout=10)
    running.cancel()  # else a loop that goes on holds up the end of the test
    assert ended
    assert running.cancelled()
