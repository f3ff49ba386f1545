"""A live stream ends with the credential that opened it."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from sse_starlette.event import ServerSentEvent

from services.workspace.adapters.signer import Signer
from shared.callers import Caller
from shared.clock import utc_now
from shared.http.app import create_app
from shared.http.callers import Who
from shared.http.face import Face
from shared.http.live import LIVE, Live
from shared.http.tokens import LIFETIME_S, Tokens, digest_of
from tests.running import HANG_S, for_viewers
from tests.signing import KEY_FILE, SIGNER, fresh_tokens

ROOT = Path(__file__).parents[3]
router = APIRouter()
closed: list[str] = []


class Watch:
    """A clock that a stream turns to shortly before its token's end."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


watch = Watch()


async def two_and_silence() -> AsyncGenerator[ServerSentEvent, None]:
    try:
        yield ServerSentEvent(data="first")
        watch.ahead = timedelta(seconds=LIFETIME_S)
        yield ServerSentEvent(data="second")
        await asyncio.Event().wait()
    finally:
        closed.append("closed")


async def three() -> AsyncGenerator[ServerSentEvent, None]:
    for word in ("first", "second", "third"):
        yield ServerSentEvent(data=word)


class Leak:
    """The key set of a workspace, and what it was told to take back."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.tenants: list[str] = []

    async def read(self) -> bytes:
        revoked = {
            "tokens": [digest_of(one) for one in self.tokens],
            "keys": {},
            "tenants": [digest_of(one) for one in self.tenants],
        }
        return json.dumps({"keys": SIGNER.public_keys(), "revoked": revoked}).encode()


leak = Leak()


async def one_and_silence(ended: list[str], name: str) -> AsyncGenerator[ServerSentEvent, None]:
    try:
        yield ServerSentEvent(data="first")
        ended.append(name)
        await asyncio.Event().wait()
    finally:
        closed.append("closed")


@router.get("/leaked", response_class=Live, responses=LIVE)
async def leaked(who: Who) -> Live:
    return Live(one_and_silence(leak.tokens, who.token_id), who)


@router.get("/suspended", response_class=Live, responses=LIVE)
async def suspended(who: Who) -> Live:
    return Live(one_and_silence(leak.tenants, who.mark), who)


@router.get("/silent", response_class=Live, responses=LIVE)
async def silent(who: Who) -> Live:
    return Live(two_and_silence(), who, clock=watch)


@router.get("/short", response_class=Live, responses=LIVE)
async def short(who: Who) -> Live:
    return Live(three(), who)


async def heard(path: str, token: str, tokens: Tokens | None = None) -> httpx.Response:
    face = Face(name="svc", summary="", routers=(router,), roles=for_viewers(router))
    app = create_app(face, tokens=tokens or fresh_tokens(), checks={})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://loupe/api/svc"
    ) as client:
        async with asyncio.timeout(HANG_S):
            return await client.get(path, headers={"Authorization": f"Bearer {token}"})


async def test_a_stream_that_says_nothing_more_ends_with_its_token() -> None:
    closed.clear()
    watch.ahead = timedelta()
    answer = await heard("/silent", SIGNER.issue(Caller("t", "k", "viewer")))
    assert answer.status_code == 200
    assert re.findall(r"data: (\w+)", answer.text) == ["first", "second"]
    assert closed == ["closed"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("place", ["/leaked", "/suspended"])
async def test_a_stream_ends_when_its_token_or_tenant_is_let_in_no_more(place: str) -> None:
    closed.clear()
    token = SIGNER.issue(Caller("t", "k", "viewer", mark=f"of {place}"))
    tokens = Tokens(leak.read)
    answer = await heard(place, token, tokens)
    assert answer.status_code == 200
    assert re.findall(r"data: (\w+)", answer.text) == ["first"]
    assert closed == ["closed"]
    assert (await heard(place, token, tokens)).status_code == 401


async def test_a_token_that_is_over_opens_no_stream() -> None:
    over = utc_now() - timedelta(seconds=LIFETIME_S + 1)
    token = Signer(KEY_FILE, clock=lambda: over).issue(Caller("t", "k", "viewer"))
    assert (await heard("/silent", token)).status_code == 401


async def test_a_stream_that_is_over_ends_with_its_events() -> None:
    answer = await heard("/short", SIGNER.issue(Caller("t", "k", "viewer")))
    assert re.findall(r"data: (\w+)", answer.text) == ["first", "second", "third"]


def test_no_route_streams_events_past_the_rule() -> None:
    rule = ROOT / "shared/http/live.py"
    found = {
        path
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts and "EventSourceResponse" in path.read_text()
    }
    assert found == {rule}
