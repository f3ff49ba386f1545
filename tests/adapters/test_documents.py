"""What the document port stores and refuses, on SQLite and on a MongoDB server."""

import asyncio
import random

import pytest

from shared.documents.port import Collection, Documents, EveryTenant, Query
from shared.errors import AlreadyExists, NotFound, VersionConflict
from tests.adapters.things import ACME, OTHER, THINGS, Thing, ThingChanged, thing


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
