"""The writing thread of the embedded store: nobody who waits for it is ever left waiting."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from shared.errors import DependencyDown
from shared.sqlite import SqliteFile
from tests.running import HANG_S


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteFile]:
    file = SqliteFile(tmp_path / "some.db")
    file.start()
    await file.write(lambda c: c.execute("CREATE TABLE rows (number INTEGER)"))
    yield file
    await file.close()


READERS = 4


def resident_bytes() -> int:
    """Return what this process has in memory, mapped files included."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) << 10


def add(number: int):
    return lambda c: c.execute("INSERT INTO rows VALUES (?)", (number,))


async def rows(file: SqliteFile) -> list[int]:
    return [
        number
        for (number,) in await file.read(
            lambda c: c.execute("SELECT number FROM rows ORDER BY number").fetchall()
        )
    ]


class CancelledMeanwhile(Future[object]):
    """A future that its owner cancels right after somebody looked whether he did."""

    def cancelled(self) -> bool:
        answer = super().cancelled()
        self.cancel()
        return answer


async def test_a_write_that_is_cancelled_while_it_is_answered_stops_no_other(
    file: SqliteFile,
) -> None:
    file._queue.put((add(1), CancelledMeanwhile()))
    async with asyncio.timeout(HANG_S):
        await file.write(add(2))
    assert await rows(file) == [1, 2]


async def test_a_write_that_is_cancelled_before_its_turn_does_not_happen(file: SqliteFile) -> None:
    gate = threading.Event()
    held = asyncio.ensure_future(file.write(lambda c: gate.wait(10)))
    await asyncio.sleep(0)
    regretted = asyncio.ensure_future(file.write(add(1)))
    await asyncio.sleep(0)
    regretted.cancel()
    await asyncio.gather(regretted, return_exceptions=True)
    gate.set()
    await held
    await file.write(add(2))
    assert await rows(file) == [2]


async def test_whoever_waits_for_a_thread_that_ends_is_told_and_the_next_write_works(
    file: SqliteFile,
) -> None:
    gate = threading.Event()

    def ends_the_thread(connection: sqlite3.Connection) -> None:
        gate.wait(10)
        raise SystemExit("the machine has no memory left")

    first = asyncio.ensure_future(file.write(ends_the_thread))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(file.write(add(number))) for number in range(300)]
    await asyncio.sleep(0)
    gate.set()
    async with asyncio.timeout(HANG_S):
        outcomes = await asyncio.gather(first, *others, return_exceptions=True)
    assert all(isinstance(outcome, DependencyDown) for outcome in outcomes)
    await file.write(add(7))
    assert await rows(file) == [7]


async def test_a_file_that_cannot_be_opened_is_told_until_it_can(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.mkdir()
    file = SqliteFile(path)
    file.start()
    async with asyncio.timeout(HANG_S):
        with pytest.raises(DependencyDown):
            await file.write(add(1))
        with pytest.raises(DependencyDown):
            await file.check()
        path.rmdir()
        await file.write(lambda c: c.execute("CREATE TABLE rows (number INTEGER)"))
        await file.check()
    await file.close()


async def test_a_closed_file_takes_nothing(file: SqliteFile) -> None:
    waiting = [asyncio.ensure_future(file.write(add(number))) for number in range(20)]
    await asyncio.sleep(0)
    await file.close()
    await asyncio.gather(*waiting)
    with pytest.raises(DependencyDown):
        await file.write(add(99))


async def test_however_much_is_read_the_process_holds_little_of_it(file: SqliteFile) -> None:
    rows, row = 100, "x" * 200_000
    await file.write(lambda c: c.execute("CREATE TABLE texts (text TEXT)"))
    await file.write(lambda c: c.executemany("INSERT INTO texts VALUES (?)", [(row,)] * rows))
    met = threading.Barrier(READERS)

    def scan(connection: sqlite3.Connection) -> int:
        met.wait(HANG_S)  # each on a connection of its own
        found: int = connection.execute("SELECT sum(length(text)) FROM texts").fetchone()[0]
        return found

    before = resident_bytes()
    found = await asyncio.gather(*(file.read(scan) for _ in range(READERS)))
    grown = resident_bytes() - before
    assert set(found) == {rows * len(row)}
    assert grown < rows * len(row)
