"""A few guarded decoders, started ahead, replaced when a file costs one its life."""

import asyncio
import contextlib
import json
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.gallery.domain.refusals import ImageDecodeTooCostly, refusal_of
from shared.errors import DependencyDown
from shared.telemetry import logger

JOB_WALL_S = 90.0
_START_S = 60.0
_END_S = 2.0  # from the end of its output to the end of a decoder
_ROOT = Path(__file__).resolve().parents[3]
_LINE_BYTES = 1 << 16

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class DecodedFiles:
    """What a decoder wrote: thumbnails in one file, and upright content where it differs.

    `spans` has the offset and length in bytes of each thumbnail, by longest side.
    """

    thumbnails: Path
    spans: dict[int, tuple[int, int]]
    content: Path | None
    content_type: str


class _DecoderLost(Exception):
    """A decoder died at its work, or has too little memory left for it."""


class MemoryBudget:
    """Admission by predicted bytes, first come first served; a job over the budget runs alone."""

    def __init__(self, total_bytes: int) -> None:
        self._total = self._free = total_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold `size_bytes` of the budget for the length of the block."""
        size = min(size_bytes, self._total)
        if self._waiting or size > self._free:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._forget(size, turn)
                raise
        else:
            self._free -= size
        try:
            yield
        finally:
            self._give_back(size)

    def _forget(self, size: int, turn: asyncio.Future[None]) -> None:
        if (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
            self._admit()
        elif turn.done() and not turn.cancelled():
            self._give_back(size)

    def _give_back(self, size: int) -> None:
        self._free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._free -= size
                turn.set_result(None)


class DecodePool:
    """Decodes staged files in guarded processes.

    `memory_bytes` bounds what all may take by prediction, `worker_bytes` what one may take at all.
    """

    def __init__(self, *, workers: int, memory_bytes: int, worker_bytes: int = 1536 << 20) -> None:
        self._worker_bytes = worker_bytes
        self._budget = MemoryBudget(memory_bytes)
        self._idle: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        self._all: set[asyncio.subprocess.Process] = set()
        for _ in range(workers):
            self._idle.put_nowait(None)  # started when first needed, or ahead by open()

    async def open(self) -> None:
        """Start a decoder ahead of the first file."""
        first = await self._idle.get()
        try:
            first = first or await self._start()
        finally:
            self._idle.put_nowait(first)

    async def close(self) -> None:
        """Stop the decoders."""
        for process in list(self._all):
            await self._stop(process)

    async def decode(self, path: Path, folder: Path, *, predicted_bytes: int) -> DecodedFiles:
        """Decode the file at `path` fully; what comes of it stands in `folder`.

        Raises:
            LoupeError: the file is damaged or too costly; one of the gallery's refusals.
        """
        job = {"path": str(path), "folder": str(folder)}
        async with self._budget.take(predicted_bytes):
            try:
                reply = await self._run(job)
            except _DecoderLost:
                reply = await self._run_again(job)
        if "reason" in reply:
            raise refusal_of(reply["reason"], reply["detail"])
        spans = {int(size): (start, length) for size, (start, length) in reply["spans"].items()}
        content = Path(reply["content"]) if reply["content"] else None
        return DecodedFiles(Path(reply["thumbnails"]), spans, content, reply["content_type"])

    async def _run_again(self, job: dict[str, str]) -> dict[str, Any]:
        """Try once more: a system short of memory kills a decoder for what others take, too."""
        try:
            return await self._run(job)
        except _DecoderLost as error:
            raise ImageDecodeTooCostly("decoding the image takes too much memory") from error

    async def _run(self, job: dict[str, str]) -> dict[str, Any]:
        process = await self._idle.get()
        try:
            process = process or await self._start()
            reply = await self._ask(process, job)
        except BaseException:
            if process is not None:
                await asyncio.shield(self._stop(process))
            self._idle.put_nowait(None)
            raise
        self._idle.put_nowait(process)
        return reply

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.gallery.process.decode_worker",
            str(self._worker_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            cwd=_ROOT,
        )
        self._all.add(process)
        if not await self._read(process, timeout_s=_START_S):
            await self._stop(process)
            raise DependencyDown("no image decoder starts")
        return process

    async def _ask(
        self, process: asyncio.subprocess.Process, job: dict[str, str]
    ) -> dict[str, Any]:
        assert process.stdin is not None  # noqa: S101 - opened as a pipe above
        process.stdin.write(json.dumps(job).encode() + b"\n")
        reply = await self._read(process, timeout_s=JOB_WALL_S)
        if reply.get("reason") == "too-costly":  # it may be its past that weighs on a decoder
            raise _DecoderLost
        if reply:
            return reply
        in_time = process.stdout is not None and process.stdout.at_eof()
        await self._stop(process)
        log.warning("decoder.lost", pid=process.pid, returncode=process.returncode)
        if in_time and process.returncode != -signal.SIGXCPU:
            raise _DecoderLost
        raise ImageDecodeTooCostly("decoding the image takes too much time")

    async def _read(
        self, process: asyncio.subprocess.Process, *, timeout_s: float
    ) -> dict[str, Any]:
        assert process.stdout is not None  # noqa: S101 - opened as a pipe above
        try:
            async with asyncio.timeout(timeout_s):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        reply: dict[str, Any] = json.loads(line or "{}")
        return reply

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        self._all.discard(process)
        if process.stdout is not None and process.stdout.at_eof():
            # It ended by itself. Killing asks for its status, and whoever asks first has it alone.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await process.wait()
        if process.returncode is None:
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()
