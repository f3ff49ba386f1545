"""Deadlines around the Kafka client, and its errors as ours."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.errors import (
    IllegalArgumentError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from shared.errors import DependencyDown
from shared.events.port import RecordRefused
from shared.telemetry import logger

log = logger(__name__)
_left_behind: set[asyncio.Task[None]] = set()


@asynccontextmanager
async def deadline(seconds: float, what: str) -> AsyncIterator[None]:
    """Give the block ``seconds``; turn time-outs and the client's errors into DependencyDown.

    The client cancels its own tasks when a connection breaks, and lets that cancellation out. Taken
    for a real one it would end a relay or a consumer for good, with no word in the log.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, KafkaConnectionError) as error:
        raise DependencyDown(what) from error
    except (IllegalArgumentError, MessageSizeTooLargeError, RecordListTooLargeError) as error:
        raise RecordRefused(f"the broker refused: {type(error).__name__}") from error
    except KafkaError as error:
        raise DependencyDown(f"the broker refused: {type(error).__name__}") from error
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        raise DependencyDown("the connection to the broker broke") from error


async def stop_within(seconds: float, stop: Coroutine[Any, Any, None]) -> bool:
    """Run a client's ``stop`` and return whether it ended well in time; never raises its errors.

    One that hangs, even in its cancellation, is left behind.
    """
    task = asyncio.create_task(stop)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        _left_behind.add(task)
        task.add_done_callback(_forget)
        task.cancel()
        return False
    if task.cancelled() or task.exception() is not None:
        log.warning(
            "client.stopped_badly", cause=repr(None if task.cancelled() else task.exception())
        )
        return False
    return True


def _forget(task: asyncio.Task[None]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()


def _is_cancelled() -> bool:
    current = asyncio.current_task()
    return current is None or current.cancelling() > 0
