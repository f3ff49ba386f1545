"""The one loop of workers: lease a job, do it beside its heartbeat, end it as it ended.

==================================  ==============================================================
how the work ends                   what becomes of the job
==================================  ==============================================================
it returns                          succeeded, unless it finished the job itself with its events
a retryable :class:`LoupeError`     given back for a growing while; the attempt does not count
a permanent one                     failed, with the error's words
any other exception                 given back, counted; failed when the attempts are used up
somebody asked to cancel            the work is cancelled; cancelled
the lease is lost or the row gone   the work is cancelled; nothing is written any more
the worker stops                    the work is cancelled; given back, uncounted
==================================  ==============================================================

What is given back for a while lets others go on meanwhile. The heartbeat is a task beside the work,
which therefore must not block the event loop: long computation belongs into a process, or into a
thread by :meth:`Lease.in_thread`. If it does block for a whole lease, another worker
takes the job, and the fence keeps this one from writing.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from shared.contracts.envelope import EventBody
from shared.errors import LoupeError
from shared.holder import holder_name
from shared.jobs.job import Job, JobState, Progress
from shared.jobs.queue import JobQueue, LeaseLost
from shared.telemetry import logger

LOOK_S = 0.5
PAUSE_S = 2.0
REAP_S = 10.0
_BEATS = 6
_REPORT_S = 0.5

log = logger(__name__)

Made = TypeVar("Made")
Ended = Callable[[Job], Sequence[EventBody]]
"""Job that ended as failed or cancelled → what to tell of it, in the same write."""


def nothing(_: Job) -> Sequence[EventBody]:
    """Tell nothing of a job's end."""
    return ()


class Lease:
    """One attempt at a job: what the work may ask of it and write to it.

    Attributes:
        job: The job as it was last read or written.
        stopping: Set when the work has to end; threads of the work look at it.
        lost: Whether the attempt is over; then nothing may be written.
        over: Whether the job was finished by this attempt.
    """

    def __init__(self, queue: JobQueue, job: Job, *, pause_s: float = PAUSE_S) -> None:
        self._queue = queue
        self._pause_s = pause_s
        self._told_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.job = job
        self.stopping = threading.Event()
        self.lost = False
        self.over = False

    async def report(self, progress: Progress) -> None:
        """Tell how far the work is; between two stages twice a second is often enough.

        Raises:
            LeaseLost: This attempt is over.
        """
        now = asyncio.get_running_loop().time()
        if progress.stage == self.job.progress.stage and now - self._told_at < _REPORT_S:
            return
        self._told_at = now
        self._note(await self._queue.report(self.job, progress))

    async def remember(self, **values: object) -> None:
        """Store facts that a later attempt needs (a checkpoint, say); they are in ``job.payload``.

        Raises:
            LeaseLost: This attempt is over.
        """
        self._note(await self._queue.update_payload(self.job, **values))

    async def finish(
        self, state: JobState = "succeeded", *, error: str = "", events: Sequence[EventBody] = ()
    ) -> None:
        """End the job; its events go out with the same write. A store that is down is waited for.

        Raises:
            LeaseLost: This attempt is over.
        """
        await self._insist(lambda: self._queue.finish(self.job, state, error=error, events=events))
        self.over = True

    async def give_back(self, *, counted: bool) -> None:
        """Let the job wait for a while; what is wrong may be over then.

        Raises:
            LeaseLost: This attempt is over.
            ValueError: It was the last one, and counts; finish the job instead.
        """
        await self._insist(
            lambda: self._queue.release(self.job, counted=counted, pause_s=self._pause_s)
        )
        self.over = True

    async def in_thread(self, work: Callable[..., Made], *given: object) -> Made:
        """Compute in a thread that looks at :attr:`stopping`, and never leave it behind.

        Cancelled, this waits for the thread, so that nothing of an attempt runs beside the next.
        """
        thread = asyncio.ensure_future(asyncio.to_thread(work, *given))
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            await asyncio.wait({thread})
            if not thread.cancelled():
                thread.exception()  # asked for, so that nobody calls it forgotten
            raise

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin the work in a task of its own, which :meth:`stop` ends."""
        self._task = asyncio.create_task(work)
        return self._task

    def stop(self) -> None:
        """Have the work end."""
        if not self.stopping.is_set():
            self.stopping.set()
            if self._task is not None:
                self._task.cancel()

    async def keep(
        self, lease_s: float, *, look_s: float = LOOK_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Renew the lease until the job is over; stop the work when that must be.

        It must be when somebody asks to cancel, when the attempt is over, and when two thirds of
        the lease went by without an answer of the store.
        """
        renewed_at = clock()
        while not self.over and not self.stopping.is_set():
            await asyncio.sleep(min(look_s, lease_s / _BEATS))
            due = clock() - renewed_at >= lease_s / _BEATS
            try:
                self._note(await (self._queue.heartbeat if due else self._queue.held)(self.job))
                renewed_at = clock() if due else renewed_at
            except LeaseLost:
                self.lost = True
            except LoupeError as failure:
                log.warning("job.heartbeat_failed", job=self.job.id, cause=failure.detail)
                self.lost = clock() - renewed_at > lease_s * 2 / 3
            if self.lost and not self.over:
                self.stop()

    async def _insist(self, write: Callable[[], Awaitable[Job]]) -> None:
        """Write, however long the store is down."""
        while True:
            try:
                self.job = await write()
            except LoupeError as failure:
                if not failure.retryable:
                    raise
                log.warning("job.end_waits", job=self.job.id, cause=failure.detail)
                await asyncio.sleep(self._pause_s)
            else:
                return

    def _note(self, job: Job) -> None:
        if self.over:
            return
        self.job = job
        if job.cancel_requested:
            self.stop()


Work = Callable[[Lease], Coroutine[Any, Any, None]]
"""Does one job; it may be cancelled at any point and begins again with the next attempt."""


class JobWorker:
    """Works on one job at a time; several may run in one process, and in many."""

    def __init__(
        self,
        queue: JobQueue,
        work: Mapping[str, Work],
        *,
        ended: Ended = nothing,
        look_s: float = LOOK_S,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``work`` by kind of job; ``ended`` says what to tell of those that end otherwise.

        ``clock`` tells the seconds by which a lease has to be renewed.
        """
        self._queue = queue
        self._work = work
        self._ended = ended
        self._look_s = look_s
        self._pause_s = pause_s
        self._clock = clock
        self._name = holder_name()

    async def run(self) -> None:
        """Work until cancelled; a job under way then goes back to the queue."""
        while True:
            self._queue.added.clear()
            if not await self.work_once():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._queue.added.wait(), self._look_s)

    async def work_once(self) -> bool:
        """Take one job, if one waits, to its end; return whether there was one."""
        job = await self._queue.claim(tuple(self._work), self._name)
        if job is None:
            return False
        lease = Lease(self._queue, job, pause_s=self._pause_s)
        work = lease.start(self._work[job.kind](lease))
        keep = lease.keep(self._queue.lease_s, look_s=min(LOOK_S, self._look_s), clock=self._clock)
        keeping = asyncio.create_task(keep)
        try:
            await asyncio.wait({work})
            with contextlib.suppress(LeaseLost):
                await self._conclude(lease, work)
        except asyncio.CancelledError:
            lease.stop()
            await asyncio.wait({work})
            if not lease.over and not lease.lost:
                with contextlib.suppress(LoupeError):
                    await asyncio.shield(self._queue.release(lease.job))
            raise
        finally:
            keeping.cancel()
        return True

    async def _conclude(self, lease: Lease, work: "asyncio.Task[None]") -> None:
        """Give the job the end that the work had."""
        error = _error_of(work)
        if lease.lost or isinstance(error, LeaseLost):
            log.warning("job.lease_lost", job=lease.job.id, attempt=lease.job.attempt)
        elif lease.over:
            if error is not None:
                log.error("job.failed_after_its_end", job=lease.job.id, exc_info=error)
        elif error is None:
            await lease.finish()
        elif lease.job.cancel_requested:
            await self._end(lease, "cancelled", "")
        elif not isinstance(error, LoupeError):
            await self._crashed(lease, error)
        elif error.retryable:
            log.warning("job.waits", job=lease.job.id, cause=error.detail)
            await lease.give_back(counted=False)
        else:
            await self._end(lease, "failed", error.detail)

    async def _crashed(self, lease: Lease, error: BaseException) -> None:
        job = lease.job
        log.error("job.crashed", job=job.id, attempt=job.attempt, exc_info=error)
        if job.attempt >= job.max_attempts:
            await self._end(lease, "failed", f"an error of ours, {job.attempt} times")
        else:
            await lease.give_back(counted=True)

    async def _end(self, lease: Lease, state: JobState, reason: str) -> None:
        log.info("job.ended", job=lease.job.id, state=state, cause=reason)
        over = lease.job.model_copy(update={"state": state, "error": reason})
        await lease.finish(state, error=reason, events=self._ended(over))


async def reap_forever(queue: JobQueue, ended: Ended = nothing, *, every_s: float = REAP_S) -> None:
    """End the jobs that no worker will finish, until cancelled."""
    while True:
        await queue.reap(ended)
        await asyncio.sleep(every_s)


def _error_of(work: "asyncio.Task[None]") -> BaseException | None:
    """Return how a task that is over failed; None when it did not."""
    return asyncio.CancelledError() if work.cancelled() else work.exception()
