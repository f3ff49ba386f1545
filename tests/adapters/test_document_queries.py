"""What the document port finds, counts and pages, on SQLite and on a MongoDB server."""

import asyncio
from typing import Any

import pytest

from shared.documents.port import (
    Collection,
    Contains,
    Cursor,
    Documents,
    Has,
    In,
    Not,
    Query,
    Range,
    Sort,
)
from shared.errors import InvalidInput
from tests.adapters.things import OTHER, THINGS, Colour, Thing, thing

FILTERS = [
    ("equality", {"name": "ant"}, {1}),
    ("a number", {"size": 2.0}, {2}),
    ("an int meets a float", {"size": 2}, {2}),
    ("a boolean", {"good": False}, {3}),
    ("an enum", {"colour": Colour.BLUE}, {2, 3}),
    ("a missing value", {"size": None}, {4}),
    ("one of", {"name": In(("ant", "bee"))}, {1, 2}),
    ("one of none", {"name": In(())}, set()),
    ("a range", {"size": Range(gte=1, lt=3)}, {1, 2}),
    ("an open range", {"size": Range(gt=1.0)}, {2, 3}),
    ("no range", {"size": Range()}, {1, 2, 3, 4}),
    ("contains, whatever the case", {"name": Contains("AN")}, {1}),
    ("contains a wildcard character", {"name": Contains("%")}, {4}),
    ("contains a regex character", {"name": Contains(".")}, {3}),
    ("contains an underscore", {"name": Contains("_")}, {3}),
    ("has an item", {"labels": Has("x")}, {1, 2}),
    ("differs", {"name": Not("ant")}, {2, 3, 4}),
    ("differs, a missing value too", {"size": Not(1.0)}, {2, 3, 4}),
    ("is there", {"size": Not(None)}, {1, 2, 3}),
    ("a path", {"place.shelf": 7}, {2}),
    ("all must hold", {"colour": "blue", "good": True}, {2}),
    ("by id", {"id": In(("T0001", "T0004"))}, {1, 4}),
]


@pytest.mark.parametrize(("reason", "where", "expected"), FILTERS)
async def test_filters(
    things: Collection[Thing], reason: str, where: Any, expected: set[int]
) -> None:
    await things.insert(thing(1, name="ant", size=1.0, labels=("x",)))
    await things.insert(
        thing(2, name="bee", size=2.0, colour=Colour.BLUE, labels=("y", "x"), place={"shelf": 7})
    )
    await things.insert(thing(3, name="c.d_e", size=3.0, colour=Colour.BLUE, good=False))
    await things.insert(thing(4, name="50 %", size=None))
    found = {int(t.id[1:]) for t in await things.query(Query(where=where))}
    assert found == expected, reason
    assert await things.count(where) == len(expected)


@pytest.mark.parametrize("field", ["name'; --", "$where", "a..b", "A", "a.$b", ""])
async def test_a_field_that_is_no_name_is_refused(things: Collection[Thing], field: str) -> None:
    with pytest.raises(InvalidInput):
        await things.query(Query(where={field: "x"}))
    with pytest.raises(InvalidInput):
        await things.query(Query(sort=Sort(field)))


async def test_a_value_is_never_an_operator(things: Collection[Thing]) -> None:
    await things.insert(thing(1, name="$gt"))
    assert await things.count({"name": "$gt"}) == 1
    assert await things.count({"name": "' OR 1=1 --"}) == 0


async def test_tally_counts_each_value(things: Collection[Thing]) -> None:
    for number, colour in enumerate([Colour.RED, Colour.BLUE, Colour.RED]):
        await things.insert(thing(number, colour=colour, good=number == 0))
    assert await things.tally("colour") == {"red": 2, "blue": 1}
    assert await things.tally("good", {"colour": "red"}) == {"1": 1, "0": 1}
    assert await things.tally("code") == {}


async def test_total_sums_a_number(things: Collection[Thing], documents: Documents) -> None:
    for number, size in enumerate((1.5, 2.0, None, 4.0)):
        await things.insert(thing(number, size=size, good=number < 3))
    await documents.collection(THINGS, OTHER).insert(thing(9, tenant="other", size=100.0))
    assert await things.total("size") == 7.5
    assert await things.total("size", {"good": True}) == 3.5
    assert await things.total("size", {"name": "nobody"}) == 0


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("field", ["id", "name", "size"])
async def test_pages_by_cursor_show_every_document_once(
    things: Collection[Thing], field: str, direction: Any
) -> None:
    for number in range(23):
        size = None if number % 5 == 0 else float(number % 4)
        await things.insert(thing(number, name=f"n{number % 3}", size=size))
    everything = [t.id for t in await things.query(Query(sort=Sort(field, direction)))]
    walked: list[str] = []
    after: Cursor | None = None
    while page := await things.query(Query(sort=Sort(field, direction), limit=4, after=after)):
        walked += [t.id for t in page]
        after = Cursor(getattr(page[-1], field), page[-1].id)
    assert walked == everything
    assert len(walked) == 23


async def test_pages_by_offset(things: Collection[Thing]) -> None:
    for number in range(10):
        await things.insert(thing(number, name=str(number % 2)))
    page = await things.query(Query(sort=Sort("name", -1), skip=3, limit=4))
    assert [t.id for t in page] == ["T0003", "T0001", "T0008", "T0006"]


async def test_paging_by_cursor_is_steady_under_writes(things: Collection[Thing]) -> None:
    old = [f"T{number:04d}" for number in range(0, 60, 2)]
    for document_id in old:
        await things.insert(Thing(id=document_id, tenant="acme"))
    walked: list[str] = []

    async def write() -> None:
        for number in range(1, 60, 2):
            added = await things.insert(thing(number))
            await things.replace(added.model_copy(update={"name": "new"}))
            if number % 3 == 0:
                await things.delete(await things.get(added.id))

    async def walk() -> None:
        after: Cursor | None = None
        while page := await things.query(Query(limit=5, after=after)):
            walked.extend(t.id for t in page)
            after = Cursor(page[-1].id, page[-1].id)
            await asyncio.sleep(0.001)

    await asyncio.gather(write(), walk())
    assert len(walked) == len(set(walked))
    assert set(old) <= set(walked)
