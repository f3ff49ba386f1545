"""Roles are a table: an operation lets in from the role of its row on, and nobody below."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from services.cli.contracts import openapi_documents
from services.cli.roles import BEGIN, GUIDE, TABLES, tables
from shared.callers import FORMER_ROLES, ROLES
from shared.hosting.stores import Stores
from shared.http.app import create_app
from shared.http.callers import Who
from shared.http.face import Face
from shared.http.roles import Least, least
from shared.texts.language import texts
from tests.contract.operations import operations_on
from tests.running import credentials
from tests.signing import fresh_tokens

WRONG = {400, 401, 403, 405, 415, 422, 500}
"""What a request is answered with which is not right, whoever sends it."""


async def test_every_operation_lets_in_from_its_role_on_and_nobody_below(stores: Stores) -> None:
    """A role of an earlier release counts as the one that it is called now."""
    callers = {role: credentials(role=role) for role in (*ROLES, *FORMER_ROLES)}
    callers["operator"] = credentials(role="viewer", is_operator=True)
    async with operations_on(stores) as platform:
        assert len(platform.guarded) > 80
        for role, caller in callers.items():
            answers = await asyncio.gather(
                *(platform.ask(operation.request(), caller) for operation in platform.guarded)
            )
            for operation, answer in zip(platform.guarded, answers, strict=True):
                told = (role, operation.name, answer.text)
                if lets_in(least(operation.row), role):
                    assert answer.status_code not in WRONG, told
                else:
                    assert answer.status_code == 403, told
                    assert answer.headers["content-type"] == "application/problem+json", told
                    assert operation.method == "head" or answer.json()["detail"] in texts(), told


def lets_in(asked: Least, role: str) -> bool:
    if "operator" in (asked, role):
        return asked in ("viewer", role)
    return ROLES.index(FORMER_ROLES.get(role, role)) >= ROLES.index(asked)


async def test_too_low_a_role_is_told_before_a_byte_of_the_body_is_read(stores: Stores) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"{"

    async with operations_on(stores) as platform:
        answer = await platform.client.post(
            "/api/workspace/projects", content=body(), headers=credentials(role="annotator")
        )
    assert (answer.status_code, read) == (403, 0)


def router_of(method: str = "GET") -> APIRouter:
    router = APIRouter()

    @router.api_route("/things", methods=[method])
    async def things(who: Who) -> None:
        """Do nothing."""

    return router


def two_methods() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/things", lambda: None, methods=["GET", "DELETE"])
    return router


def mounted() -> APIRouter:
    router = APIRouter()
    router.mount("/things", httpx.ASGITransport)  # type: ignore[arg-type]
    return router


@pytest.mark.parametrize(
    ("router", "table", "says"),
    [
        (router_of(), {}, "no role is told for GET /things"),
        (router_of("DELETE"), {"GET /things": "viewer"}, "no role is told for DELETE /things"),
        (router_of(), {"GET /things": "viewer", "GET /gone": "admin"}, "no route: GET /gone"),
        (two_methods(), {"GET /things": "viewer", "DELETE /things": "viewer"}, "not one operation"),
        (mounted(), {"GET /things": "viewer"}, "not one operation"),
    ],
)
def test_a_route_without_a_role_ends_the_start(router: APIRouter, table: Any, says: str) -> None:
    face = Face(name="svc", summary="", routers=(router,), roles=table)
    with pytest.raises(ValueError, match=says):
        create_app(face, tokens=fresh_tokens(), checks={})


def test_the_guide_shows_the_tables_as_they_are() -> None:
    documents = openapi_documents()
    prose, begin, told = GUIDE.read_text(encoding="utf-8").partition(BEGIN)
    assert prose
    assert begin
    assert begin + told == tables(documents), "run `python -m services roles --write`"
    rows = sum(len(table) for table in TABLES.values())
    assert told.count("\n| `") == rows + 2  # and what needs no token
