"""Multipart bodies as a stream of parts (RFC 7578), never whole in memory or on disk at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from python_multipart.multipart import MultipartParser, parse_options_header

from shared.errors import MalformedRequest, TooLarge, UnsupportedMedia

MAX_FILES = 100
MAX_FIELDS = 20  # parts that are no files: nothing reads them, some clients send a few


@dataclass(frozen=True, slots=True)
class FileBegins:
    """A file part begins; `name` is what the client calls it."""

    name: str


@dataclass(frozen=True, slots=True)
class FileData:
    """Bytes of the current file."""

    data: bytes


@dataclass(frozen=True, slots=True)
class FileEnds:
    """The current file is whole."""


Part = FileBegins | FileData | FileEnds


class MultipartFiles:
    """Splits the chunks of a body into files; fields without a file name are passed over."""

    def __init__(self, content_type: str | None) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            raise UnsupportedMedia("send the images as multipart/form-data")
        if not options.get(b"boundary"):
            raise MalformedRequest("the multipart body names no boundary")
        self._events: list[Part] = []
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._in_file = self._ended = False
        self._files = self._fields = 0
        self._parser = _parser(options[b"boundary"], self)

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """Take the next bytes of the body; yield what they contain.

        Raises:
            MalformedRequest: the body is not what its content type says.
            TooLarge: too many files or other parts.
        """
        try:
            self._parser.write(chunk)
        except ValueError as error:  # FormParserError
            raise MalformedRequest(f"the multipart body cannot be read: {error}") from error
        events, self._events = self._events, []
        yield from events

    def finish(self) -> None:
        """Check that the body was whole.

        Raises:
            MalformedRequest: it ends early.
        """
        if not self._ended:
            raise MalformedRequest("the multipart body ends early")

    def on_part_begin(self) -> None:
        """Take the parser's call at a part's begin."""
        self._headers, self._field, self._value = {}, b"", b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's name."""
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a header's value."""
        self._value += data[start:end]

    def on_header_end(self) -> None:
        """Take the end of one header."""
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def on_headers_finished(self) -> None:
        """Take the end of a part's headers: what kind of part it is."""
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"filename")
        self._in_file = name is not None
        self._count()
        if name is not None:
            self._events.append(FileBegins(name.decode("utf-8", "replace")))

    def _count(self) -> None:
        self._files += self._in_file
        self._fields += not self._in_file
        if self._files > MAX_FILES:
            raise TooLarge(f"a request has at most {MAX_FILES} files")
        if self._fields > MAX_FIELDS:
            raise TooLarge(f"a request has at most {MAX_FIELDS} parts that are no files")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take bytes of a part."""
        if self._in_file:
            self._events.append(FileData(data[start:end]))

    def on_part_end(self) -> None:
        """Take the end of a part."""
        if self._in_file:
            self._events.append(FileEnds())

    def on_end(self) -> None:
        """Take the end of the body."""
        self._ended = True


def _parser(boundary: bytes, files: MultipartFiles) -> MultipartParser:
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": files.on_part_begin,
                "on_header_field": files.on_header_field,
                "on_header_value": files.on_header_value,
                "on_header_end": files.on_header_end,
                "on_headers_finished": files.on_headers_finished,
                "on_part_data": files.on_part_data,
                "on_part_end": files.on_part_end,
                "on_end": files.on_end,
            },
        )
    except ValueError as error:
        raise MalformedRequest("the multipart body's boundary cannot be used") from error
