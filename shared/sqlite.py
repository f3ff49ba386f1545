"""One SQLite file for many coroutines and a few processes: grouped durable writes, parallel reads.

Writes run on one thread, several waiting ones in one transaction (each in its own savepoint), so
that an fsync is shared by all who wait for it. WAL mode, synchronous=FULL: what is acknowledged
survives a power cut.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from shared.errors import DependencyDown

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_GROUP = 256
_BUSY_S = 30.0


def connect(path: Path) -> sqlite3.Connection:
    """Open ``path`` with the settings that every connection of the platform uses."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA mmap_size=268435456")
    connection.execute("PRAGMA case_sensitive_like=OFF")
    return connection


class SqliteFile:
    """The file ``path``, opened lazily; ``read`` and ``write`` run functions on its connections."""

    def __init__(self, path: Path, *, readers: int = 4) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[tuple[Work[object], Future[object]] | None] = (
            queue.SimpleQueue()
        )
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Create the file and start the writing thread; safe to call again."""
        with self._lock:
            if self._writer is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = threading.Thread(
                    target=self._write_loop, name="sqlite-write", daemon=True
                )
                self._writer.start()

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` inside a transaction; return when it is durable, or raise what it raised."""
        if self._writer is None:
            raise DependencyDown("the embedded store is closed")
        future: Future[object] = Future()
        self._queue.put((work, future))
        return cast(T, await asyncio.wrap_future(future))

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a reading connection and see everything acknowledged before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: work(self._reader()))

    async def close(self) -> None:
        """Finish what waits, then close all connections."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(writer.join)
        self._readers.shutdown(wait=True)
        while self._open:
            self._open.pop().close()

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
            with self._lock:
                self._open.append(connection)
        return connection

    def _write_loop(self) -> None:
        connection = connect(self._path)
        try:
            while (first := self._queue.get()) is not None:
                group = [first]
                stop = False
                while len(group) < _GROUP and not self._queue.empty():
                    following = self._queue.get()
                    if following is None:
                        stop = True
                        break
                    group.append(following)
                _write_group(connection, group)
                if stop:
                    break
        finally:
            connection.close()


def _write_group(
    connection: sqlite3.Connection, group: list[tuple[Work[object], Future[object]]]
) -> None:
    done: list[tuple[Future[object], object, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for work, future in group:
            done.append((future, *_one(connection, work)))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        failure = DependencyDown(f"the embedded store cannot write: {error}")
        done = [(future, None, failure) for _, future in group]
    for future, result, problem in done:
        if future.cancelled():
            continue
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)


def _one(connection: sqlite3.Connection, work: Work[object]) -> tuple[object, BaseException | None]:
    connection.execute("SAVEPOINT one")
    try:
        result = work(connection)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, error
    connection.execute("RELEASE one")
    return result, None
