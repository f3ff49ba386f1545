"""Keeps the embedded Triton alive: restarts it when it ends, kills it when it hangs."""

import asyncio
import contextlib
from collections.abc import Callable

from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.server import EmbeddedTriton, wait_live
from services.inference.errors import TritonUnavailable
from shared.telemetry import logger

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 5.0
_POLL_S = 2.0

log = logger(__name__)


class TritonSupervisor:
    """Runs one `EmbeddedTriton` until it is told to stop."""

    def __init__(
        self,
        server: EmbeddedTriton,
        client: TritonClient,
        *,
        on_up: Callable[[], None],
        start_timeout_s: float = 60.0,
        misses_before_kill: int = 5,
    ) -> None:
        """Bind the parts.

        Args:
            server: The process to keep alive.
            client: Asks it whether it is alive.
            on_up: Called after each start, when the server answers and has no models.
            start_timeout_s: Time in which a started server must answer.
            misses_before_kill: Unanswered health checks in a row that make a server hung.
        """
        self._server = server
        self._client = client
        self._on_up = on_up
        self._start_timeout_s = start_timeout_s
        self._misses_before_kill = misses_before_kill
        self._task: asyncio.Task[None] | None = None
        self.restarts = 0

    async def start(self) -> None:
        """Start the server, wait until it answers, and watch it from now on.

        Raises:
            TritonUnavailable: It cannot be started; one line says why.
        """
        await self._bring_up()
        self._task = asyncio.create_task(self._watch(), name="triton-supervisor")

    async def stop(self) -> None:
        """Stop watching, then end the server."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._server.stop()

    async def _bring_up(self) -> None:
        await self._server.spawn()
        try:
            await wait_live(self._is_live, self._server, timeout_s=self._start_timeout_s)
        except TimeoutError as error:
            await self._server.stop()
            raise TritonUnavailable(
                f"Triton did not answer within {self._start_timeout_s:g} s: "
                f"{self._server.last_words()}"
            ) from error
        self._on_up()

    async def _is_live(self) -> bool:
        return await asyncio.to_thread(self._client.is_live)

    async def _watch(self) -> None:
        pause_s = _FIRST_PAUSE_S
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            status = await self._until_ended()
            log.warning("triton ended", status=status, words=self._server.last_words())
            if clock() - began > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            self.restarts += 1
            try:
                await self._bring_up()
            except (TritonUnavailable, OSError) as error:
                log.error("triton did not restart", error=str(error))

    async def _until_ended(self) -> int:
        """Wait for the process to end; one that stops answering is killed."""
        ended = asyncio.create_task(self._server.wait_ended())
        misses = 0
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=_POLL_S)
                if ended.done():
                    break
                misses = 0 if await self._is_live() else misses + 1
                if misses >= self._misses_before_kill:
                    log.error("triton hangs, it is killed", pid=self._server.pid)
                    self._server.kill()
            return ended.result()
        finally:
            ended.cancel()
