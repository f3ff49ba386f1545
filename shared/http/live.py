"""Live streams: server-sent events that end with the credential that opened them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from shared.callers import Caller
from shared.clock import Clock, utc_now

LIVE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
"""What OpenAPI says of a live route."""


class Live(EventSourceResponse):
    """Tells ``events`` to ``who`` until they end or the token is over; a client opens it anew."""

    def __init__(
        self,
        events: AsyncIterator[ServerSentEvent],
        who: Caller,
        *,
        status_code: int = 200,  # OpenAPI reads it here
        clock: Clock = utc_now,
    ) -> None:
        """Take the events; nothing is asked of them before the answer begins."""
        super().__init__(_while_valid(events, who, clock), status_code)


async def _while_valid(
    events: AsyncIterator[ServerSentEvent], who: Caller, clock: Clock
) -> AsyncIterator[ServerSentEvent]:
    while True:
        left_s = None if who.until is None else (who.until - clock()).total_seconds()
        try:
            async with asyncio.timeout(left_s):
                event = await anext(events)
        except (StopAsyncIteration, TimeoutError):
            return
        yield event
