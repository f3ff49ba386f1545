"""A client that goes away in the middle of its body leaves no error and no file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.types import Message

from shared.http.app import create_app
from shared.http.bodies import PATIENT, Pace, read_json, received_file, received_form
from shared.http.face import Face
from shared.http.multipart import parts_of
from shared.http.use_cases import use
from tests.signing import fresh_tokens


class Fields(BaseModel):
    count: int = 0


@dataclass(frozen=True)
class Folder:
    path: Path


router = APIRouter()
Staging = Annotated[Folder, Depends(use(Folder))]
ZIP, JSON, FORM = "application/zip", "application/json", "multipart/form-data; boundary=b"


@router.post("/file")
async def file(request: Request, folder: Staging) -> int:
    async with received_file(request, folder.path, raw_types=(ZIP,), max_bytes=1000) as path:
        return path.stat().st_size


@router.post("/form")
async def form(request: Request, folder: Staging) -> int:
    async with received_form(request, Fields, folder.path, max_bytes=1000) as (fields, _):
        return fields.count


@router.post("/parts")
async def parts(request: Request, pace: Annotated[Pace, Depends(use(Pace))]) -> int:
    kind = request.headers.get("content-type")
    return len([part async for part in parts_of(kind, pace.body_of(request))])


@router.post("/json")
async def json_body(request: Request) -> int:
    return (await read_json(request, Fields, max_bytes=1000)).count


@router.post("/plain")
async def plain(fields: Fields) -> int:
    return fields.count


@pytest.mark.parametrize(
    ("path", "kind", "begun"),
    [
        ("/file", ZIP, b"y"),
        (
            "/form",
            FORM,
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
        ),
        ("/parts", FORM, b"--b\r\n"),
        ("/json", JSON, b'{"count": '),
        ("/plain", JSON, b'{"count": '),
    ],
)
async def test_it_is_no_fault_of_the_service(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, kind: str, begun: bytes
) -> None:
    face = Face(name="svc", summary="", public=(router,), use_cases=(PATIENT, Folder(tmp_path)))
    app = create_app(face, tokens=fresh_tokens(), checks={})
    came = [{"type": "http.request", "body": begun, "more_body": True}]
    sent: list[Message] = []

    async def receive() -> Message:
        return came.pop() if came else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/api/svc{path}",
        "raw_path": f"/api/svc{path}".encode(),
        "query_string": b"",
        "headers": [(b"host", b"loupe"), (b"content-type", kind.encode())],
    }
    await app(scope, receive, send)
    assert [one["status"] for one in sent if "status" in one] == [400]
    assert os.listdir(tmp_path) == []
    assert not [line for line in caplog.records if line.levelname in ("ERROR", "CRITICAL")]
