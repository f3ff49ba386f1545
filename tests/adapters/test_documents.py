"""The document port's promises, on SQLite and on a MongoDB server."""

import asyncio
import random
from enum import StrEnum
from typing import Any, ClassVar

import pytest
from pydantic import Field

from shared.contracts.envelope import EventBody, unpack
from shared.documents.port import (
    Collection,
    CollectionSpec,
    Contains,
    Cursor,
    Document,
    Documents,
    EveryTenant,
    Has,
    In,
    Index,
    Not,
    Query,
    Range,
    Sort,
    TenantScope,
)
from shared.errors import AlreadyExists, InvalidInput, NotFound, VersionConflict


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(Document):
    name: str = ""
    code: str | None = None
    size: float | None = None
    colour: Colour = Colour.RED
    good: bool = True
    labels: tuple[str, ...] = ()
    tally: dict[str, int] = Field(default_factory=dict)
    points: tuple[tuple[tuple[float, ...], ...], ...] = ()
    place: dict[str, int] = Field(default_factory=dict)


class ThingChanged(EventBody):
    type: ClassVar[str] = "thing.changed"
    topic: ClassVar[str] = "thing"
    source: ClassVar[str] = "test"
    example: ClassVar[dict[str, Any]] = {"step": 1}

    step: int
    by_label: dict[str, int] = Field(default_factory=dict)


THINGS = CollectionSpec(
    "test.things",
    Thing,
    (Index(("name",)), Index(("code",), unique=True), Index(("colour", "size"))),
)
ACME, OTHER = TenantScope("acme"), TenantScope("other")


@pytest.fixture
async def things(documents: Documents) -> Collection[Thing]:
    await documents.open([THINGS])
    return documents.collection(THINGS, ACME)


def thing(number: int, tenant: str = "acme", **fields: Any) -> Thing:
    return Thing(id=f"T{number:04d}", tenant=tenant, **fields)


async def test_a_stored_document_reads_back_as_it_was(things: Collection[Thing]) -> None:
    odd = thing(
        1,
        name="é 中文 \u2028 \\ ' \"",
        size=0.1,
        good=False,
        labels=("a", "b"),
        points=(((0.5, 1.0), ()), (), ((2.0,),)),
        tally={"%list": 7, "a.b": 1, "$c": 2, "%2E": 3, "": 4, "plain": 5},
    )
    stored = await things.insert(odd)
    assert stored == odd.model_copy(update={"version": 1})
    assert await things.get("T0001") == stored
    assert await things.find("T0001") == stored


async def test_opening_twice_keeps_what_is_stored(
    things: Collection[Thing], documents: Documents
) -> None:
    await things.insert(thing(1))
    await documents.open([THINGS])
    assert await things.count() == 1


async def test_a_missing_document_is_none_or_not_found(things: Collection[Thing]) -> None:
    assert await things.find("T0009") is None
    with pytest.raises(NotFound):
        await things.get("T0009")
    with pytest.raises(NotFound):
        await things.replace(thing(9, version=1))
    with pytest.raises(NotFound):
        await things.delete(thing(9, version=1))


async def test_the_id_is_taken_once(things: Collection[Thing]) -> None:
    await things.insert(thing(1))
    with pytest.raises(AlreadyExists):
        await things.insert(thing(1, name="again"))
    assert (await things.get("T0001")).name == ""


async def test_an_old_version_is_refused(things: Collection[Thing]) -> None:
    first = await things.insert(thing(1))
    second = await things.replace(first.model_copy(update={"name": "second"}))
    assert second.version == 2
    with pytest.raises(VersionConflict):
        await things.replace(first.model_copy(update={"name": "late"}))
    with pytest.raises(VersionConflict):
        await things.delete(first)
    assert (await things.get("T0001")).name == "second"


async def test_of_racing_writers_exactly_one_wins_each_version(things: Collection[Thing]) -> None:
    await things.insert(thing(1, tally={"count": 0}))
    wins: list[int] = []

    async def count_up(times: int) -> None:
        done = 0
        while done < times:
            seen = await things.get("T0001")
            try:
                new = seen.model_copy(update={"tally": {"count": seen.tally["count"] + 1}})
                wins.append((await things.replace(new)).version)
                done += 1
            except VersionConflict:
                await asyncio.sleep(0)

    await asyncio.gather(*(count_up(5) for _ in range(8)))
    final = await things.get("T0001")
    assert final.tally == {"count": 40}
    assert sorted(wins) == list(range(2, 42))


async def test_sixteen_workers_claim_each_job_once(things: Collection[Thing]) -> None:
    for number in range(40):
        await things.insert(thing(number, name="queued"))
    claimed: list[str] = []

    async def work() -> None:
        while waiting := await things.query(Query(where={"name": "queued"}, limit=5)):
            job = random.choice(waiting)
            try:
                await things.replace(job.model_copy(update={"name": "taken"}))
                claimed.append(job.id)
            except VersionConflict:
                continue

    await asyncio.gather(*(work() for _ in range(16)))
    assert sorted(claimed) == [f"T{number:04d}" for number in range(40)]


async def test_a_unique_key_is_taken_once_per_tenant(
    things: Collection[Thing], documents: Documents
) -> None:
    await things.insert(thing(1, code="k"))
    with pytest.raises(AlreadyExists):
        await things.insert(thing(2, code="k"))
    other = documents.collection(THINGS, OTHER)
    await other.insert(thing(2, tenant="other", code="k"))
    second = await things.insert(thing(2, code="free"))
    with pytest.raises(AlreadyExists):
        await things.replace(second.model_copy(update={"code": "k"}))
    assert (await things.get("T0002")).version == 1


async def test_racing_inserts_take_a_unique_key_once(things: Collection[Thing]) -> None:
    async def attempt(number: int) -> bool:
        try:
            await things.insert(thing(number, code="same"))
        except AlreadyExists:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(n) for n in range(16)))) == 1
    assert await things.count({"code": "same"}) == 1


async def test_a_unique_key_without_value_is_taken_by_nobody(things: Collection[Thing]) -> None:
    await things.insert(thing(1, code=None))
    await things.insert(thing(2, code=None))
    assert await things.count({"code": None}) == 2


async def test_a_deleted_documents_key_is_free_even_while_its_events_wait(
    things: Collection[Thing],
) -> None:
    first = await things.insert(thing(1, code="k"), events=[ThingChanged(step=1)])
    await things.delete(first, events=[ThingChanged(step=2)])
    await things.insert(thing(2, code="k"))
    assert [t.id for t in await things.query(Query(where={"code": "k"}))] == ["T0002"]


async def test_a_tenant_sees_only_its_own(things: Collection[Thing], documents: Documents) -> None:
    mine = await things.insert(thing(1, name="mine"))
    other = documents.collection(THINGS, OTHER)
    assert await other.find("T0001") is None
    assert await other.query(Query()) == []
    assert await other.count() == 0
    assert await other.tally("name") == {}
    for write in (other.insert, other.replace, other.delete):
        with pytest.raises(NotFound):
            await write(mine)
    assert await things.get("T0001") == mine


async def test_two_tenants_may_use_the_same_id(
    things: Collection[Thing], documents: Documents
) -> None:
    other = documents.collection(THINGS, OTHER)
    await things.insert(thing(1, name="mine"))
    await other.insert(thing(1, tenant="other", name="theirs"))
    assert (await things.get("T0001")).name == "mine"
    assert (await other.get("T0001")).name == "theirs"
    everyone = documents.collection(THINGS, EveryTenant())
    assert sorted(t.tenant for t in await everyone.query(Query())) == ["acme", "other"]


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


async def test_a_collection_may_be_taken_before_the_store_is_open(
    documents: Documents,
) -> None:
    early = documents.collection(THINGS, ACME)
    await documents.open([THINGS])
    await early.insert(thing(1))
    assert await early.count() == 1


async def test_ping_answers(documents: Documents) -> None:
    await documents.open([])
    await documents.ping()
