"""Events wait in their document's outbox until they are drained, on SQLite and on MongoDB."""

import asyncio

import pytest

from shared.contracts.envelope import unpack
from shared.documents.port import Collection, Documents
from shared.errors import AlreadyExists, NotFound, VersionConflict
from tests.adapters.things import OTHER, THINGS, Thing, ThingChanged, thing


async def test_events_wait_in_order_and_are_drained_exactly(
    things: Collection[Thing], documents: Documents
) -> None:
    first = await things.insert(
        thing(1),
        events=[ThingChanged(step=1, by_label={"a.b": 1, "$x": 2}), ThingChanged(step=2)],
    )
    assert documents.outbox_written.is_set()
    (box,) = await documents.outboxes(["test.things"], 10)
    assert (box.tenant, box.document_id) == ("acme", "T0001")
    opened = [unpack(ThingChanged, event.value_bytes()) for event in box.events]
    assert [event.data.step for event in opened] == [1, 2]
    assert opened[0].data.by_label == {"a.b": 1, "$x": 2}
    assert [event.sequence for event in opened] == [1, 1]
    assert {event.key for event in box.events} == {"acme/T0001"}
    # What is written while the relay publishes stays.
    await things.replace(first, events=[ThingChanged(step=3)])
    await documents.drain([box])
    (rest,) = await documents.outboxes(["test.things"], 10)
    assert [unpack(ThingChanged, e.value_bytes()).data.step for e in rest.events] == [3]
    await documents.drain([rest])
    await documents.drain([rest, box])
    assert await documents.outboxes(["test.things"], 10) == []
    assert await documents.outbox_depth(["test.things"]) == 0
    assert (await things.get("T0001")).version == 2


async def test_many_events_of_many_versions_keep_their_order(
    things: Collection[Thing], documents: Documents
) -> None:
    current = await things.insert(thing(1), events=[ThingChanged(step=0)])
    for step in range(1, 30, 2):
        current = await things.replace(
            current, events=[ThingChanged(step=step), ThingChanged(step=step + 1)]
        )
    (box,) = await documents.outboxes(["test.things"], 10)
    steps = [unpack(ThingChanged, event.value_bytes()).data.step for event in box.events]
    assert steps == list(range(31))


async def test_documents_that_hold_many_events_come_a_few_at_a_time(
    things: Collection[Thing], documents: Documents
) -> None:
    for number in range(6):
        events = [ThingChanged(step=step) for step in range(4)]
        await things.insert(thing(number), events=events)
    seen = []
    while boxes := await documents.outboxes(["test.things"], 7):
        assert sum(len(box.events) for box in boxes) < 7 + 4
        seen += [box.document_id for box in boxes]
        await documents.drain(boxes)
    assert seen == [f"T{number:04d}" for number in range(6)]


async def test_a_refused_write_leaves_no_event(
    things: Collection[Thing], documents: Documents
) -> None:
    first = await things.insert(thing(1, code="k"))
    await things.replace(first)
    with pytest.raises(VersionConflict):
        await things.replace(first, events=[ThingChanged(step=1)])
    with pytest.raises(AlreadyExists):
        await things.insert(thing(2, code="k"), events=[ThingChanged(step=2)])
    assert await documents.outboxes(["test.things"], 10) == []


async def test_the_longest_waiting_outboxes_come_first_and_limited(
    things: Collection[Thing], documents: Documents
) -> None:
    for number in (3, 1, 2):
        await things.insert(thing(number), events=[ThingChanged(step=number)])
        await asyncio.sleep(0.002)
    boxes = await documents.outboxes(["test.things"], 2)
    assert [box.document_id for box in boxes] == ["T0003", "T0001"]
    assert await documents.outbox_depth(["test.things"]) == 3


async def test_a_deleted_document_is_hidden_at_once_and_gone_when_drained(
    things: Collection[Thing], documents: Documents
) -> None:
    first = await things.insert(thing(1), events=[ThingChanged(step=1)])
    await things.delete(first, events=[ThingChanged(step=2)])
    assert await things.find("T0001") is None
    assert await things.count() == 0
    with pytest.raises(NotFound):
        await things.replace(first)
    (box,) = await documents.outboxes(["test.things"], 10)
    assert [unpack(ThingChanged, e.value_bytes()).data.step for e in box.events] == [1, 2]
    await documents.drain([box])
    again = await things.insert(thing(1, name="new life"))
    assert again.version == 1


async def test_a_document_deleted_without_events_is_gone_at_once(
    things: Collection[Thing],
) -> None:
    await things.delete(await things.insert(thing(1)))
    assert (await things.insert(thing(1, name="again"))).version == 1


async def test_a_silent_delete_waits_for_events_of_earlier_changes(
    things: Collection[Thing], documents: Documents
) -> None:
    await things.delete(await things.insert(thing(1), events=[ThingChanged(step=1)]))
    assert await things.find("T0001") is None
    (box,) = await documents.outboxes(["test.things"], 10)
    await documents.drain([box])
    await things.insert(thing(1))
    assert await documents.outbox_depth(["test.things"]) == 0


async def test_writers_and_a_relay_lose_no_event(
    things: Collection[Thing], documents: Documents
) -> None:
    published: list[tuple[str, int]] = []
    writing = True

    async def write(number: int) -> None:
        current = await things.insert(thing(number), events=[ThingChanged(step=0)])
        for step in range(1, 12):
            current = await things.replace(current, events=[ThingChanged(step=step)])

    async def relay() -> None:
        while writing or await documents.outbox_depth(["test.things"]):
            boxes = await documents.outboxes(["test.things"], 4)
            for box in boxes:
                for event in box.events:
                    step = unpack(ThingChanged, event.value_bytes()).data.step
                    published.append((box.document_id, step))
            await documents.drain(boxes)
            await asyncio.sleep(0.001)

    task = asyncio.create_task(relay())
    await asyncio.gather(*(write(number) for number in range(6)))
    writing = False
    await task
    for number in range(6):
        steps = [step for document_id, step in published if document_id == f"T{number:04d}"]
        assert steps == list(range(12))


async def test_everything_of_a_tenant_can_be_read_whatever_it_is(
    things: Collection[Thing], documents: Documents
) -> None:
    for number in range(1200):
        await things.insert(thing(number, name=f"n{number}", tally={"a.b": number}))
    gone = await things.insert(thing(2000, name="gone"))
    await things.delete(gone, events=[ThingChanged(step=7)])
    others = documents.collection(THINGS, OTHER)
    await others.insert(thing(1, "other"))
    found = [text async for text in documents.texts("acme")]
    assert {text.collection for text in found} == {"test.things"}
    bodies = {str(text.body.get("name")): text.body for text in found}
    assert {f"n{number}" for number in range(1200)} <= bodies.keys()
    assert bodies["n7"]["tally"] == {"a.b": 7}
    assert ['"step":7' in told for text in found for told in text.told] == [True]
