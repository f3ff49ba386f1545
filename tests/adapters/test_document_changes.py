"""What every collection makes of single writes: changing under races, walking, clearing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.envelope import unpack
from shared.documents.port import (
    Collection,
    Documents,
    Query,
    Remove,
    Sort,
    Write,
)
from shared.errors import AlreadyExists, InvalidInput, NotFound, VersionConflict
from tests.adapters.things import ACME, THINGS, Thing, ThingChanged


@pytest.fixture
async def boxes(documents: Documents) -> Collection[Thing]:
    await documents.open([THINGS])
    return documents.collection(THINGS, ACME)


def box(box_id: str = "B1", **fields: Any) -> Thing:
    return Thing(id=box_id, tenant="acme", **({"size": 0} | fields))


def to(value: int) -> Callable[[Thing], Thing]:
    return lambda old: old.model_copy(update={"size": value})


def one_more(old: Thing) -> Write[Thing]:
    value = old.size + 1
    return Write(old.model_copy(update={"size": value}), [ThingChanged(step=value)])


async def waiting_events(documents: Documents) -> list[int]:
    outboxes = await documents.outboxes([THINGS.name], 100)
    return [
        unpack(ThingChanged, event.value_bytes()).data.step
        for outbox in outboxes
        for event in outbox.events
    ]


async def test_a_change_stores_what_the_edit_returns(boxes: Collection[Thing]) -> None:
    await boxes.insert(box())
    assert await boxes.change("B1", to(5)) == box(version=2, size=5)
    assert await boxes.get("B1") == box(version=2, size=5)


async def test_fifty_changes_at_once_all_count_and_all_tell(
    boxes: Collection[Thing], documents: Documents
) -> None:
    await asyncio.gather(*(boxes.change("B1", one_more, new=box()) for _ in range(50)))
    assert await boxes.get("B1") == box(version=50, size=50)
    assert sorted(await waiting_events(documents)) == list(range(1, 51))


async def test_an_edit_may_wait_for_something(boxes: Collection[Thing]) -> None:
    async def edit(old: Thing) -> Thing:
        await boxes.ensure(box("B2"))
        return to(3)(old)

    assert (await boxes.change("B1", edit, new=box())).size == 3
    assert await boxes.count() == 2


async def test_an_absent_document_is_not_found_unless_a_new_one_is_given(
    boxes: Collection[Thing],
) -> None:
    with pytest.raises(NotFound, match="no thing B1"):
        await boxes.change("B1", to(5))
    assert await boxes.change("B1", to(5), new=box()) == box(version=1, size=5)


async def test_a_new_document_that_the_edit_leaves_as_it_is_is_stored(
    boxes: Collection[Thing],
) -> None:
    assert (await boxes.change("B1", lambda old: old, new=box())).version == 1


async def test_none_leaves_a_document_and_its_absence(boxes: Collection[Thing]) -> None:
    assert (await boxes.change("B1", lambda _: None, new=box())).version == 0
    assert await boxes.find("B1") is None
    await boxes.insert(box())
    assert (await boxes.change("B1", lambda _: None)).version == 1


async def test_what_equals_the_stored_document_is_written_only_for_its_events(
    boxes: Collection[Thing],
) -> None:
    await boxes.insert(box(size=5))
    assert (await boxes.change("B1", to(5))).version == 1
    told = await boxes.change("B1", lambda old: Write(old, [ThingChanged(step=5)]))
    assert told.version == 2


async def test_a_removal_takes_the_document_and_its_events_go_out(
    boxes: Collection[Thing], documents: Documents
) -> None:
    await boxes.insert(box())
    gone = await boxes.change("B1", lambda old: Remove([ThingChanged(step=9)]))
    assert gone == box(version=1)
    assert await boxes.find("B1") is None
    assert await waiting_events(documents) == [9]


async def test_removing_what_is_gone_is_not_found(boxes: Collection[Thing]) -> None:
    await boxes.insert(box())

    async def edit(old: Thing) -> Remove:
        await boxes.delete(old)
        return Remove()

    with pytest.raises(NotFound):
        await boxes.change("B1", edit)
    assert (await boxes.change("B1", lambda _: Remove(), new=box())).version == 0


async def test_an_expected_version_guards_against_what_others_wrote(
    boxes: Collection[Thing],
) -> None:
    await boxes.change("B1", to(1), new=box(), expected=0)
    await boxes.change("B1", to(2), expected=1)
    for stale in (0, 1, 3):
        with pytest.raises(VersionConflict, match="thing was changed by somebody else; read it"):
            await boxes.change("B1", to(3), new=box(), expected=stale)
    assert (await boxes.get("B1")).size == 2


async def test_of_changes_that_expect_one_version_exactly_one_happens(
    boxes: Collection[Thing],
) -> None:
    await boxes.insert(box())
    outcomes = await asyncio.gather(
        *(boxes.change("B1", to(n), expected=1) for n in range(1, 9)), return_exceptions=True
    )
    assert sum(isinstance(outcome, VersionConflict) for outcome in outcomes) == 7
    assert (await boxes.get("B1")).version == 2


async def test_an_edit_starts_again_when_the_document_vanishes_under_it(
    boxes: Collection[Thing],
) -> None:
    await boxes.insert(box(size=7))
    seen: list[int] = []

    async def edit(old: Thing) -> Thing:
        if not seen:
            await boxes.delete(old)
        seen.append(old.size)
        return to(old.size + 1)(old)

    assert await boxes.change("B1", edit, new=box(size=1)) == box(version=1, size=2)
    assert seen == [7, 1]


async def test_what_is_known_spares_the_read_and_its_write_proves_it(
    boxes: Collection[Thing],
) -> None:
    stored = await boxes.insert(box(size=1))
    believed = to(7)(stored)
    assert await boxes.change("B1", one_more, known=believed) == box(version=2, size=8)
    for edit, value in ((one_more, 9), (lambda old: old, 9)):  # known is stale by now
        assert (await boxes.change("B1", edit, known=believed)).size == value
    assert (await boxes.change("B1", lambda _: None, known=believed)) == believed
    gone = await boxes.insert(box("B2"))
    await boxes.delete(gone)
    with pytest.raises(NotFound):
        await boxes.change("B2", to(3), known=gone)
    anew = box("B2", version=1, size=3)
    assert await boxes.change("B2", to(3), new=box("B2"), known=gone) == anew


async def test_endless_interference_ends_with_a_clear_word(boxes: Collection[Thing]) -> None:
    await boxes.insert(box())

    async def edit(old: Thing) -> Thing:
        await boxes.replace(to(old.size + 1)(old))
        return to(-1)(old)

    with pytest.raises(VersionConflict, match="B1 changes too fast"):
        await boxes.change("B1", edit)


async def test_errors_of_the_edit_end_the_change(boxes: Collection[Thing]) -> None:
    await boxes.insert(box())

    def refuse(_: Thing) -> Thing:
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        await boxes.change("B1", refuse)
    assert (await boxes.get("B1")).version == 1


async def test_a_taken_key_is_no_race(boxes: Collection[Thing]) -> None:
    await boxes.insert(box("B1", code="x"))
    await boxes.insert(box("B2"))
    with pytest.raises(AlreadyExists):
        await boxes.change("B2", lambda old: old.model_copy(update={"code": "x"}))
    with pytest.raises(AlreadyExists):
        await boxes.ensure(box("B3", code="x"))


async def test_an_edit_must_stay_with_its_document(boxes: Collection[Thing]) -> None:
    await boxes.insert(box())
    with pytest.raises(ValueError, match="made B2 of B1"):
        await boxes.change("B1", lambda _: box("B2"))


async def test_ensuring_fifty_times_stores_once(
    boxes: Collection[Thing], documents: Documents
) -> None:
    made = await asyncio.gather(
        *(boxes.ensure(box(size=n), events=[ThingChanged(step=n)]) for n in range(50))
    )
    assert len({document.size for document in made}) == 1
    assert await waiting_events(documents) == [made[0].size]


async def test_a_walk_meets_every_document_once_in_order(boxes: Collection[Thing]) -> None:
    for number in range(25):
        await boxes.insert(box(f"B{number:02d}", size=number // 3, tally={"depth": number % 4}))
    by_id = [b.id async for b in boxes.walk()]
    assert by_id == [f"B{number:02d}" for number in range(25)]
    for sort in (Sort("size", -1), Sort("tally.depth"), Sort("code"), Sort("id", -1)):
        expected = [b.id for b in await boxes.query(Query(sort=sort, limit=100))]
        assert [b.id async for b in boxes.walk(Query(sort=sort, limit=4))] == expected
        assert len(set(expected)) == 25


async def test_a_walk_may_remove_what_it_meets(boxes: Collection[Thing]) -> None:
    for number in range(10):
        await boxes.insert(box(f"B{number}", size=1))
    async for met in boxes.walk(Query(where={"size": 1}, limit=3)):
        await boxes.delete(met)
    assert await boxes.count() == 0


async def test_clearing_goes_by_steps_until_nothing_matches(boxes: Collection[Thing]) -> None:
    for number in range(10):
        await boxes.insert(box(f"B{number}", size=number % 2))
    assert [await boxes.clear({"size": 1}, most=3) for _ in range(3)] == [3, 2, 0]
    assert await boxes.count() == 5
