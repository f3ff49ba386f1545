"""The whole event path on both kinds of stores: outbox → relay → log → consumer loop → effect."""

import asyncio

from shared.contracts.envelope import Event
from shared.errors import DependencyDown, InvalidInput
from shared.events.dead_letters import replay
from shared.events.port import Record
from shared.telemetry import ContinuedTrace, traceparent
from tests.adapters.counting import Counted, Flow, consuming
from tests.running import until


async def test_every_change_reaches_the_read_model(flow: Flow) -> None:
    async with consuming(flow, flow.subscriptions(flow.note)):
        await asyncio.gather(*(flow.count(f"c{n}", 10) for n in range(8)))

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(8)] == [10] * 8

        await until(all_seen)
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

        await until(came)
    assert seen[0].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_a_poison_message_goes_aside_and_its_neighbours_go_on(flow: Flow) -> None:
    await flow.events.publish(
        [Record(flow.topic, "acme/p", b'{"half', {"ce_id": "x", "ce_type": Counted.type})]
    )
    async with consuming(flow, flow.subscriptions(flow.note)):
        await flow.count("p", 3)

        async def past_it() -> bool:
            return await flow.seen("p") == 3

        await until(past_it)

        async def set_aside() -> bool:
            return len(await flow.letters()) == 1

        await until(set_aside)
    (letter,) = await flow.letters()
    assert letter.value == b'{"half'
    assert letter.headers["dlq_error"] == "InvalidInput"
    assert letter.headers["dlq_topic"] == flow.topic


async def test_a_dependency_that_is_down_delays_and_burns_nothing(flow: Flow) -> None:
    down, tried = True, list[str]()

    async def handler(event: Event[Counted]) -> None:
        tried.append(event.id)
        if down:
            raise DependencyDown("asleep")
        await flow.note(event)

    async with consuming(flow, flow.subscriptions(handler)):
        await asyncio.gather(*(flow.count(f"c{n}", 5) for n in range(6)))
        await until(lambda: len(tried) > len(set(tried)))  # one came again
        down = False

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(6)] == [5] * 6

        await until(all_seen)
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

        await until(all_dead)
        broken = False
        assert (await replay(flow.events, flow.topic, dry_run=True)).published == 3
        assert await flow.seen("a") == 0
        assert (await replay(flow.events, flow.topic)).published == 3

        async def healed() -> bool:
            return (await flow.seen("a"), await flow.seen("b")) == (2, 1)

        await until(healed)
        assert (await replay(flow.events, flow.topic)).published == 0


async def test_members_come_and_go_and_every_effect_happens(flow: Flow) -> None:
    stop = asyncio.Event()
    written = 0

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await asyncio.gather(*(flow.count(f"c{n}", 1) for n in range(5)))
            written += 1
            await asyncio.sleep(0.02)

    helped: list[str] = []

    async def help_out(event: Event[Counted]) -> None:
        await flow.note(event)
        helped.append(event.id)

    newcomer = flow.subscriptions(help_out)
    async with consuming(flow, flow.subscriptions(flow.note)):
        writing = asyncio.create_task(write())
        for _ in range(2):
            before = len(helped)
            async with consuming(flow, newcomer, newcomer):
                await until(lambda before=before: len(helped) > before)
        stop.set()
        await writing

        async def all_seen() -> bool:
            return [await flow.seen(f"c{n}") for n in range(5)] == [written] * 5

        await until(all_seen)
    assert await flow.letters() == []
