"""Who asked for which change: written down before the answer goes out.

What is acknowledged is in the journal. A request that a kill cut off was acknowledged to nobody and
may be missing there, though its change was stored.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.attempts import Attempts
from shared.callers import Caller
from shared.contracts.audit_events import ChangeAsked
from shared.errors import DependencyDown, LoupeError
from shared.http.callers import WHO
from shared.http.problems import problem_response
from shared.journal import Journal
from shared.telemetry import JOURNAL_LEFT_OUT, logger

ASKED = "loupe.asked"
"""Where the door leaves in a request's scope which operation is asked, and of what."""
_READS = {"GET", "HEAD", "OPTIONS"}
_UNTOLD = {401, 429}  # nobody's; and what was asked too often, which would flood the journal
_REFUSED_AT_ONCE, _REFUSED_EVERY_S = 100, 10.0  # of a key; what is done has no bound
_MOST_KEYS = 10_000
_MOST_READ_BYTES = 1 << 20
_MOST_IDS = 1000  # more than any request makes or takes away
_LONGEST_ID = 64
_MOST_DIGITS = 18
_UNRECORDED = "this may have been done, but could not be recorded: look before you send it again"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation by its name, and the ids that a request's path names."""

    operation: str
    named: Mapping[str, str]


class Recorded:
    """Middleware that writes each request for a change into the journal, outside the door.

    Of what a key was refused, or failed in, a hundred lines are written at once and then one in ten
    seconds: whoever may do nothing fills nothing. The rest is counted.
    """

    def __init__(self, app: ASGIApp, *, journal: Journal) -> None:
        self._app = app
        self._journal = journal
        self._refused = Attempts(
            burst=_REFUSED_AT_ONCE, every_s=_REFUSED_EVERY_S, most=_MOST_KEYS, clock=time.monotonic
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] != "http" or scope["method"] in _READS:
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send, journal=self._journal, refused=self._refused)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            await answer.fail()
            raise


class _Answer:
    """An answer on its way out, held until its line is written; see :class:`Recorded`."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, journal: Journal, refused: Attempts
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._journal = journal
        self._refused = refused
        self._start: Message | None = None
        self._is_replaced = False

    async def send(self, message: Message) -> None:
        """Pass the answer on; one whose line cannot be written gives place to a 503."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self._start is None:
            if not self._is_replaced:
                await self._send(message)
        else:
            start, self._start = self._start, None
            try:
                await self._record(
                    start["status"], dict(start["headers"]), message.get("body", b"")
                )
            except LoupeError as error:
                log.error("journal.unwritten", path=self._scope["path"], cause=error.detail)
                self._is_replaced = True
                await problem_response(DependencyDown(_UNRECORDED))(
                    self._scope, self._receive, self._send
                )
                return
            await self._send(start)
            await self._send(message)

    async def fail(self) -> None:
        """Write down a request that a defect ended; who answers it stands further out."""
        try:
            await self._record(500, {}, b"")
        except LoupeError as error:
            log.error("journal.unwritten", path=self._scope["path"], cause=error.detail)

    async def _record(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> None:
        who: Caller | None = self._scope.get(WHO)
        asked: Asked | None = self._scope.pop(ASKED, None)
        if who is None or asked is None or status in _UNTOLD:
            return
        if status >= 400 and self._refused.begin(f"{who.tenant}/{who.subject}"):
            JOURNAL_LEFT_OUT.labels(self._journal.service).inc()
            return
        line = ChangeAsked(
            service=self._journal.service,
            operation=asked.operation,
            key_id=who.key_id,
            role=who.role,
            address=(self._scope.get("client") or ("",))[0][:_LONGEST_ID],
            status=status,
            named={name: text[:_LONGEST_ID] for name, text in asked.named.items()},
            made=_made(headers, body) if status < 300 else (),
            version_before=_version(_header(self._scope["headers"], b"if-match")),
            version_after=_version(headers.get(b"etag", b"")),
        )
        await self._journal.record(who.tenant, line)


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")


def _version(tag: bytes) -> int | None:
    """Return the version that an entity tag names.

    >>> _version(b'W/"12"'), _version(b"*")
    (12, None)
    """
    digits = tag.strip().removeprefix(b"W/").strip(b'"')
    return int(digits) if digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def _made(headers: Mapping[bytes, bytes], body: bytes) -> tuple[str, ...]:
    """Return the ids that an answer names: its own, those of files taken in, and of what went."""
    found = dict.fromkeys(_ids_of(_parsed(headers, body)))
    if not found and b"location" in headers:
        found = {headers[b"location"].decode("latin-1").rpartition("/")[2]: None}
    return tuple(name[:_LONGEST_ID] for name in found)[:_MOST_IDS]


def _parsed(headers: Mapping[bytes, bytes], body: bytes) -> dict[str, Any]:
    is_json = headers.get(b"content-type", b"").startswith(b"application/json")
    if not is_json or len(body) > _MOST_READ_BYTES:
        return {}
    try:
        answer = orjson.loads(body)
    except ValueError:  # there is none, or it comes in pieces
        return {}
    return answer if isinstance(answer, dict) else {}


def _ids_of(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of an answer.

    >>> list(_ids_of({"files": [{"image": {"id": "a"}}, {"image": None}], "deleted": ["b"]}))
    ['b', 'a']
    """
    for name in ("id", "import_id"):
        if isinstance(answer.get(name), str):
            yield answer[name]
    deleted = answer.get("deleted")
    yield from (one for one in deleted if isinstance(one, str)) if isinstance(deleted, list) else ()
    for file in answer.get("files") or ():
        if isinstance(file, dict) and isinstance(file.get("image"), dict):
            yield str(file["image"].get("id", ""))
