"""Tells how many jobs of a service are in which state."""

import asyncio
import contextlib
from typing import get_args

from shared.documents.port import Documents
from shared.errors import DependencyDown
from shared.jobs.job import JobState
from shared.jobs.queue import JobQueue
from shared.telemetry import JOBS

_EVERY_S = 5.0


async def watch_jobs(documents: Documents, service: str) -> None:
    """Keep the gauge of the service's jobs, until cancelled; a store that is down only delays."""
    queue = JobQueue(documents, service)
    while True:
        with contextlib.suppress(DependencyDown):
            counts = await queue.states()
            for state in get_args(JobState):
                JOBS.labels(service=service, state=state).set(counts.get(state, 0))
        await asyncio.sleep(_EVERY_S)
