"""What a request's body may be, and how it is read: names, bounds, pace, the end of it."""

import asyncio
import os
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.callers import Caller
from shared.disposition import disposition_of
from shared.http.app import create_app
from shared.http.bodies import AtMost, Pace, read_json, received_file, received_form
from shared.http.face import Face
from shared.http.multipart import MAX_FIELDS, in_units, parts_of
from shared.http.use_cases import use
from tests.running import for_viewers
from tests.signing import SIGNER, fresh_tokens

MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
router = APIRouter()
members = APIRouter()


class Fields(BaseModel):
    count: int = 0


@router.post("/parts")
async def parts(request: Request, pace: Annotated[Pace, Depends(use(Pace))]) -> list[list[str]]:
    body = pace.body_of(request)
    kind = request.headers.get("content-type")
    return [
        [part.field, part.file_name or "-", (await part.read(max_bytes=1000)).decode()]
        async for part in parts_of(kind, body, max_files=3)
    ]


@router.post("/names")
async def names(request: Request, pace: Annotated[Pace, Depends(use(Pace))]) -> list[str]:
    found = parts_of(request.headers.get("content-type"), pace.body_of(request))
    return [part.file_name or "" async for part in found]  # nobody reads their bytes


@router.post("/json")
async def json_body(request: Request) -> int:
    return (await read_json(request, Fields, max_bytes=1000)).count


@router.post("/large", dependencies=[Depends(AtMost(1 << 20, marks=50))])
async def large(fields: Fields) -> int:
    return fields.count


@members.post("/member")
async def member(fields: Fields) -> int:
    return fields.count


@router.post("/plain")
async def plain(fields: Fields) -> int:
    return fields.count


@dataclass(frozen=True)
class Folder:
    path: Path


Staging = Annotated[Folder, Depends(use(Folder))]


@router.post("/huge")
async def huge(request: Request, folder: Staging) -> int:
    async with received_form(request, Fields, folder.path, max_bytes=1 << 30) as (_, file):
        return file.path.stat().st_size


@router.post("/form")
async def form(request: Request, folder: Staging) -> list[str | int]:
    async with received_form(request, Fields, folder.path, max_bytes=100_000) as (fields, file):
        assert file.path.parent == folder.path
        return [fields.count, file.name, file.path.stat().st_size]


@router.post("/file")
async def file(request: Request, folder: Staging) -> str:
    async with received_file(
        request, folder.path, raw_types=("application/zip",), max_bytes=100_000
    ) as path:
        assert path.parent == folder.path
        return path.read_text()


def client_of(*, pace: Pace | None = None, folder: Path | None = None) -> httpx.AsyncClient:
    face = Face(
        name="svc",
        summary="",
        public=(router,),
        routers=(members,),
        roles=for_viewers(members),
        use_cases=(pace or Pace(), Folder(folder or Path())),
    )
    app = create_app(face, tokens=fresh_tokens(), checks={})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {SIGNER.issue(Caller('t', 'k', 'engineer'))}"}
    return httpx.AsyncClient(transport=transport, base_url="http://loupe/api/svc", headers=headers)


def part(disposition: str, data: bytes = b"x") -> bytes:
    return (
        b"--b\r\nContent-Disposition: form-data; "
        + disposition.encode()
        + b"\r\n\r\n"
        + data
        + b"\r\n"
    )


END = b"--b--\r\n"


async def in_pieces(data: bytes, size: int, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(pause_s)


async def sent(path: str, data: bytes, size: int = 1 << 16) -> httpx.Response:
    async with client_of() as client:
        return await client.post(path, content=in_pieces(data, size), headers=MULTIPART)


@pytest.mark.parametrize(
    ("given", "name", "sender"),
    [
        ('filename="划痕.png"', "划痕.png", "browsers: UTF-8 as it is"),
        ("filename*=UTF-8''%E5%88%92%E7%97%95.png", "划痕.png", "urllib3 of old: RFC 5987 alone"),
        ("filename=\"_.png\"; filename*=UTF-8''%E5%88%92.png", "划.png", "both: the whole name"),
        ('filename="=?utf-8?B?5YiS55eVLnBuZw==?="', "划痕.png", ".NET: RFC 2047"),
        ('filename="=?utf-8?Q?=E5=88=92.png?="', "划.png", "RFC 2047, quoted-printable"),
        ("filename*=gb18030''%BB%AE.png", "划.png", "RFC 5987 in another charset"),
        ("filename*=nonsense''a.png", "a.png", "a charset that nobody knows"),
        ('filename="=?nonsense?B?YQ==?="', "=?nonsense?B?YQ==?=", "words that cannot be read stay"),
        ('filename="10:15:00.png"', "10:15:00.png", "a time"),
        ('filename="cam?slot=3.png"', "cam?slot=3.png", "a query"),
        ('filename="a;b.png"', "a;b.png", "a semicolon within quotes"),
        ('filename="a \\"b\\".png"', 'a "b".png', "quotes within quotes"),
        ('filename="a%22b.png"', "a%22b.png", "what browsers make of quotes: not ours to undo"),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 16])
async def test_a_file_has_the_name_that_its_sender_meant(
    given: str, name: str, sender: str, size: int
) -> None:
    answer = await sent("/parts", part(f'name="f"; {given}') + END, size)
    assert answer.json() == [["f", name, "x"]], sender


@given(st.binary(max_size=300))
def test_any_disposition_gives_a_field_and_a_name_or_none(value: bytes) -> None:
    field, name = disposition_of(value.replace(b"\r", b"").replace(b"\n", b""))
    assert isinstance(field, str)
    assert name is None or isinstance(name, str)


async def test_parts_that_nobody_reads_are_passed_over() -> None:
    body = b"".join(part(f'name="f"; filename="{n}"', b"y" * 5000) for n in range(50))
    assert (await sent("/names", body + END, 700)).json() == [str(n) for n in range(50)]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (part('name="f"; filename="a"') * 3 + END, 200, "three files are allowed here"),
        (part('name="f"; filename="a"') * 4 + END, 413, "a fourth is not"),
        (part('name="f"') * MAX_FIELDS + END, 200, "some fields"),
        (part('name="f"') * (MAX_FIELDS + 1) + END, 413, "too many fields"),
        (part('name="f"', b"y" * 1001) + END, 413, "a part over its own limit"),
        (part('name="f"'), 400, "no end"),
        (b"nonsense", 400, "no part"),
        (b"", 400, "nothing"),
        (
            b"--b\r\n" + b"X-Long: " + b"y" * 10_000 + b"\r\n\r\n\r\n" + END,
            400,
            "a header like a book",
        ),
    ],
)
async def test_a_multipart_body_is_read_within_its_bounds(
    body: bytes, status: int, reason: str
) -> None:
    for size in (13, 1 << 16):
        assert (await sent("/parts", body, size)).status_code == status, reason


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=" + "b" * 500, 400),
        ("multipart/mixed; boundary=b", 415),
        ("text/plain", 415),
    ],
)
async def test_another_content_type_is_refused_with_its_reason(kind: str, status: int) -> None:
    async with client_of() as client:
        answer = await client.post("/parts", content=b"x", headers={"Content-Type": kind})
    assert answer.status_code == status


@pytest.mark.parametrize(("size", "pause_s"), [(1 << 10, 60.0), (1, 0.01)])
async def test_a_client_that_sends_next_to_nothing_is_not_waited_for(
    size: int, pause_s: float
) -> None:
    body = part('name="f"', b"y" * 4000) + END
    async with client_of(pace=Pace(idle_s=0.2)) as client:
        answer = await client.post(
            "/parts", content=in_pieces(body, size, pause_s), headers=MULTIPART
        )
    assert answer.status_code == 408
    assert answer.json()["type"] == "urn:loupe:problem:upload-too-slow"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (part('name="count"', b"7") + part('name="file"; filename="a.png"') + END, [7, "a.png", 1]),
        (part('name="file"; filename="a.png"', b"y" * 100_000) + END, [0, "a.png", 100_000]),
        (part('name="file"; filename="a.png"', b"y" * 100_001) + END, 413),
        (part('name="other"; filename="a.png"') + END, 422),
        (part('name="count"', b"7") + END, 422),
        (part('name="count"', b"x") + part('name="file"; filename="a.png"') + END, 422),
    ],
)
async def test_a_form_with_a_file_is_read_whole_or_refused(
    tmp_path: Path, body: bytes, expected: object
) -> None:
    async with client_of(folder=tmp_path) as client:
        content = in_pieces(body, 1 << 10)
        answer = await client.post("/form", content=content, headers=MULTIPART)
    assert (answer.json() if answer.status_code == 200 else answer.status_code) == expected
    assert os.listdir(tmp_path) == []


async def test_the_file_of_a_form_is_never_whole_in_memory(tmp_path: Path) -> None:
    head, tail = part('name="file"; filename="a.png"', b"")[:-2], b"\r\n" + END
    size = 32 << 20

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for _ in range(size >> 16):
            yield bytes(1 << 16)
        yield tail

    async with client_of(folder=tmp_path) as client:
        tracemalloc.start()
        try:
            answer = await client.post("/huge", content=pieces(), headers=MULTIPART)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert answer.json() == size
    assert peak < size // 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"count": 3}', 200),
        (b'{"count": "x"}', 422),
        (b"{", 400),
        (b'{"count": 3}' + b" " * 1000, 413),
    ],
)
async def test_json_is_read_within_its_bounds(body: bytes, status: int) -> None:
    async with client_of() as client:
        answers = [
            await client.post("/json", content=body),
            await client.post("/json", content=in_pieces(body, 100)),
        ]
    assert [answer.status_code for answer in answers] == [status, status]


@pytest.mark.parametrize(
    ("kind", "head", "tail"),
    [
        ("application/zip", b"", b""),
        (
            MULTIPART["Content-Type"],
            part('name="x"') + part('name="f"; filename="a"', b"")[:-2],
            b"\r\n" + part('name="g"; filename="b"', b"another") + END,
        ),
    ],
)
@pytest.mark.parametrize(("size", "status"), [(0, 400), (1, 200), (100_000, 200), (100_001, 413)])
async def test_a_file_is_on_disk_while_it_is_needed(
    tmp_path: Path, *, kind: str, head: bytes, tail: bytes, size: int, status: int
) -> None:
    async with client_of(folder=tmp_path) as client:
        answer = await client.post(
            "/file",
            content=in_pieces(head + b"y" * size + tail, 30_000),
            headers={"Content-Type": kind},
        )
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == "y" * size
    assert os.listdir(tmp_path) == []


async def test_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        return open("/dev/full", "wb", buffering=0)

    monkeypatch.setattr("shared.http.bodies.tempfile.NamedTemporaryFile", full)
    async with client_of(folder=tmp_path) as client:
        answer = await client.post(
            "/file", content=b"y" * 100, headers={"Content-Type": "application/zip"}
        )
    assert answer.status_code == 507
    assert answer.json()["type"] == "urn:loupe:problem:no-space-left"


async def test_a_body_that_the_framework_reads_is_bounded_too() -> None:
    bounds = {"/plain": 16 << 10, "/member": 64 << 10, "/large": 1 << 20}
    async with client_of() as client:
        for path, size in bounds.items():
            most = b'{"count": 3}'.ljust(size)
            kind = {"Content-Type": "application/json"}
            whole = await client.post(path, content=most, headers=kind)
            announced = await client.post(path, content=most + b" ")
            counted = await client.post(path, content=in_pieces(most + b" ", 1 << 10))
            assert (whole.status_code, whole.text) == (200, "3")
            for answer in (announced, counted):
                assert answer.status_code == 413
                assert answer.json()["type"] == "urn:loupe:problem:too-large"
                assert in_units(size) in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 60 + b"[]]",
        b"{" + b",".join(b'"k%d": 0' % number for number in range(60)) + b"}",
        b"[" * 60,
    ],
    ids=["lists", "keys", "depth"],
)
async def test_what_a_body_can_make_is_counted_before_it_is_parsed(body: bytes) -> None:
    async with client_of() as client:
        whole = await client.post("/large", content=body)
        pieces = await client.post("/large", content=in_pieces(body, 7))
    for answer in (whole, pieces):
        assert answer.status_code == 413
        assert "50 brackets and colons" in answer.json()["detail"]
