"""Malformed uploads to a gallery under its real HTTP server: refused in words, nothing left behind.

A thousand by default; `LOUPE_MALFORMED_UPLOADS=10000` for all of them.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random

import httpx
import pytest
from image_files import encoded, photo
from malformed import CLASSES, Upload
from serving import Served

from services.standalone import BUILDS  # noqa: F401 - every service's errors join the catalogue
from shared.errors import LoupeError
from tests.running import credentials

COUNT = int(os.environ.get("LOUPE_MALFORMED_UPLOADS", "1000"))
DECODER_MIB = 192
DECODER_BYTES = 1 << 30
GROWTH_BYTES = 192 << 20
MORTAL = "5 bombs"  # its files may cost a decoder its life, the server never


def catalogue(leaf: type[LoupeError] = LoupeError) -> set[str]:
    found = {f"urn:loupe:problem:{leaf.code}"}
    return found.union(*(catalogue(below) for below in leaf.__subclasses__()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery with decoders of little memory, that does not wait long for a slow client."""
    served = Served(
        tmp_path_factory.mktemp("gallery"),
        LOUPE_GALLERY_DECODER_MIB=str(DECODER_MIB),
        LOUPE_GALLERY_IDLE_S="0.5",
    )
    yield served
    served.stop()


async def send(client: httpx.AsyncClient, upload: Upload, place: str) -> httpx.Response | None:
    """Send one upload; None where the server answered and hung up before all was sent."""
    chunks = [
        upload.body[start : start + upload.chunk_bytes]
        for start in range(0, len(upload.body), upload.chunk_bytes)
    ]

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    headers = {"Content-Type": upload.content_type, **upload.headers}
    try:
        return await client.post(place, content=body(), headers=headers)
    except httpx.TransportError:  # answered and closed while the client was still sending
        return None


async def send_raw(port: int, upload: Upload, place: str) -> int | None:
    """Send a request over a socket of its own; return the status of the answer, if one came."""
    pieces = upload.raw or (_request(upload),)
    token = credentials()["Authorization"].encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece.replace(b"{place}", place.encode()).replace(b"{token}", token))
            await writer.drain()
            await asyncio.sleep(upload.pause_s)
        if not upload.breaks_off:
            async with asyncio.timeout(60):  # an answer that never comes is a failure
                line = await reader.readline()
            return int(line.split()[1]) if line else None
    except ConnectionError:
        return None
    finally:
        writer.close()
    return None


def _request(upload: Upload) -> bytes:
    head = (
        "POST {place} HTTP/1.1\r\nHost: loupe\r\nAuthorization: {token}\r\n"
        f"Content-Type: {upload.content_type}\r\nContent-Length: {len(upload.body) + 1}\r\n\r\n"
    )
    return head.encode() + upload.body


def check(answer: httpx.Response, known: set[str], *, refused: bool) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.status_code >= 400 or not refused, answer.text
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
async def test_malformed_uploads_are_refused_and_leave_nothing(kind: str, server: Served) -> None:
    known = catalogue()
    statuses: Counter[int | None] = Counter()
    async with server.client() as client:
        await server.ready(client)
        plain = await server.images(client, kind)
        tiled = await server.images(client, f"{kind[:2]} cut", tiling={"rows": 2, "columns": 1})
        await good(client, plain, 1)
        before = server.decoders()
        memory = server.forget_peak()
        for seed in range(COUNT // len(CLASSES)):
            upload = CLASSES[kind](Random(f"{kind}/{seed}"))
            place = tiled if upload.tiled else plain
            if upload.raw or upload.breaks_off:
                some = (send_raw(server.port, upload, place) for _ in range(upload.copies))
                codes = await asyncio.gather(*some)
                assert all(code is None or code < 500 for code in codes)
                statuses.update(codes)
                continue
            answers = await asyncio.gather(
                *(send(client, upload, place) for _ in range(upload.copies))
            )
            for answer in answers:
                statuses[answer and answer.status_code] += 1
                if answer is not None:
                    check(answer, known, refused=upload.refused)
        await good(client, plain, 2)
        after = server.decoders()
        assert server.process.poll() is None, "the server ended"
        assert kind == MORTAL or set(before) <= set(after), "a decoder died"
        assert max(after.values()) < DECODER_BYTES
        assert server.peak_bytes() - memory < GROWTH_BYTES
        await server.nothing_staged()
    print(f"{kind}: {sum(statuses.values())} requests, {dict(statuses)}")
    print(f"  server grew by {(server.peak_bytes() - memory) >> 20} MiB")


async def good(client: httpx.AsyncClient, place: str, seed: int) -> None:
    """The gallery takes an image as ever."""
    files = [("files", ("good.jpg", encoded(photo(seed=seed), "JPEG")))]
    answer = await client.post(place, files=files)
    assert answer.status_code == 201, answer.text
