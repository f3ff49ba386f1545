"""A few guarded children, started ahead, replaced when a job costs one its life."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from shared.errors import DependencyDown
from shared.guarded.limits import DONE, LOST, READY, REPLY, Limits
from shared.telemetry import logger

_START_S = 60.0
_END_S = 2.0  # from the end of its output to the end of a child
_ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "VIPS_CONCURRENCY"), "1"
)
# A child reads hostile files: it gets what programs need, and none of the platform's secrets.
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "NUMBA_CACHE_DIR",
)  # fmt: skip

log = logger(__name__)

Heard = Callable[[Any], None]
"""Is told of each line of an answer as it comes; of a job that is tried once more, again."""


class TooCostly(Exception):
    """A job took more than a child may; the text says of what."""


class _Lost(Exception):
    """A child died at its work, or has too little memory left for it."""


class GuardedPool:
    """Children that run ``module``, whose main ends in :func:`shared.guarded.child.serve`.

    With ``keep`` a child takes one job after the other; without it, it ends with its job.
    """

    def __init__(self, module: str, *, workers: int, limits: Limits, keep: bool = True) -> None:
        self._module = module
        self._limits = limits
        self._keep = keep
        self._idle: asyncio.Queue[Process | None] = asyncio.Queue()
        self._all: set[Process] = set()
        for _ in range(workers):
            self._idle.put_nowait(None)  # started when first needed, or ahead by open()

    @property
    def pids(self) -> list[int]:
        """Process ids of the children."""
        return sorted(process.pid for process in self._all)

    async def open(self) -> None:
        """Start a child ahead of the first job."""
        first = await self._idle.get()
        try:
            first = first or await self._start()
        finally:
            self._idle.put_nowait(first)

    async def keep(self) -> None:
        """Start a child ahead, and stop all when this is cancelled: a service's loop."""
        try:
            await self.open()
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop the children."""
        for process in list(self._all):
            await self._stop(process)

    async def ask(self, job: Any, *, heard: Heard | None = None) -> list[Any]:  # noqa: ANN401  JSON
        """Give ``job`` to a child; return the lines of its answer, each ``heard`` as it comes.

        A job that costs a child its memory is tried once more: a system short of memory kills one
        for what others take, too, and its past may weigh on a child.

        Raises:
            DependencyDown: No child starts.
            TooCostly: The job takes too much memory, time, or room for its answer.
        """
        line = orjson.dumps(job) + b"\n"
        with contextlib.suppress(_Lost):
            return await self._run(line, heard)
        try:
            return await self._run(line, heard)
        except _Lost as error:
            raise TooCostly("too much memory") from error

    async def _run(self, line: bytes, heard: Heard | None) -> list[Any]:
        process = await self._idle.get()
        try:
            process = process or await self._start()
            answer = await self._converse(process, line, heard)
        except BaseException:
            await asyncio.shield(self._give_up(process))
            raise
        if self._keep:
            self._idle.put_nowait(process)
        else:
            await asyncio.shield(self._give_up(process))
        return answer

    async def _give_up(self, process: Process | None) -> None:
        """End a child and free its place, though whoever waits for it is cancelled meanwhile."""
        try:
            if process is not None:
                await self._stop(process)
        finally:
            self._idle.put_nowait(None)

    async def _start(self) -> Process:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            *self._limits.arguments(),
            stdin=PIPE,
            stdout=PIPE,
            limit=self._limits.line_bytes,
            cwd=_ROOT,
            env=environment | _ONE_THREAD,
        )
        self._all.add(process)
        try:
            ready = await self._line(process, timeout_s=_START_S)
        except BaseException:
            await asyncio.shield(self._stop(process))
            raise
        if ready != READY:
            await self._stop(process)
            raise DependencyDown(f"{self._module} does not start")
        return process

    async def _converse(self, process: Process, line: bytes, heard: Heard | None) -> list[Any]:
        assert process.stdin is not None  # noqa: S101 - opened as a pipe above
        process.stdin.write(line)
        answer: list[Any] = []
        size = 0
        deadline = asyncio.get_running_loop().time() + self._limits.wall_s
        while True:
            left_s = deadline - asyncio.get_running_loop().time()
            said = await self._line(process, timeout_s=left_s)
            kind, text = said[:1], said[1:]
            size += len(text)
            if size > self._limits.answer_bytes:
                raise TooCostly("too much room for its answer")
            if kind == REPLY:
                answer.append(orjson.loads(text))
                if heard is not None:
                    heard(answer[-1])
            elif kind == DONE and text != LOST:
                return answer
            else:
                raise await self._cause(process, lost=kind == DONE)

    async def _cause(self, process: Process, *, lost: bool) -> Exception:
        """Return why an answer did not come to its end."""
        if lost:
            return _Lost()
        in_time = process.stdout is not None and process.stdout.at_eof()
        await self._stop(process)
        log.warning("child.lost", module=self._module, returncode=process.returncode)
        if in_time and process.returncode != -signal.SIGXCPU:
            return _Lost()
        return TooCostly("too much time")

    async def _line(self, process: Process, *, timeout_s: float) -> bytes:
        """Return the next line without its end; nothing when none comes in time, or ever."""
        assert process.stdout is not None  # noqa: S101 - opened as a pipe above
        try:
            async with asyncio.timeout(timeout_s):
                line = await process.stdout.readline()
        except TimeoutError:
            return b""
        except ValueError:  # over the limit of a line
            raise TooCostly("too much room for its answer") from None
        return line[:-1] if line.endswith(b"\n") else b""

    async def _stop(self, process: Process) -> None:
        self._all.discard(process)
        if process.stdout is not None and process.stdout.at_eof():
            # It ended by itself. Killing asks for its status, and whoever asks first has it alone.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await process.wait()
        if process.returncode is None:
            process.kill()
        if process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            await process.stdout.read()  # wait() waits for the end of the pipe, too
        await process.wait()
