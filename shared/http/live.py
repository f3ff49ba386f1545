"""Live streams: server-sent events that end with the credential that opened them."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.http.tokens import Tokens

LIVE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
"""What OpenAPI says of a live route."""

_LOOK_S = 2.0
Events = AsyncGenerator[ServerSentEvent, None]


class Live(EventSourceResponse):
    """Tells ``events`` to ``who`` until they end or the token is over or taken back.

    A client opens it anew; with a token that was taken back it gets a 401.
    """

    _tokens: Tokens

    def __init__(
        self,
        events: Events,
        who: Caller,
        *,
        status_code: int = 200,  # OpenAPI reads it here
        clock: Clock = utc_now,
    ) -> None:
        """Take the events; nothing is asked of them before the answer begins."""
        super().__init__(self._while_valid(events), status_code)
        self._who = who
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        self._tokens = scope["app"].state.tokens
        await super().__call__(scope, receive, send)

    async def _while_valid(self, events: Events) -> Events:
        coming = asyncio.ensure_future(anext(events))
        try:
            while (left_s := self._left_s()) > 0 and await self._tokens.open_to(self._who):
                await asyncio.wait({coming}, timeout=min(left_s, _LOOK_S))
                if not coming.done():
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                yield event
                coming = asyncio.ensure_future(anext(events))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await events.aclose()

    def _left_s(self) -> float:
        if self._who.until is None:
            return _LOOK_S
        return (self._who.until - self._clock()).total_seconds()
