"""Routes come by their use cases by class, and a wrong wiring ends the start."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends

from shared.http.app import create_app
from shared.http.face import Face
from shared.http.use_cases import use
from tests.signing import fresh_tokens

router = APIRouter()


class Greeter:
    def __init__(self, word: str) -> None:
        self.word = word


def of_word(greeter: Annotated[Greeter, Depends(use(Greeter))]) -> str:
    return greeter.word


@router.get("/greeting")
async def greet(
    greeter: Annotated[Greeter, Depends(use(Greeter))], word: Annotated[str, Depends(of_word)]
) -> list[str]:
    return [greeter.word, word]


def service(*use_cases: object) -> Face:
    return Face(name="svc", summary="", public=(router,), use_cases=use_cases)


async def greeting_of(*use_cases: object) -> httpx.Response:
    app = create_app(service(*use_cases), tokens=fresh_tokens(), checks={})
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://loupe") as client:
        return await client.get("/api/svc/greeting")


async def test_a_route_gets_what_its_own_service_wired() -> None:
    first, second = await greeting_of(Greeter("hello")), await greeting_of(Greeter("moin"))
    assert first.json() == ["hello", "hello"]
    assert second.json() == ["moin", "moin"]


def test_a_route_whose_use_case_nobody_wired_ends_the_start() -> None:
    with pytest.raises(ValueError, match="/greeting uses Greeter"):
        create_app(service(), tokens=fresh_tokens(), checks={})


def test_two_use_cases_of_one_class_end_the_start() -> None:
    with pytest.raises(ValueError, match="two use cases of class Greeter"):
        create_app(service(Greeter("a"), Greeter("b")), tokens=fresh_tokens(), checks={})
