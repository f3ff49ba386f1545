"""A change is in the journal before its answer goes out; what cannot be written is no success."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Response

from services.gallery.api.schemas import MAX_BATCH
from shared.contracts.audit_events import ChangeAsked
from shared.errors import DependencyDown, Forbidden, QuotaExceeded
from shared.hosting.stores import Stores
from shared.http.app import create_app
from shared.http.callers import Who
from shared.http.face import Face
from shared.journal import Journal
from tests.running import credentials, for_viewers
from tests.signing import fresh_tokens

router = APIRouter()


@router.get("/things")
async def read_things(who: Who) -> None:
    """Change nothing."""


@router.post("/things/{thing_id}", status_code=201)
async def make_thing(thing_id: str, who: Who, response: Response) -> dict[str, Any]:
    """Make something, fail, or refuse."""
    if thing_id == "defect":
        raise RuntimeError("a defect")
    if thing_id == "often":
        raise QuotaExceeded("too many", retry_after_s=1)
    if thing_id == "forbidden":
        raise Forbidden("not yours")
    response.headers["ETag"] = '"8"'
    return {"id": "new"}


@router.delete("/things/{thing_id}", status_code=204)
async def remove_thing(thing_id: str, who: Who) -> None:
    """Answer with nothing."""


@router.post("/things:batch-delete")
async def remove_things(who: Who) -> dict[str, Any]:
    """Answer with as many ids as a request may take away."""
    return {"deleted": [f"T{number:025d}" for number in range(MAX_BATCH)]}


class Kept(Journal):
    """A journal in memory; one that is down keeps nothing."""

    def __init__(self, stores: Stores, *, is_down: bool = False) -> None:
        super().__init__(stores.documents, "svc")
        self.lines: list[tuple[str, ChangeAsked]] = []
        self._is_down = is_down

    async def record(self, tenant: str, line: ChangeAsked) -> None:
        if self._is_down:
            raise DependencyDown("the document store does not answer")
        self.lines.append((tenant, line))


@asynccontextmanager
async def asking(journal: Journal) -> AsyncIterator[httpx.AsyncClient]:
    face = Face(name="svc", summary="", routers=(router,), roles=for_viewers(router))
    app = create_app(face, tokens=fresh_tokens(), checks={}, journal=journal)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 9))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://loupe/api/svc", headers=credentials("acme")
    ) as client:
        yield client


async def test_a_line_says_who_what_from_where_and_which_versions(stores: Stores) -> None:
    journal = Kept(stores)
    async with asking(journal) as client:
        answer = await client.post("/things/t1", headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json()) == (201, {"id": "new"})
    ((tenant, line),) = journal.lines
    assert tenant == "acme"
    assert line == ChangeAsked(
        service="svc",
        operation="make_thing",
        key_id="test-key",
        role="admin",
        address="192.0.2.7",
        status=201,
        named={"thing_id": "t1"},
        made=("new",),
        version_before=7,
        version_after=8,
    )


async def test_a_line_names_all_that_a_request_took_away(stores: Stores) -> None:
    async with asking(journal := Kept(stores)) as client:
        answer = await client.post("/things:batch-delete")
    ((_, line),) = journal.lines
    assert list(line.made) == answer.json()["deleted"]


async def test_an_answer_whose_line_cannot_be_written_is_a_503(stores: Stores) -> None:
    async with asking(Kept(stores, is_down=True)) as client:
        for answer in (await client.post("/things/t1"), await client.delete("/things/t1")):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert "could not be recorded" in answer.json()["detail"]
        told = await client.post("/things/t1", headers={"Accept-Language": "zh-CN"})
        assert told.json()["detail"] == "该操作可能已执行，但未能记录：重新发送前请先查看"
        assert (await client.get("/things")).status_code == 200


async def test_a_defect_is_a_line_and_what_is_asked_too_often_is_none(stores: Stores) -> None:
    journal = Kept(stores)
    async with asking(journal) as client:
        for name, status in (("defect", 500), ("often", 429)):
            assert (await client.post(f"/things/{name}")).status_code == status
        assert (await client.delete("/things/t1")).status_code == 204
        assert (await client.get("/things")).status_code == 200
        assert (await client.delete("/nothing/t1")).status_code == 404
    assert [line.status for _, line in journal.lines] == [500, 204]


async def test_who_is_refused_on_and_on_fills_no_log_and_what_is_done_is_told(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.recorded._REFUSED_EVERY_S", 86_400.0)
    async with asking(journal := Kept(stores)) as client:
        for _ in range(120):
            assert (await client.post("/things/forbidden")).status_code == 403
        assert (await client.post("/things/t1")).status_code == 201
        other = credentials("beta")
        assert (await client.post("/things/forbidden", headers=other)).status_code == 403
    told = [(tenant, line.status) for tenant, line in journal.lines]
    assert told == [*[("acme", 403)] * 100, ("acme", 201), ("beta", 403)]


@pytest.mark.parametrize("name", ["x" * 5000, "%00%E2%80%AE", '"; drop'])
async def test_what_a_path_names_is_kept_short_and_as_it_is(stores: Stores, name: str) -> None:
    async with asking(journal := Kept(stores)) as client:
        await client.delete(f"/things/{name}")
    ((_, line),) = journal.lines
    assert 0 < len(line.named["thing_id"]) <= 64
