"""The pulse of a process without an HTTP face: a file that is touched while it is alive."""

import asyncio
from pathlib import Path

from shared.events.lifecycle import Lifecycle

_EVERY_S = 5.0


async def keep_pulse(file: Path, life: Lifecycle, *, every_s: float = _EVERY_S) -> None:
    """Touch ``file`` until cancelled, but not while a consumer has gone silent."""
    while True:
        if not life.silent():
            await asyncio.to_thread(file.touch)
        await asyncio.sleep(every_s)
