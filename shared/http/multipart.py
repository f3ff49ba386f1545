"""Multipart bodies as a stream of parts (RFC 7578), never whole in memory or on disk at once."""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from python_multipart.multipart import MultipartParser, parse_options_header

from shared.disposition import disposition_of
from shared.errors import MalformedRequest, TooLarge, UnsupportedMedia

FORM = "multipart/form-data"
MAX_FILES = 100
MAX_FIELDS = 20  # parts that are no files; some clients send a few that nobody reads
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
"""The schema of a file, in a form or as a body."""


def form_body(
    fields: Mapping[str, Any],
    *,
    required: str,
    kinds: Mapping[str, str] | None = None,
    others: Mapping[str, Any] | None = None,
    is_closed: bool = False,
) -> dict[str, Any]:
    """Return what OpenAPI says of a route that reads a form itself (its ``openapi_extra``).

    Args:
        fields: Schemas of the fields, by name.
        required: The field that must be there.
        kinds: Content types of fields, by name.
        others: Schemas of bodies that are taken instead of a form, by media type.
        is_closed: Whether a form with another field is refused.

    >>> body = form_body({"file": FILE}, required="file", others={"text/plain": FILE})
    >>> sorted(body["requestBody"]["content"])
    ['multipart/form-data', 'text/plain']
    """
    form: dict[str, Any] = {
        "schema": {
            "type": "object",
            "required": [required],
            "properties": dict(fields),
        }
    }
    if is_closed:
        form["schema"]["additionalProperties"] = False
    if kinds:
        form["encoding"] = {name: {"contentType": kind} for name, kind in kinds.items()}
    content = {kind: {"schema": schema} for kind, schema in (others or {}).items()}
    return {"requestBody": {"required": True, "content": {FORM: form, **content}}}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body; ``chunks`` are read before the next part is asked for, or passed over.

    ``file_name`` is what the client calls the file, None for a plain field.
    """

    field: str
    file_name: str | None
    chunks: AsyncIterator[bytes]

    async def read(self, *, max_bytes: int) -> bytes:
        """Return the whole part; raise TooLarge."""
        data = bytearray()
        async for chunk in self.chunks:
            data += chunk
            if len(data) > max_bytes:
                raise TooLarge(f"{self.field or 'a part'} has at most {in_units(max_bytes)}")
        return bytes(data)


async def parts_of(
    content_type: str | None, body: AsyncIterator[bytes], *, max_files: int = MAX_FILES
) -> AsyncIterator[Part]:
    """Yield the parts of a multipart body, each before its bytes have come.

    Raises:
        UnsupportedMedia: The content type is another one.
        MalformedRequest: The body is not what its content type says, or ends early.
        TooLarge: Over ``max_files`` files, or over :data:`MAX_FIELDS` other parts.
    """
    reader = _Reader(_boundary_of(content_type), body, max_files=max_files)
    while (begun := await reader.next()) is not None:
        if isinstance(begun, _Begins):
            chunks = reader.part()
            yield Part(begun.field, begun.file_name, chunks)
            async for _ in chunks:  # what the caller left
                pass


def in_units(size_bytes: int) -> str:
    """Return a limit as people read it.

    >>> in_units(1 << 20), in_units(64 << 10), in_units(500)
    ('1 MiB', '64 KiB', '500 bytes')
    """
    for shift, unit in ((20, "MiB"), (10, "KiB")):
        if size_bytes >> shift:
            return f"{size_bytes >> shift} {unit}"
    return f"{size_bytes} bytes"


def _boundary_of(content_type: str | None) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind.decode("latin-1") != FORM:
        raise UnsupportedMedia(f"send {FORM}")
    if not options.get(b"boundary"):
        raise MalformedRequest("the multipart body names no boundary")
    return options[b"boundary"]


@dataclass(frozen=True, slots=True)
class _Begins:
    field: str
    file_name: str | None


class _Ends:
    pass


_Event = _Begins | bytes | _Ends


class _Reader:
    """Pulls the body through the parser, event by event."""

    def __init__(self, boundary: bytes, body: AsyncIterator[bytes], *, max_files: int) -> None:
        self._body = body
        self._max_files = max_files
        self._events: deque[_Event] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._files = self._fields = 0
        self._whole = False
        self._parser = self._parser_of(boundary)

    async def next(self) -> _Event | None:
        """Return the next event, None at the end of the body."""
        while not self._events:
            chunk = await anext(self._body, b"")
            if not chunk:
                if not self._whole:
                    raise MalformedRequest("the multipart body ends early")
                return None
            try:
                self._parser.write(chunk)
            except ValueError as error:  # FormParserError
                raise MalformedRequest(f"the multipart body cannot be read: {error}") from error
        return self._events.popleft()

    async def part(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the part that has begun."""
        while isinstance(event := await self.next(), bytes):
            yield event

    def _parser_of(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": lambda: self._events.append(_Ends()),
                    "on_end": self._end,
                },
            )
        except ValueError as error:
            raise MalformedRequest("the multipart body's boundary cannot be used") from error

    def _part_begin(self) -> None:
        self._headers, self._name, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        field, file_name = disposition_of(self._headers.get(b"content-disposition", b""))
        self._files += file_name is not None
        self._fields += file_name is None
        if self._files > self._max_files:
            raise TooLarge(f"a request has at most {self._max_files} files")
        if self._fields > MAX_FIELDS:
            raise TooLarge(f"a request has at most {MAX_FIELDS} parts that are no files")
        self._events.append(_Begins(field, file_name))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _end(self) -> None:
        self._whole = True
