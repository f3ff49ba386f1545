"""One timer for many blocks ends the one that takes too long, and no other."""

import asyncio

import pytest

from shared.events.deadline import Deadline


async def test_a_block_in_time_passes_and_the_next_that_is_late_does_not() -> None:
    deadline = Deadline(0.1)
    for _ in range(3):
        with deadline:
            await asyncio.sleep(0.05)  # together longer than one may take
        assert not deadline.expired
    with pytest.raises(TimeoutError), deadline:
        await asyncio.sleep(60)
    assert deadline.expired
    with deadline:
        await asyncio.sleep(0)
    assert not deadline.expired
    await asyncio.sleep(0.3)  # an idle timer harms nobody


async def test_a_cancellation_from_outside_goes_through() -> None:
    deadline = Deadline(60)
    inside = asyncio.Event()

    async def work() -> None:
        with deadline:
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_is_a_cancellation() -> None:
    deadline = Deadline(0.01)

    async def work() -> None:
        with deadline:
            try:
                await asyncio.sleep(60)
            finally:
                task.cancel()

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_block_is_not_hidden() -> None:
    with pytest.raises(TimeoutError, match="its own"), Deadline(60):
        raise TimeoutError("its own")
