"""Taking an archive from a request: streamed to a file, counted, removed whatever happens."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastapi import Request
from python_multipart.multipart import MultipartParser, parse_options_header

from shared.errors import MalformedRequest, TooLarge, UnsupportedMedia

_RAW_TYPES = (b"application/zip", b"application/x-zip-compressed", b"application/octet-stream")
_BUFFER_BYTES = 1 << 20
_MAX_PARTS = 20


@dataclass(frozen=True)
class ArchiveBody:
    """Takes archives of at most `max_bytes`; they lie in `staging` while they are read."""

    staging: Path
    max_bytes: int

    @contextlib.asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Path]:
        """Give the request's archive as a file for the length of the block.

        The archive is the body itself (`application/zip`) or the first file of a multipart body.

        Raises:
            UnsupportedMedia: Neither kind of body.
            MalformedRequest: The body is not what its type says, or holds no file.
            TooLarge: More than `max_bytes`.
        """
        await asyncio.to_thread(self.staging.mkdir, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.staging, suffix=".zip") as target:
            sink = _sink_of(request, target, self.max_bytes)
            waiting = bytearray()
            async for chunk in request.stream():
                waiting += chunk
                if len(waiting) >= _BUFFER_BYTES:
                    await asyncio.to_thread(sink.feed, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(sink.feed, bytes(waiting))
            sink.finish()
            await asyncio.to_thread(target.flush)
            yield Path(target.name)


class _RawSink:
    """Writes the body as it comes."""

    def __init__(self, target: IO[bytes], max_bytes: int) -> None:
        self._target = target
        self._max_bytes = max_bytes
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Write bytes; raise TooLarge."""
        self._size += len(data)
        if self._size > self._max_bytes:
            raise TooLarge(f"an archive has at most {self._max_bytes >> 20} MiB")
        self._target.write(data)

    def finish(self) -> None:
        """Check that there was something; raise MalformedRequest."""
        if not self._size:
            raise MalformedRequest("the body holds no archive")


class _MultipartSink:
    """Writes the first file of a multipart body; other fields are passed over."""

    def __init__(self, boundary: bytes, inner: _RawSink) -> None:
        self._inner = inner
        self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._parts = self._files = 0
        self._is_taken = self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_end": self._end,
                },
            )
        except ValueError as error:
            raise MalformedRequest("the multipart body's boundary cannot be used") from error

    def feed(self, data: bytes) -> None:
        """Take bytes of the body; raise MalformedRequest or TooLarge."""
        try:
            self._parser.write(data)
        except ValueError as error:
            raise MalformedRequest(f"the multipart body cannot be read: {error}") from error

    def finish(self) -> None:
        """Check that the body was whole and held a file; raise MalformedRequest."""
        if not self._ended:
            raise MalformedRequest("the multipart body ends early")
        self._inner.finish()

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise TooLarge(f"a request has at most {_MAX_PARTS} parts")
        self._headers, self._field, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._files += b"filename" in options
        self._is_taken = b"filename" in options and self._files == 1

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_taken:
            self._inner.feed(data[start:end])

    def _end(self) -> None:
        self._ended = True


def _sink_of(request: Request, target: IO[bytes], max_bytes: int) -> _RawSink | _MultipartSink:
    kind, options = parse_options_header(request.headers.get("content-type"))
    raw = _RawSink(target, max_bytes)
    if kind in _RAW_TYPES:
        return raw
    if kind != b"multipart/form-data":
        raise UnsupportedMedia("send the zip as application/zip or as a file of a form")
    if not options.get(b"boundary"):
        raise MalformedRequest("the multipart body names no boundary")
    return _MultipartSink(options[b"boundary"], raw)
