"""Waiting for news ends with the news, or after the wait."""

import asyncio

from shared.documents.hearing import until


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
