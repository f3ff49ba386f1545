"""Request bodies as they come: at a client's own pace within reason, counted, never past a limit.

Bodies that FastAPI reads itself are small unless their route says otherwise, by :class:`AtMost`; a
route that reads its own by one of these readers names its own bound.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.disk import room_on_disk, write_all
from shared.errors import (
    FieldError,
    InvalidInput,
    MalformedRequest,
    TooLarge,
    UnsupportedMedia,
    UploadTooSlow,
)
from shared.http.multipart import FORM, Part, in_units, parts_of

JSON = "application/json"
BOUND = "loupe.bound"
"""Where the door leaves the bound of the route, in the scope of a request."""
_MAX_FIELD_BYTES = 64 << 10
_UNBOUNDED = 1 << 50
_OVERHEAD_BYTES = 64 << 10  # boundaries and headers of the parts
_WRITE_BYTES = 1 << 20
_BODY = "loupe.body"
_MARKS = (b"[", b"{", b":")

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class AtMost:
    """A route's dependency that says how much its body may be: ``Depends(AtMost(1 << 20))``.

    Attributes:
        size_bytes: Of the body.
        marks: Brackets and colons in it. They bound how many lists, objects and keys it can make,
            and so the time in which it is parsed and found wrong, which nobody else is served in.
    """

    size_bytes: int
    marks: int = 10_000

    async def __call__(self) -> None:
        """Do nothing: the bound holds before any dependency is asked."""


SMALL = AtMost(64 << 10)
"""For routes that say nothing."""
PUBLIC = AtMost(16 << 10, 1_000)
"""For routes that ask for no credential."""


class Bounded:
    """Counts what comes of a body (ASGI), and ends the request with a 413 beyond its bound."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] == "http":
            bound = scope.get(BOUND, SMALL)
            counted = _Counted(receive, announced=_announced(scope), bound=bound)
            scope[_BODY] = counted
            receive = counted.receive
        await self._app(scope, receive, send)


class _Counted:
    """A body on its way in; its reader may set another bound before it reads."""

    def __init__(self, receive: Receive, *, announced: int, bound: AtMost) -> None:
        self._receive = receive
        self._announced = announced
        self._received = 0
        self._marks = 0
        self.bound = bound

    async def receive(self) -> Message:
        """Return the next message (ASGI); raise HTTPException, which FastAPI lets through."""
        self._check(self._announced)
        message = await self._receive()
        body = message.get("body", b"")
        self._received += len(body)
        self._check(self._received)
        if self.bound.marks < _UNBOUNDED:
            self._marks += sum(map(body.count, _MARKS))
            if self._marks > self.bound.marks:
                raise HTTPException(413, f"over {self.bound.marks} brackets and colons came")
        return message

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self.bound.size_bytes:
            raise HTTPException(413, f"the request is over {in_units(self.bound.size_bytes)}")


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow a client may be.

    Nothing may come for ``idle_s``; and once a client was waited for that long in all, it must have
    sent ``min_bytes_per_s`` on average. Time in which the server was busy does not count.
    """

    idle_s: float = 30.0
    min_bytes_per_s: int = 1024

    async def body_of(
        self, request: Request, *, max_bytes: int = _UNBOUNDED
    ) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            MalformedRequest: The client goes away.
            HTTPException: Status 413, more than ``max_bytes``, announced or counted.
            UploadTooSlow: The client is slower than it may be.
        """
        counted: _Counted = request.scope[_BODY]
        counted.bound = AtMost(max_bytes, _UNBOUNDED)
        stream = request.stream()
        waited_s, received = 0.0, 0
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self.idle_s):
                    chunk = await anext(stream, b"")
            except TimeoutError as error:
                raise UploadTooSlow(f"nothing came for {self.idle_s:g} s") from error
            except ClientDisconnect as error:
                raise MalformedRequest("the body ends early: the client went away") from error
            if not chunk:
                return
            waited_s += time.monotonic() - began
            received += len(chunk)
            if waited_s > self.idle_s and received < waited_s * self.min_bytes_per_s:
                raise UploadTooSlow(f"under {self.min_bytes_per_s} bytes a second came")
            yield chunk


PATIENT = Pace()
"""For readers that are given no other."""


def media_type(request: Request, *accepted: str) -> str:
    """Return the content type, without its parameters, where it is ``accepted``.

    Raises:
        UnsupportedMedia: It is another one.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in accepted:
        raise UnsupportedMedia(f"send {' or '.join(accepted)}")
    return kind


async def read_json(request: Request, model: type[Model], *, max_bytes: int) -> Model:
    """Return a JSON body as ``model``; raise RequestValidationError, or what ``body_of`` raises."""
    body = b"".join([chunk async for chunk in PATIENT.body_of(request, max_bytes=max_bytes)])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _of_body(error) from error


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form: what the client calls it, and where it stands meanwhile."""

    name: str
    path: Path


@contextlib.asynccontextmanager
async def received_form(
    request: Request, model: type[Model], folder: Path, *, max_bytes: int
) -> AsyncIterator[tuple[Model, FormFile]]:
    """Give a form's fields as ``model``, and its file named ``file``, on disk under ``folder``.

    The file has at most ``max_bytes`` and stays for the length of the block.

    Raises:
        InvalidInput: The file is missing.
        NoSpaceLeft: The disk is full.
        LoupeError: As ``Pace.body_of`` and ``parts_of`` do.
        RequestValidationError: A field is wrong.
    """
    fields: dict[str, str] = {}
    name: str | None = None
    body = PATIENT.body_of(request, max_bytes=max_bytes + _OVERHEAD_BYTES)
    with _new_file(folder) as target:
        async for part in parts_of(request.headers.get("content-type"), body, max_files=1):
            if part.file_name is None:
                value = await part.read(max_bytes=_MAX_FIELD_BYTES)
                fields[part.field] = value.decode("utf-8", "replace")
            elif part.field == "file":
                name = part.file_name
                await _write(target, part.chunks, max_bytes=max_bytes)
        if name is None:
            raise InvalidInput("no file", errors=[FieldError("file", "is missing")])
        try:
            given = model.model_validate(fields)
        except ValidationError as error:
            raise _of_body(error) from error
        yield given, FormFile(name, Path(target.name))


@contextlib.asynccontextmanager
async def received_file(
    request: Request, folder: Path, *, raw_types: tuple[str, ...], max_bytes: int
) -> AsyncIterator[Path]:
    """Give the request's file, on disk under ``folder``, for the length of the block.

    The file is the body itself, of one of ``raw_types``, or the first file of a multipart body.

    Raises:
        MalformedRequest: There is no file, or it is empty.
        NoSpaceLeft: The disk is full.
        LoupeError: As ``Pace.body_of`` and ``parts_of`` do.
    """
    with _new_file(folder) as target:
        chunks = _file_of(request, raw_types, max_bytes)
        if not await _write(target, chunks, max_bytes=max_bytes):
            raise MalformedRequest("the body holds no file")
        yield Path(target.name)


def _new_file(folder: Path) -> IO[bytes]:
    with room_on_disk():
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=folder, buffering=0)


async def _write(target: IO[bytes], chunks: AsyncIterator[bytes], *, max_bytes: int) -> int:
    """Write what comes, beside the event loop; return how many bytes came."""
    size = 0
    async for data in _blocks(chunks):
        size += len(data)
        if size > max_bytes:
            raise TooLarge(f"a file has at most {in_units(max_bytes)}")
        await asyncio.to_thread(write_all, target, data)
    return size


async def _file_of(
    request: Request, raw_types: tuple[str, ...], max_bytes: int
) -> AsyncIterator[bytes]:
    if media_type(request, FORM, *raw_types) != FORM:
        async for chunk in PATIENT.body_of(request, max_bytes=max_bytes):
            yield chunk
        return
    body = PATIENT.body_of(request, max_bytes=max_bytes + _OVERHEAD_BYTES)
    taken: Part | None = None
    async for part in parts_of(request.headers.get("content-type"), body):
        if part.file_name is not None and taken is None:
            taken = part
            async for chunk in part.chunks:
                yield chunk


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Gather chunks to blocks that are worth a way to the disk."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _WRITE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _of_body(error: ValidationError) -> RequestValidationError:
    return RequestValidationError(
        [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
    )
