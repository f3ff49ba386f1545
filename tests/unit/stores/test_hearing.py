"""Waiting for news ends with the news, or after the wait."""

import asyncio
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs
from ulid import ULID

from shared.documents import hearing
from shared.documents.hearing import heard_of, until
from shared.errors import DependencyDown, NotHeardYet
from shared.http.problems import install
from shared.ids import derived_id, is_new, new_id


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "_missed", hearing._Missed())


async def test_what_is_known_is_returned_at_once() -> None:
    async def find() -> str:
        return "here"

    assert await until(find, wait_s=0.0) == "here"


async def test_what_comes_meanwhile_is_heard() -> None:
    box: list[str] = []

    async def find() -> str | None:
        return box[0] if box else None

    waiting = asyncio.create_task(until(find, wait_s=30.0, look_s=0.001))
    await asyncio.sleep(0)
    box.append("news")
    assert await waiting == "news"


async def test_what_never_comes_is_none() -> None:
    async def find() -> str | None:
        return None

    assert await until(find, wait_s=0.0, look_s=0.0) is None


class Looks:
    """Counts how often somebody looks for what is not there until it is."""

    def __init__(self) -> None:
        self.number = 0
        self.there = False

    async def __call__(self) -> str | None:
        self.number += 1
        return "here" if self.there else None


@pytest.mark.parametrize("thing_id", ["", "no id", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
async def test_nobody_waits_for_what_is_not_new(thing_id: str) -> None:
    looks = Looks()
    assert await heard_of("t", thing_id, looks, wait_s=60.0) is None
    assert looks.number == 1


@pytest.mark.parametrize("is_derived", [False, True])
async def test_what_may_be_new_is_waited_for(is_derived: bool) -> None:
    looks = Looks()
    thing_id = derived_id("t", "project", "key") if is_derived else new_id()
    waiting = asyncio.create_task(heard_of("t", thing_id, looks, wait_s=60.0))
    while looks.number < 3:  # noqa: ASYNC110  nothing tells of a look
        await asyncio.sleep(0.001)
    looks.there = True
    assert await waiting == "here"


@pytest.mark.parametrize("waiting", [0, hearing.MOST_WAITING // 2])
async def test_what_was_just_made_and_is_not_heard_of_is_told_to_come_again(
    waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was waited for in vain or nobody more may wait: it is no 404."""
    monkeypatch.setattr(hearing, "_waiting", Counter(t=waiting))
    looks = Looks()
    with pytest.raises(NotHeardYet) as told:
        await heard_of("t", new_id(), looks, wait_s=0.0)
    assert (told.value.status, told.value.retry_after_s) == (503, 2)


@pytest.mark.parametrize(
    "thing_id", [derived_id("t", "k"), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZ0000000000000000"]
)
async def test_what_does_not_say_that_it_is_new_is_not_there(thing_id: str) -> None:
    assert await heard_of("t", thing_id, Looks(), wait_s=0.0) is None


def test_each_new_id_says_that_it_is_new_also_one_that_looks_derived() -> None:
    assert all(is_new(new_id(), within_s=60) for _ in range(1000))
    assert not any(is_new(derived_id(str(n)), within_s=60) for n in range(1000))


async def flood(tenant: str, looks: Looks) -> set[asyncio.Task[str | None]]:
    """Let a tenant ask for a thousand things that never were; return the requests that wait."""
    asked = [
        asyncio.create_task(heard_of(tenant, new_id(), looks, wait_s=600.0)) for _ in range(1000)
    ]
    await asyncio.sleep(0)  # each comes to its end, or to its first pause
    assert looks.number == len(asked)
    refused = [one for one in asked if one.done()]
    assert {type(one.exception()) for one in refused} == {NotHeardYet}
    return set(asked).difference(refused)


async def test_of_many_that_ask_for_what_never_was_few_wait_and_others_tenants_still_do() -> None:
    looks, others = Looks(), Looks()
    waiting = await flood("t", looks)
    assert len(waiting) == hearing.MOST_WAITING // 2
    theirs = await flood("another", others)
    assert len(theirs) == hearing.MOST_WAITING // 4
    looks.there = others.there = True
    assert {await one for one in waiting | theirs} == {"here"}
    assert await heard_of("t", new_id(), looks) == "here"
    assert hearing._waiting.total() == 0


def aged(seconds: float) -> str:
    """An id that was made so long ago."""
    return str(ULID.from_timestamp(time.time() - seconds))


async def asked_for(*thing_ids: str) -> list[dict[str, Any]]:
    """Ask for what is never there; return the lines that were written."""
    with capture_logs() as lines:
        for thing_id in thing_ids:
            with pytest.raises(NotHeardYet):
                await heard_of("t", thing_id, Looks(), wait_s=0.0)
    return [dict(line) for line in lines]


async def test_what_is_not_heard_yet_is_told_once_as_information() -> None:
    new = new_id()
    (line,) = await asked_for(new, new, new)
    assert (line["log_level"], line["event"], line["id"]) == ("info", "hearing.waits", new)


async def test_what_is_not_heard_for_long_is_a_warning_once() -> None:
    late = aged(20)
    (line,) = await asked_for(late, late)
    assert (line["log_level"], line["event"], line["id"]) == ("warning", "hearing.late", late)


async def test_what_was_told_and_lasts_is_told_again_as_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thing_id = aged(20)
    monkeypatch.setattr(hearing, "_LASTS_S", 40.0)
    first = await asked_for(thing_id, thing_id)
    monkeypatch.setattr(hearing, "_LASTS_S", 10.0)
    then = await asked_for(thing_id, thing_id)
    assert [line["log_level"] for line in first + then] == ["info", "warning"]


async def test_asking_for_any_number_of_new_ids_fills_no_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = await asked_for(*(new_id() for _ in range(2000)))
    assert len(lines) == hearing._MOST_TOLD
    monkeypatch.setattr(hearing, "_NEW_S", 0.0)  # a minute later
    hearing._missed.tell(new_id())
    assert len(hearing._missed._lasting) == 1


async def test_a_503_of_what_is_on_its_way_is_no_error_of_the_service() -> None:
    app = FastAPI()
    install(app)

    @app.get("/new")
    async def new() -> None:
        await heard_of("t", new_id(), Looks(), wait_s=0.0)

    @app.get("/down")
    async def down() -> None:
        raise DependencyDown("the store does not answer")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        with capture_logs() as lines:
            assert (await client.get("/new")).status_code == 503
            assert (await client.get("/down")).status_code == 503
    assert [line["log_level"] for line in lines] == ["info", "error"]
