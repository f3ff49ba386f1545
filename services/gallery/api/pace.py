"""Request bodies at a client's own pace, within reason."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gallery.domain.refusals import UploadTooSlow
from shared.errors import MalformedRequest


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow a client may be.

    Nothing may come for `idle_s`; and once a client was waited for that long in all, it must have
    sent `min_bytes_per_s` on average. Time in which the server was busy does not count.
    """

    idle_s: float
    min_bytes_per_s: int

    async def body_of(self, request: Request) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            MalformedRequest: the client goes away.
            UploadTooSlow: it is slower than it may be.
        """
        stream = request.stream()
        waited, received = 0.0, 0
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
            waited += time.monotonic() - began
            received += len(chunk)
            if waited > self.idle_s and received < waited * self.min_bytes_per_s:
                raise UploadTooSlow(f"under {self.min_bytes_per_s} bytes a second came")
            yield chunk
