"""In Kubernetes each waiting training gets a Job of its own, whose worker takes one and ends.

The job row stays the truth: it holds the lease and counts attempts. A Job only gives a waiting
training a worker, so making one too many wastes a pod and changes nothing.
"""

import asyncio
import copy
import os
import signal
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import yaml

from services.trainer.repository import TRAINING_JOB
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, EveryTenant, In, Query, Sort, Where
from shared.errors import DependencyDown
from shared.jobs.job import Job, job_spec
from shared.jobs.leases import is_free, is_held
from shared.jobs.worker import JobWorker
from shared.telemetry import logger

LOOK_S = 5.0
IDLE_S = 60.0
NAMES = 10  # of an attempt: as many Jobs, if they end at once, until the cluster forgets them

log = logger(__name__)


class Cluster(Protocol):
    """The Jobs of one namespace."""

    async def jobs(self) -> dict[str, bool]:
        """Return the name of each of our Jobs, and whether it still runs."""
        ...

    async def create(self, manifest: dict[str, Any]) -> None:
        """Make a Job; one of that name that exists is enough."""
        ...


class JobMaker:
    """Makes Jobs from the template of the chart, `most` at a time."""

    def __init__(
        self,
        documents: Documents,
        cluster: Cluster,
        template: dict[str, Any],
        *,
        most: int,
        clock: Clock = utc_now,
    ) -> None:
        self._jobs = documents.collection(job_spec("trainer"), EveryTenant())
        self._cluster = cluster
        self._template = template
        self._most = most
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled; a cluster that does not answer only delays."""
        while True:
            try:
                await self.step()
            except DependencyDown as error:
                log.warning("training.no_cluster", reason=error.detail)
            await asyncio.sleep(LOOK_S)

    async def step(self) -> list[str]:
        """Make as many Jobs as trainings wait for one; return the names of those made now.

        A Job takes the training whose turn it is, which need not be the one that it is named after.
        So those are counted that have none yet, and a training that is passed over has more names.
        """
        waiting, held = await self._standing()
        if not waiting:
            return []
        there = await self._cluster.jobs()
        running = sum(there.values())
        idle = max(0, running - held)
        names = (again(name, place) for place in range(NAMES) for name in waiting)
        places = max(0, min(len(waiting) - idle, self._most - running))
        made = list(islice((name for name in names if name not in there), places))
        for name in made:
            await self._cluster.create(self.manifest(name))
            log.info("training.job_made", kubernetes_job=name)
        return made

    def name_of(self, job: Job) -> str:
        """Return the Job's name: one for each attempt, the same whoever asks."""
        return f"{self._template['metadata']['name']}-{job.id.lower()}-{job.attempt + 1}"

    def manifest(self, name: str) -> dict[str, Any]:
        """Return the template as the Job `name`."""
        made = copy.deepcopy(self._template)
        made["metadata"]["name"] = name
        return made

    async def _standing(self) -> tuple[list[str], int]:
        """Return a name for each training that waits, oldest first, and how many are held."""
        waiting, held = [], 0
        where: Where = {"kind": TRAINING_JOB, "state": In(("queued", "running"))}
        async for job in self._jobs.walk(Query(where=where, sort=Sort("created_at"))):
            if is_free(job, self._clock):
                waiting.append(self.name_of(job))
            held += is_held(job, self._clock)
        return waiting, held


def again(name: str, place: int) -> str:
    """Return the further name of a Job at this place.

    >>> again("training-01a-1", 0), again("training-01a-1", 1)
    ('training-01a-1', 'training-01a-1-2')
    """
    return f"{name}-{place + 1}" if place else name


def read_template(path: Path) -> dict[str, Any]:
    """Return the Job that the chart describes; raise ValueError when the file holds none."""
    template = yaml.safe_load(path.read_text())
    if not isinstance(template, dict) or template.get("kind") != "Job":
        raise ValueError(f"{path} holds no Job")
    return template


async def one_training(worker: JobWorker, *, poll_s: float, idle_s: float = IDLE_S) -> None:
    """Take one training to its end, or give up waiting for one; then end this process."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + idle_s
    while loop.time() < deadline:
        if await worker.work_once():
            break
        await asyncio.sleep(poll_s)
    os.kill(os.getpid(), signal.SIGTERM)
