"""What strangers may cost before and after they say what they want: bounds on every connection.

The HTTP server bounds nothing but the silence between two requests. Here a head has to come soon
and be small, a body has to keep a pace, an answer has to be taken, and no source fills the house.
"""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_remote_addr

from shared.errors import LoupeError, MalformedRequest
from shared.http.problems import problem_response
from shared.telemetry import CONNECTIONS, REFUSED_CONNECTIONS, logger
from shared.texts.language import language_of, speaking

_DESCRIPTORS = 65_536
_RESERVED = 256  # of them for stores, files and children
_LOOK_S = 0.5
_TELL_S = 10.0

log = logger(__name__)


@dataclass(frozen=True)
class Bounds:
    """What one connection may take.

    Attributes:
        head_s: Seconds from the connection, or from a request's first byte, to the end of its head.
        head_bytes: Size of a head.
        window_s: Seconds over which the pace of a body is looked at, and in which an answer must be
            taken on.
        idle_s: Seconds between an answered request and the next.
        body_bytes_per_s: Least pace of a body; time in which we do not read does not count.
        pipelined: Requests of one connection that wait for the answers to those before them.
        total: Connections at once.
        per_source: Connections at once from one address; 0 bounds them by ``total`` alone.
    """

    head_s: float = 10.0
    head_bytes: int = 64 * 1024
    window_s: float = 30.0
    idle_s: float = 60.0
    body_bytes_per_s: float = 256.0
    pipelined: int = 16
    total: int = 512
    per_source: int = 256


def raise_descriptor_limit() -> int:
    """Raise this process's limit of open files as far as it may, to 65,536; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        return highest
    return _DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def bounds_for(descriptors: int, *, per_source: int) -> Bounds:
    """Return the bounds of a process that may open so many files.

    >>> bounds_for(1024, per_source=1024)  # doctest: +ELLIPSIS
    Bounds(...total=768, per_source=384)
    """
    total = descriptors - min(_RESERVED, descriptors // 4)
    return Bounds(total=total, per_source=min(per_source, total // 2))


class Connections:
    """The connections of one server, and how many were turned away."""

    def __init__(
        self,
        bounds: Bounds,
        *,
        counted: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nobody is there yet; where they are ``counted`` the metrics tell how many are open."""
        self.bounds = bounds
        self._counted = counted
        self.clock = clock
        self._open: set[BoundedProtocol] = set()
        self._by_source: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()

    @property
    def protocol(self) -> type["BoundedProtocol"]:
        """The class of protocols that belong to these connections, for the HTTP server."""
        return type("Bounded", (BoundedProtocol,), {"book": self})

    def enter(self, connection: "BoundedProtocol", source: str) -> bool:
        """Take a connection in unless there are too many; return whether it was taken."""
        bounds = self.bounds
        if len(self._open) >= bounds.total:
            self.note("too many")
            return False
        if bounds.per_source and self._by_source[source] >= bounds.per_source:
            self.note("too many of one source")
            return False
        self._open.add(connection)
        self._by_source[source] += 1
        if self._counted:
            CONNECTIONS.inc()
        return True

    def leave(self, connection: "BoundedProtocol", source: str) -> None:
        """Forget a connection; one that was not taken in is fine."""
        if connection in self._open:
            self._open.discard(connection)
            self._by_source[source] -= 1
            if not self._by_source[source]:
                del self._by_source[source]
            if self._counted:
                CONNECTIONS.dec()

    def note(self, reason: str) -> None:
        """Count a connection that was refused or cut."""
        REFUSED_CONNECTIONS.labels(reason).inc()
        self._untold[reason] += 1

    async def watch(self) -> None:
        """Cut what is over its bounds, and tell of it now and then, until cancelled."""
        asyncio.get_running_loop().set_exception_handler(self._heard)
        told = self.clock()
        while True:
            await asyncio.sleep(_LOOK_S)
            now = self.clock()
            for connection in list(self._open):
                if reason := connection.overdue(now):
                    self.note(reason)
                    connection.transport.abort()
            if self._untold and now - told >= _TELL_S:
                log.warning("connections.cut", **self._untold)
                self._untold.clear()
                told = now

    def _heard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Count what the loop would write a line for at each attempt to accept."""
        if "socket.accept() out of system resource" in context.get("message", ""):
            self.note("out of files")
        else:
            loop.default_exception_handler(context)


class HeadTooLarge(LoupeError):
    """The first line and the headers of a request are over their limit."""

    code = "head-too-large"
    status = 431
    title = "The head of the request is too large"


class TooManyPipelined(Exception):
    """A client sends on and on without waiting for answers."""


_UNREADABLE = "this is no HTTP: the first line, a header or a length of the request cannot be read"
_TOO_MANY = "too many requests at once on one connection: wait for the answers"


def refusal(error: LoupeError, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the whole answer, which ends the connection, to a request that no application sees.

    ``headers`` are those that were read of it, names in lower case; they tell the language.
    """
    accepted = dict(headers).get(b"accept-language", b"").decode("latin-1")
    with speaking(language_of(accepted)):
        answer = problem_response(error, {"Connection": "close"})
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body)


class BoundedProtocol(HttpToolsProtocol):
    """The server's protocol, which knows since when it waits for what.

    A request is in its head until that is read whole, then in its body, then it is answered.
    """

    book: Connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in, or cut it at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  tells the type
        remote = get_remote_addr(transport)
        self._source = remote[0] if remote else ""
        self._stage = "head"
        self._since = self.book.clock()
        self._bytes = 0
        self._unwritable_since: float | None = None
        self._refusal = "no HTTP"
        if self.book.enter(self, self._source):
            super().connection_made(transport)
        else:
            self.transport = transport
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.book.leave(self, self._source)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is too large is the end."""
        if self._stage == "idle":
            self._begin("head")
        self._bytes += len(data)
        super().data_received(data)
        if self._stage == "head" and self._bytes > self.book.bounds.head_bytes:
            self.book.note("large head")
            most = self.book.bounds.head_bytes
            self._refuse(HeadTooLarge(f"at most {most} bytes of first line and headers"))

    def on_message_begin(self) -> None:
        """The first byte of a request has come; each that waits for its turn takes memory."""
        if len(self.pipeline) >= self.book.bounds.pipelined:
            self._refusal = "too many at once"
            raise TooManyPipelined  # which ends the parsing, too
        if self._stage != "head":
            self._begin("head")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._begin("body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole; of a request that was answered before, nothing is left to wait for."""
        answered = self.cycle is not None and self.cycle.response_complete
        self._begin("idle" if answered else "answer")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is given; the rest of a body that nobody wanted still has to keep its pace."""
        if self._stage == "answer":
            self._begin("idle")
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not take the answer on."""
        self._unwritable_since = self.book.clock()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._unwritable_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or too much of it, without a line of log for each."""
        self.book.note(self._refusal)
        self._refuse(MalformedRequest(_UNREADABLE if self._refusal == "no HTTP" else _TOO_MANY))

    def _refuse(self, error: LoupeError) -> None:
        self.transport.write(refusal(error, self.headers or ()))
        self.transport.close()

    def overdue(self, now: float) -> str:
        """Return why the connection must be cut, or nothing."""
        bounds = self.book.bounds
        if self._unwritable_since is not None and now - self._unwritable_since > bounds.window_s:
            return "answer not taken"
        if self._stage == "head" and now - self._since > bounds.head_s:
            return "slow head"
        if self._stage == "idle" and now - self._since > bounds.idle_s:
            return "idle"
        if self._stage == "body":
            return self._slow_body(now)
        return ""

    def _slow_body(self, now: float) -> str:
        bounds = self.book.bounds
        if self.flow.read_paused:
            self._begin("body")
        elif now - self._since > bounds.window_s:
            if self._bytes < bounds.body_bytes_per_s * (now - self._since):
                return "slow body"
            self._begin("body")
        return ""

    def _begin(self, stage: str) -> None:
        self._stage = stage
        self._since = self.book.clock()
        self._bytes = 0
