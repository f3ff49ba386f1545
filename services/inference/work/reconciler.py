"""Makes Triton serve what is desired: at start, after a restart, on demand, every ten seconds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from services.inference.adapters.triton.client import TritonClient
from services.inference.domain.reconciliation import plan_changes
from services.inference.errors import TritonUnavailable
from shared.errors import LoupeError
from shared.telemetry import logger

log = logger(__name__)

EnsurePublished = Callable[[str], Awaitable[None]]
"""Puts a desired model back into the repository when it is missing or damaged there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be served.

    Attributes:
        desired: Models that must be loaded: name → version number.
        spared: Names that a deployment under way is about to load; they are left alone.
    """

    desired: Mapping[str, int]
    spared: frozenset[str] = frozenset()


class Reconciler:
    """Compares desired and loaded models and repairs the difference, one pass at a time."""

    def __init__(
        self,
        client: TritonClient,
        wanted: Callable[[], Awaitable[Wanted]],
        ensure_published: EnsurePublished,
        *,
        period_s: float = 10.0,
    ) -> None:
        """Bind the parts; nothing runs before `run` or `reconcile`."""
        self._client = client
        self._wanted = wanted
        self._ensure_published = ensure_published
        self._period_s = period_s
        self._wake = asyncio.Event()
        self._pass = asyncio.Lock()
        self._broken: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, afterwards: Callable[[], Awaitable[None]]) -> None:
        """Run a pass now, after each `wake` and every period, until cancelled.

        Args:
            afterwards: Called after each pass that succeeded.
        """
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            try:
                await self.reconcile()
                await afterwards()
            except LoupeError as error:
                log.warning("reconciliation postponed", error=error.detail)
            # A waiting crowd must not turn into a storm of passes.
            await asyncio.sleep(min(0.2, self._period_s))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._period_s):
                    await self._wake.wait()

    def wake(self) -> None:
        """Ask for a pass soon; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def report(self, name: str, broken: bool) -> None:  # a callback of sessions
        """Hear that a request found ``name`` missing or broken; may be called from any thread."""
        if broken:
            self._broken.add(name)
        self.wake()

    async def reconcile(self) -> None:
        """Run one pass: unload what is not desired, load what is missing.

        One model that cannot be loaded does not keep the others from it.

        Raises:
            TritonUnavailable: The server does not answer.
        """
        async with self._pass:
            wanted = await self._wanted()
            broken = await self._unload_broken()
            ready = await asyncio.to_thread(self._client.ready_models)
            ready = frozenset(key for key in ready if key[0] not in broken)
            changes = plan_changes(wanted.desired, ready, spared=wanted.spared)
            for name in changes.load:
                await self._load(name)
            for name in changes.unload:
                await asyncio.to_thread(self._client.unload, name)
                log.info("model unloaded", model=name)

    async def _unload_broken(self) -> set[str]:
        """Unload models whose process died; Triton itself calls them ready for ever."""
        broken, self._broken = self._broken, set()
        for name in broken:
            await asyncio.to_thread(self._client.unload, name)
            log.warning("broken model unloaded", model=name)
        return broken

    async def _load(self, name: str) -> None:
        try:
            await self._ensure_published(name)
            await asyncio.to_thread(self._client.load, name)
            log.info("model loaded", model=name)
        except TritonUnavailable:
            raise
        except (LoupeError, OSError) as error:
            log.error("model not loaded", model=name, error=str(error))
