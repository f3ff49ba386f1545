"""Malformed uploads through the real HTTP app: refused in words, and nothing is left behind.

A thousand by default; `LOUPE_MALFORMED_UPLOADS=10000` for all of them.
"""

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import httpx
import pytest
from malformed import CLASSES, Upload
from sending import broken_off
from test_gallery_http import Platform, jpeg, platform

from services.standalone import BUILDS  # noqa: F401 - every service's errors join the catalogue
from shared.errors import LoupeError
from shared.stores import Stores

COUNT = int(os.environ.get("LOUPE_MALFORMED_UPLOADS", "1000"))
DECODER_BYTES = 1 << 30
GROWTH_BYTES = 256 << 20


def catalogue(leaf: type[LoupeError] = LoupeError) -> set[str]:
    found = {f"urn:loupe:problem:{leaf.code}"}
    return found.union(*(catalogue(below) for below in leaf.__subclasses__()))


def decoders() -> dict[int, int]:
    """Guarded decoders of this process, with the most memory each ever held."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            place = Path("/proc") / child
            if b"decode_worker" in (place / "cmdline").read_bytes():
                peak = next(
                    line for line in (place / "status").read_text().splitlines() if "VmHWM" in line
                )
                found[int(child)] = int(peak.split()[1]) << 10
    return found


async def send(p: Platform, upload: Upload) -> httpx.Response | None:
    chunks = [
        upload.body[start : start + upload.chunk_bytes]
        for start in range(0, len(upload.body), upload.chunk_bytes)
    ]
    headers = {"Content-Type": upload.content_type, **upload.headers}
    if upload.breaks_off:
        await broken_off(p.client, "POST", p.images, chunks=chunks, headers=headers)
        return None  # the client went away: nobody hears an answer

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return await p.client.post(p.images, content=body(), headers=headers)


def check(answer: httpx.Response, known: set[str]) -> None:
    assert answer.status_code < 500, answer.text
    body = answer.json()
    problems = [file["problem"] for file in body.get("files", []) if file["problem"]]
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problems.append(body)
    for problem in problems:
        assert problem["type"] in known
        assert 400 <= problem["status"] < 500
        assert problem["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES)
async def test_malformed_uploads_are_refused_and_leave_nothing(
    kind: str, stores: Stores, tmp_path: Path
) -> None:
    known = catalogue()
    async with platform(stores) as p:
        await p.one("good.jpg", jpeg(1))
        before = decoders()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        for seed in range(COUNT // len(CLASSES)):
            upload = CLASSES[kind](Random(f"{kind}/{seed}"))
            answers = await asyncio.gather(*(send(p, upload) for _ in range(upload.copies)))
            for answer in answers:
                if answer is not None:
                    check(answer, known)
        assert await p.one("last.jpg", jpeg(2)), "the gallery still takes images"
        after = decoders()
        assert set(before) <= set(after), "a decoder died"
        assert max(after.values()) < DECODER_BYTES
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - memory
        assert grown < GROWTH_BYTES
        assert list((tmp_path / "data" / "staging" / "gallery").iterdir()) == []
