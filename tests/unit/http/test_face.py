"""What every HTTP face does alike: problems, cursors, tokens, the console's pages."""

import gzip
import re
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from shared.callers import Caller
from shared.errors import DependencyDown, InvalidInput, LoupeError, QuotaExceeded
from shared.http.app import create_app
from shared.http.console import Console
from shared.http.face import Face
from shared.paging import decode_cursor, encode_cursor
from tests.signing import fresh_tokens

WHO = Caller("t", "k", "engineer")


def face(error: Exception, *, ready: LoupeError | None = None) -> httpx.AsyncClient:
    router = APIRouter()

    @router.get("/fails")
    async def fails() -> None:
        raise error

    async def check() -> None:
        if ready is not None:
            raise ready

    service = Face(name="svc", summary="", public=(router,))
    app = create_app(service, tokens=fresh_tokens(), checks={"documents": check})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://loupe")


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (InvalidInput("wrong"), 422, None),
        (QuotaExceeded("too many", retry_after_s=60), 429, "60"),
        (DependencyDown("asleep"), 503, "5"),
    ],
)
async def test_an_error_says_when_to_come_back(
    error: LoupeError, status: int, retry_after: str | None
) -> None:
    async with face(error) as client:
        answer = await client.get("/api/svc/fails")
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == retry_after
    assert answer.json()["detail"] == error.detail


async def test_a_defect_tells_nothing_of_the_inside() -> None:
    async with face(RuntimeError("password of the store is 42")) as client:
        answer = await client.get("/api/svc/fails")
    assert answer.status_code == 500
    assert "42" not in answer.text
    assert answer.json()["type"] == "urn:loupe:problem:internal"


async def test_a_method_that_is_not_offered_says_which_are() -> None:
    async with face(InvalidInput()) as client:
        answer = await client.delete("/api/svc/fails")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_readiness_names_what_is_down() -> None:
    async with face(InvalidInput(), ready=DependencyDown("asleep")) as client:
        answer = await client.get("/api/svc/readyz")
    assert (answer.status_code, answer.json()["down"]) == (503, {"documents": "asleep"})


@pytest.mark.parametrize("value", ["2026-11-20T00:00:00.000000Z", 5, 0.5, None, "中"])
def test_a_cursor_comes_back_as_it_was(value: object) -> None:
    cursor = decode_cursor(encode_cursor(value, "id"))
    assert (cursor.value, cursor.id) == (value, "id")


@pytest.mark.parametrize("text", ["", "x", "W10=", "e30=", "WzEsMl0=", "W1tdLCJhIl0=", "é"])
def test_a_damaged_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(text)


async def test_the_console_answers_its_own_addresses_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>console</p>")
    (tmp_path / "assets").mkdir()
    transport = httpx.ASGITransport(app=Console(tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://loupe") as client:
        page = await client.get("/projects/1/gallery")
        asset = await client.get("/assets/gone.js")
    assert (page.status_code, page.text) == (200, "<p>console</p>")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert asset.status_code == 404


async def test_every_page_of_the_console_has_a_nonce_of_its_own_and_allows_no_other_style(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">')
    async with console_client(tmp_path) as client:
        pages = [await client.get(path) for path in ("/", "/index.html", "/projects/1/gallery")]
    nonces = [re.findall(r'content="([\w-]{20,})"', page.text)[0] for page in pages]
    assert len(set(nonces)) == 3
    for page, nonce in zip(pages, nonces, strict=True):
        policy = page.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"


async def test_built_files_travel_compressed_and_are_kept(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    (tmp_path / "assets").mkdir()
    script = b"console.log('a long script');" * 100
    (tmp_path / "assets" / "index-1.js").write_bytes(script)
    (tmp_path / "assets" / "index-1.js.gz").write_bytes(gzip.compress(script))
    async with console_client(tmp_path) as client:
        packed = await client.get("/assets/index-1.js")
        plain = await client.get("/assets/index-1.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(script) / 10
    assert packed.content == plain.content == script
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "javascript" in answer.headers["content-type"]


def console_client(folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Console(folder))
    return httpx.AsyncClient(transport=transport, base_url="http://loupe")
