"""Memory is admitted in order, by prediction."""

import asyncio

from shared.guarded.budget import MemoryBudget


async def test_budget_admits_in_order_and_lets_a_giant_run_alone():
    budget = MemoryBudget(100)
    running: list[str] = []
    seen: list[tuple[str, ...]] = []

    async def job(name: str, size: int) -> None:
        async with budget.take(size):
            running.append(name)
            seen.append(tuple(running))
            await asyncio.sleep(0.01)
            running.remove(name)

    await asyncio.gather(job("a", 60), job("b", 60), job("giant", 500), job("c", 40), job("d", 60))
    assert seen == [("a",), ("b",), ("giant",), ("c",), ("c", "d")]


async def test_cancelled_wait_gives_its_place_back():
    budget = MemoryBudget(10)
    async with budget.take(10):
        waiter = asyncio.create_task(budget.take(10).__aenter__())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    async with asyncio.timeout(1), budget.take(10):
        pass
