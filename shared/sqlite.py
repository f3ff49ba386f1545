"""One SQLite file for many coroutines and a few processes: grouped durable writes, parallel reads.

Writes run on one thread, several waiting ones in one transaction (each in its own savepoint), so
that an fsync is shared by all who wait for it. WAL mode, synchronous=FULL: what is acknowledged
survives a power cut.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

from shared.errors import DependencyDown

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Waiting = tuple[Work[object], Future[object]]

_GROUP = 256
_BUSY_S = 30.0


def connect(path: Path) -> sqlite3.Connection:
    """Open ``path`` with the settings that every connection of the platform uses.

    The file is read, not mapped: each connection would map all of it for itself, and a disk that
    fails would end the process (SIGBUS) instead of a query.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file: before all else
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA mmap_size=0")  # whatever SQLite was built with
    connection.execute("PRAGMA case_sensitive_like=OFF")
    return connection


class SqliteFile:
    """The file ``path``, opened lazily; ``read`` and ``write`` run functions on its connections."""

    def __init__(self, path: Path, *, readers: int = 4) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._opened = False
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Create the file and start the writing thread; safe to call again.

        A file that is made, and its folder, are closed to other users, whoever asks first; what
        SQLite lays beside a file is as open as that. One that is there is not touched: closing it
        would end the locks that SQLite holds in this process.
        """
        with self._lock:
            self._opened = True
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # it is there, or cannot be: SQLite will tell
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._ensure_writer()

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` inside a transaction; return when it is durable, or raise what it raised.

        Raises DependencyDown when the file is closed, cannot be opened, or its writing thread
        ended; the next write starts another one.
        """
        future: Future[object] = Future()
        with self._lock:
            if not self._opened:
                raise DependencyDown("the embedded store is closed")
            self._ensure_writer()
            self._queue.put((work, future))
        return cast(T, await asyncio.wrap_future(future))

    async def check(self) -> None:
        """Raise DependencyDown unless the file can be read and takes a transaction."""
        await self.read(lambda connection: connection.execute("SELECT 1").fetchone())
        await self.write(lambda connection: None)

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on a reading connection and see everything acknowledged before.

        Raises DependencyDown when the file cannot be read.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, lambda: work(self._reader()))
        except sqlite3.OperationalError as error:
            raise DependencyDown(f"the embedded store cannot be read: {error}") from error

    async def close(self) -> None:
        """Finish what waits, then close all connections."""
        with self._lock:
            self._opened = False
            writer = self._writer
            if writer is not None:
                self._queue.put(None)
        if writer is not None:
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

    def _ensure_writer(self) -> None:
        """Start the writing thread if none runs; the caller holds the lock."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._writes, name="sqlite-write", daemon=True)
            self._writer.start()

    def _writes(self) -> None:
        """Write until the file is closed; whatever ends it early is told to all who wait."""
        reason: BaseException | None = None
        try:
            with contextlib.closing(connect(self._path)) as connection:
                self._write_loop(connection)
        except BaseException as error:  # a thread has nobody else to tell
            reason = error
        with self._lock:
            self._writer = None
            left = _drained(self._queue)
        _fail(left, DependencyDown(f"the embedded store cannot write: {reason}"))

    def _write_loop(self, connection: sqlite3.Connection) -> None:
        stop = False
        while not stop:
            group = [self._queue.get()]
            while len(group) < _GROUP and group[-1] is not None and not self._queue.empty():
                group.append(self._queue.get())
            stop = group[-1] is None
            # A future that runs cannot be cancelled any more: its answer finds it open.
            waiting = [w for w in group if w is not None and w[1].set_running_or_notify_cancel()]
            if waiting:
                _write_group(connection, waiting)


def _drained(waiting: "queue.SimpleQueue[Waiting | None]") -> list[Waiting]:
    found = []
    while not waiting.empty():
        if (item := waiting.get()) is not None:
            found.append(item)
    return found


def _fail(group: Sequence[Waiting], failure: BaseException) -> None:
    for _, future in group:
        if future.running() or future.set_running_or_notify_cancel():
            future.set_exception(failure)


def _write_group(connection: sqlite3.Connection, group: Sequence[Waiting]) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_one(connection, work) for work, _ in group]
        connection.execute("COMMIT")
    except BaseException as error:
        _fail(group, DependencyDown(f"the embedded store cannot write: {error}"))
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if not isinstance(error, sqlite3.Error):
            raise
        return
    for (_, future), (result, problem) in zip(group, outcomes, strict=True):
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
