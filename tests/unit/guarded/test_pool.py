"""A guarded child costs nobody else anything: memory, time, disk, secrets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import DependencyDown
from shared.guarded.limits import Limits
from shared.guarded.pool import GuardedPool, TooCostly
from tests.running import HANG_S, until

CHILD = "tests.unit.guarded.obedient_child"
MIB = 1 << 20


@contextlib.asynccontextmanager
async def children(**options: Any) -> AsyncIterator[GuardedPool]:
    bounds = {"memory_bytes": 64 * MIB, "cpu_s": 20, "wall_s": 30.0}
    given = {name: options.pop(name) for name in list(options) if name not in ("workers", "keep")}
    pool = GuardedPool(CHILD, limits=Limits(**bounds | given), **{"workers": 1} | options)
    try:
        yield pool
    finally:
        await pool.close()


async def test_answers_come_whole_and_in_order_though_libraries_print() -> None:
    async with children() as pool:
        *echo, first = await pool.ask({"echo": ["a", {"b": [1]}, "c\n"]})
        (second,) = await pool.ask({})
    assert echo == ["a", {"b": [1]}, "c\n"]
    assert first == second, "one child does one job after the other"


async def test_a_child_that_is_not_kept_ends_with_its_job() -> None:
    async with children(keep=False) as pool:
        (first,) = await pool.ask({})
        assert pool.pids == []
        (second,) = await pool.ask({})
    assert first != second


async def test_a_child_knows_none_of_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "LOUPE_WORKSPACE_SIGNING_KEY",
        "LOUPE_WORKSPACE_ADMIN_KEY",
        "LOUPE_S3_SECRET_KEY",
        "ANY",
    )
    for name in secrets:
        monkeypatch.setenv(name, "hidden-from-children")
    async with children() as pool:
        environment, _ = await pool.ask({"environment": True})
    assert "hidden-from-children" not in environment.values()
    assert environment["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ({"take_bytes": 128 * MIB}, "memory"),
        ({"fork_off": True}, "memory"),
        ({"think_s": 30}, "time"),
        ({"sleep_s": 30}, "time"),
        ({"echo": ["x" * 3000]}, "room"),
        ({"echo": ["x" * 1000] * 8}, "room"),
    ],
    ids=["memory", "death", "CPU time", "wall time", "a long line", "a long answer"],
)
async def test_a_job_that_takes_too_much_costs_its_child_at_most(
    job: dict[str, Any], reason: str
) -> None:
    bounds = {"cpu_s": 1, "wall_s": 4.0, "line_bytes": 2000, "answer_bytes": 4000}
    async with children(**bounds) as pool:
        (before,) = await pool.ask({})
        with pytest.raises(TooCostly, match=reason):
            await pool.ask(job)
        assert before not in pool.pids
        (after,) = await pool.ask({})
    assert after != before


async def test_a_child_writes_no_file_over_its_bound(tmp_path: Path) -> None:
    file = tmp_path / "written"
    async with children(written_bytes=1 * MIB) as pool:
        await pool.ask({"write": str(file), "bytes": 1 * MIB})
        with pytest.raises(TooCostly):
            await pool.ask({"write": str(file), "bytes": 1 * MIB + 1})
    assert file.stat().st_size <= 1 * MIB


async def test_a_job_whose_child_was_killed_for_others_is_done_by_another(tmp_path: Path) -> None:
    async with children() as pool:
        (before,) = await pool.ask({})
        (after,) = await pool.ask({"die_once": str(tmp_path / "died")})
    assert after != before


async def test_a_job_that_is_given_up_leaves_no_child_at_work() -> None:
    async with children() as pool:
        await pool.open()
        (pid,) = pool.pids
        job = asyncio.create_task(pool.ask({"sleep_s": 30}))
        await asyncio.sleep(0)  # the job is with its child
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        assert pid not in pool.pids
        (_,) = await pool.ask({})


async def test_a_job_that_is_given_up_before_its_child_is_ready_leaves_no_child() -> None:
    async with children() as pool:
        job = asyncio.create_task(pool.ask({}))
        await until(lambda: _has(pool))
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        assert pool.pids == []
        (_,) = await pool.ask({})


async def test_whoever_gives_a_job_up_twice_leaves_the_childs_place() -> None:
    async with children() as pool:
        await pool.open()
        job = asyncio.create_task(pool.ask({"sleep_s": 30}))
        for _ in range(5):
            await asyncio.sleep(0)  # the job is with its child, then the child is being stopped
            job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        async with asyncio.timeout(HANG_S):
            (_,) = await pool.ask({})


async def _has(pool: GuardedPool) -> bool:
    return bool(pool.pids)


async def test_as_many_jobs_run_at_once_as_there_are_children() -> None:
    async with children(workers=2) as pool:
        answers = await asyncio.gather(*(pool.ask({"sleep_s": 0.2}) for _ in range(4)))
        assert len(pool.pids) == 2
    assert len({pid for (pid,) in answers}) == 2


async def test_a_child_that_cannot_start_is_a_dependency_that_is_down() -> None:
    pool = GuardedPool("tests.unit.guarded.missing", workers=1, limits=Limits(MIB))
    for _ in range(2):
        with pytest.raises(DependencyDown, match="does not start"):
            await pool.ask({})
    assert pool.pids == []
