"""The loop that cuts queued images: one at a time, leased, so that a killed one starts again."""

import asyncio
import contextlib

from services.tiling.handlers import CUT, Tiling, failure_of
from shared.contracts.envelope import EventBody
from shared.errors import LoupeError
from shared.jobs.holder import holder_name
from shared.jobs.job import Job
from shared.jobs.queue import HEARTBEAT_S, JobQueue, LeaseLost
from shared.telemetry import logger

_RETRY_S = 2.0

log = logger(__name__)


async def cut_forever(tiling: Tiling, queue: JobQueue, *, look_every_s: float) -> None:
    """Cut images as they are queued, until cancelled."""
    worker = holder_name()
    while True:
        job = await queue.claim([CUT], worker)
        if job is not None:
            await _work(tiling, queue, job)
            continue
        await queue.reap(failure_of)
        tiling.work_waits.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tiling.work_waits.wait(), look_every_s)


async def _work(tiling: Tiling, queue: JobQueue, job: Job) -> None:
    beat = asyncio.create_task(_heartbeat(queue, job))
    try:
        said = await tiling.cut_image(job)
        events: list[EventBody] = [] if said is None else [said]
        await queue.finish(job, "succeeded", events=events)
    except LeaseLost as lost:
        log.warning("cut.lease_lost", image=job.id, cause=lost.detail)
    except LoupeError as error:
        log.warning("cut.failed", image=job.id, cause=error.detail, retry=error.retryable)
        with contextlib.suppress(LeaseLost):
            if error.retryable:
                await asyncio.sleep(_RETRY_S)
                await queue.release(job)
            else:
                await queue.finish(job, "failed", error=error.detail, events=failure_of(job))
    finally:
        beat.cancel()


async def _heartbeat(queue: JobQueue, job: Job) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        with contextlib.suppress(LoupeError):
            await queue.heartbeat(job)
