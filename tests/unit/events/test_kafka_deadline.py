"""Whatever the Kafka client does when a connection breaks, our loops live on and end in time."""

import asyncio

import pytest
from aiokafka.errors import MessageSizeTooLargeError, NodeNotReadyError

from shared.errors import DependencyDown
from shared.events.kafka_deadline import deadline, stop_within
from shared.events.port import RecordRefused


async def cancels_itself() -> None:
    inner = asyncio.create_task(asyncio.sleep(60))
    inner.cancel()
    await inner


async def will_not_end() -> None:
    for _ in range(3):
        try:
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            continue


async def test_a_cancellation_from_inside_the_client_is_a_dependency_that_is_down() -> None:
    with pytest.raises(DependencyDown):
        async with deadline(5, "slow"):
            await cancels_itself()


async def test_our_own_cancellation_goes_through() -> None:
    async def work() -> None:
        async with deadline(5, "slow"):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_time_and_the_clients_errors_are_a_dependency_that_is_down() -> None:
    with pytest.raises(DependencyDown, match="slow"):
        async with deadline(0.01, "slow"):
            await asyncio.sleep(60)
    with pytest.raises(DependencyDown, match="NodeNotReady"):
        async with deadline(5, "slow"):
            raise NodeNotReadyError
    with pytest.raises(RecordRefused, match="MessageSizeTooLarge"):
        async with deadline(5, "slow"):
            raise MessageSizeTooLargeError


async def test_a_stop_that_breaks_or_hangs_does_not_hold_us() -> None:
    assert await stop_within(1, asyncio.sleep(0))
    assert not await stop_within(1, cancels_itself())
    assert not await stop_within(0.05, will_not_end())
    await asyncio.sleep(1.0)  # until the one that was left behind has ended
