"""Where a training computes: the port, and the executor that starts a process on this machine."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from services.trainer.process.work_order import LOST_DEVICE_STATUS, Message, WorkOrder
from shared.errors import LoupeError
from shared.settings import DOOR_SECRETS, STORE_SECRETS, environment_without
from shared.telemetry import logger

ROOT = Path(__file__).resolve().parents[3]
# Threads that wait for one another must sleep, not spin: on a busy machine spinning made a training
# step cost seven times the processor time (3.0 s instead of 0.45 s at a load of 14 on two cores).
THREADS_SLEEP = {"OMP_WAIT_POLICY": "PASSIVE"}
# Activations that are freed must stay with the process: glibc gives large blocks back at once and
# takes them anew, page fault by page fault, in every step (2.0 s a step on a virtual machine, 0.8 s
# with these; GNU libc, mallopt(3): no mmap, no trimming, the heap grows by 1 GiB).
MEMORY_STAYS = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 30),
}
VMSTAT = Path("/proc/vmstat")
STOP_S = 5.0
LINE_LIMIT = 1 << 20
LAST_WORDS = 20  # lines of standard error that are kept to say why a process died

KILLED = (
    "it was killed, as happens where the machine's memory runs out; a smaller batch_size or"
    " resolution needs less"
)
LOST_DEVICE = (
    "the GPU failed or was lost while it computed; whoever runs the machine finds its error in the"
    " log"
)

log = logger(__name__)
messages: TypeAdapter[Message] = TypeAdapter(Message)


class TrainingProcessDied(LoupeError):
    """The training process ended without a result; another attempt may help."""

    code = "training-process-died"
    title = "The training process ended unexpectedly"
    retryable = True


class TrainingProcessKilled(TrainingProcessDied):
    """The kernel killed it, since memory ran out: it needs less."""


class Executor(Protocol):
    """Runs one order; torchrun and Kubernetes Jobs would be further adapters."""

    def run(self, order: WorkOrder) -> AsyncGenerator[Message, None]:
        """Yield the order's messages until its result or failure.

        Closing the iterator stops the computation. Raises TrainingProcessDied when it ends
        without a result, and TrainingProcessKilled where memory ran out.
        """
        ...


class ProcessExecutor:
    """Runs an order in a process of its own, whose memory goes back when it ends."""

    async def run(self, order: WorkOrder) -> AsyncGenerator[Message, None]:
        """See `Executor`. The process is never left behind: it also ends when this one dies."""
        path, kills = order.folder / "order.json", kills_for_memory()
        path.write_text(order.model_dump_json())
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.trainer.process.runner",
            str(path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            cwd=ROOT,
            env=environment_without(DOOR_SECRETS + STORE_SECRETS) | THREADS_SLEEP | MEMORY_STAYS,
        )
        last_words = asyncio.create_task(_last_lines(process.stderr))
        ended = False
        try:
            assert process.stdout is not None  # noqa: S101  a pipe was asked for
            async for line in process.stdout:
                with contextlib.suppress(ValidationError):
                    message = messages.validate_json(line)
                    ended = message.kind in ("result", "failure")
                    yield message
            code = await process.wait()
            if not ended:
                words = await last_words
                log.error("training.process_died", code=code, stderr=words)
                if code == LOST_DEVICE_STATUS:
                    raise TrainingProcessDied(LOST_DEVICE)
                if code == -signal.SIGKILL and kills_for_memory() > kills:
                    raise TrainingProcessKilled(KILLED)
                if code == -signal.SIGKILL:
                    raise TrainingProcessDied(KILLED)
                raise TrainingProcessDied(f"exit status {code}: {words[-300:]}")
        finally:
            await _stop(process)
            last_words.cancel()


def kills_for_memory() -> int:
    """How many processes the kernel of this machine has killed since memory ran out.

    Groups with a limit of their own, as containers have, count too. 0 where the kernel does not
    tell (Linux does from 4.13 on).
    """
    with contextlib.suppress(OSError):
        for line in VMSTAT.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _last_lines(stream: asyncio.StreamReader | None) -> str:
    lines: list[str] = []
    if stream is not None:
        async for line in stream:
            lines = [*lines[-LAST_WORDS:], line.decode(errors="replace").rstrip()]
    return "\n".join(lines)
