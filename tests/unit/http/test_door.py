"""The door: strangers and unknown names go no further, and no input makes a 500."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import jwt
import pytest
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.callers import Caller
from shared.clock import LastMoment, Moment, format_time
from shared.errors import InvalidInput, Unauthenticated
from shared.http.app import create_app
from shared.http.callers import Who
from shared.http.face import Face
from shared.http.paging import Paging
from shared.http.preconditions import ExpectedVersion
from shared.paging import decode_cursor, encode_cursor
from tests.running import for_viewers
from tests.signing import SIGNER, fresh_tokens, signed


def me() -> dict[str, str]:
    """Return a credential that is fresh, however long the tests before took."""
    return {"Authorization": f"Bearer {SIGNER.issue(Caller('t', 'k', 'engineer'))}"}


router, public = APIRouter(), APIRouter()


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""


@router.post("/things")
async def make_thing(who: Who, body: Thing, expected: ExpectedVersion) -> Thing:
    return body


@router.get("/things/{thing_id}")
async def get_thing(
    who: Who,
    thing_id: str,
    paging: Paging,
    sort: Annotated[str, Query(alias="order")] = "",
) -> str:
    return thing_id


@router.delete("/things/{thing_id}", status_code=204)
async def drop_thing(who: Who, thing_id: str) -> None:
    """Do nothing."""


@router.post("/things/{thing_id}:mend", status_code=204)
async def mend_thing(who: Who, thing_id: str) -> None:
    """Do nothing."""


@public.post("/signs")
async def sign(body: Thing) -> Thing:
    return body


def client() -> httpx.AsyncClient:
    service = Face(
        name="svc", summary="", routers=(router,), roles=for_viewers(router), public=(public,)
    )
    app = create_app(service, tokens=fresh_tokens(), checks={})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://loupe/api/svc")


@pytest.mark.parametrize("token", [None, "", "Basic abc", "Bearer", "Bearer x.y.z", "x"])
async def test_a_strangers_body_is_not_read(token: str | None) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"[]," * 1000

    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    async with client() as c:
        answer = await c.post("/things", content=body(), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert read == 0


async def test_who_has_a_credential_comes_in_and_public_routes_are_open() -> None:
    async with client() as c:
        assert (await c.post("/things", json={"name": "a"}, headers=me())).status_code == 200
        assert (await c.post("/signs", json={"name": "a"})).status_code == 200
        assert (await c.get("/healthz")).status_code == 200
        assert (await c.put("/things", json={}, headers=me())).status_code == 405
        assert (await c.get("/nothing", headers=me())).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("page=2&order=x", 200),
        ("threshold=0.5", 422),
        ("sort=x", 422),
        ("page=1&Page=2", 422),
        ("thr%00eshold", 422),
    ],
)
async def test_an_unknown_name_in_the_query_is_told(query: str, status: int) -> None:
    async with client() as c:
        answer = await c.get(f"/things/7?{query}", headers=me())
    assert answer.status_code == status
    if status == 422:
        (wrong,) = answer.json()["errors"]
        assert "order, page, page_size" in wrong["message"]


async def test_thousands_of_unknown_keys_are_told_by_the_first_fifty() -> None:
    async with client() as c:
        wrong = {f"key{number}": 0 for number in range(4_000)}
        answer = await c.post("/things", json=wrong, headers=me())
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50


@pytest.mark.parametrize("tag", ['"' + "9" * 5000 + '"', '"٣"', '"-1"', '"1e3"', ""])
async def test_an_etag_that_no_store_gives_is_refused(tag: str) -> None:
    async with client() as c:
        answer = await c.post("/things", json={}, headers={**me(), "If-Match": tag.encode()})
    assert answer.status_code == 422


@pytest.mark.parametrize("value", [2**63, 2**64 - 1])
def test_a_cursor_that_no_store_can_compare_is_refused(value: int) -> None:
    text = base64.urlsafe_b64encode(json.dumps([value, "x"]).encode()).decode()
    with pytest.raises(InvalidInput):
        decode_cursor(text)


@pytest.mark.parametrize("text", ["bnVsbA==", "MQ==", "dHJ1ZQ=="])  # null, 1, true
def test_a_cursor_that_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(text)
    assert decode_cursor(encode_cursor(2**63 - 1, "x")).value == 2**63 - 1


@pytest.mark.parametrize("claim", ["tenant", "sub", "role"])
async def test_a_signed_token_whose_claims_are_lists_does_not_open(claim: str) -> None:
    claims = jwt.decode(me()["Authorization"][7:], options={"verify_signature": False})
    with pytest.raises(Unauthenticated):
        await fresh_tokens().check(signed(claims | {claim: ["t"]}))


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-11-26", "2026-11-26T00:00:00.000000Z"),
        ("2026-11-26T08:00:00", "2026-11-26T08:00:00.000000Z"),
        ("2026-11-26T08:00:00+08:00", "2026-11-26T00:00:00.000000Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000000Z"),
        ("0999-06-01T00:00:00Z", "0999-06-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z"),
    ],
)
def test_a_time_without_a_zone_is_utc_in_every_year(text: str, stored: str) -> None:
    assert format_time(TypeAdapter(Moment).validate_python(text)) == stored


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_outside_all_years_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        TypeAdapter(Moment).validate_python(text)


def test_a_date_that_ends_a_range_includes_its_day() -> None:
    end = TypeAdapter(LastMoment).validate_python("2026-11-26")
    assert end == datetime(2026, 11, 26, 23, 59, 59, 999999, tzinfo=UTC)
    moment = TypeAdapter(LastMoment).validate_python("2026-11-26T08:00:00Z")
    assert moment == datetime(2026, 11, 26, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "path", "offered"),
    [
        ("OPTIONS", "/things/1", "DELETE, GET"),
        ("POST", "/things/1", "DELETE, GET"),
        ("GET", "/things", "POST"),
        ("DELETE", "/things/1:mend", "POST"),
        ("GET", "/signs", "POST"),
    ],
)
async def test_a_405_names_every_method_of_the_path(method: str, path: str, offered: str) -> None:
    async with client() as stranger:
        answer = await stranger.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, offered)
    assert answer.json()["type"] == "urn:loupe:problem:method-not-allowed"


@pytest.mark.parametrize("text", ["0.5", "1700000000", "-1", "+.5"])
def test_a_number_is_no_moment(text: str) -> None:
    for kind in (Moment, LastMoment):
        with pytest.raises(ValidationError, match="must be a date or a time"):
            TypeAdapter(kind).validate_python(text)
