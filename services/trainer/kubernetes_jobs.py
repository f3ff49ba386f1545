"""In Kubernetes each waiting training gets a Job of its own, whose worker takes one and ends.

The job row stays the truth: it holds the lease and counts attempts. A Job only gives a waiting
training a worker, so making one too many wastes a pod and changes nothing.
"""

import asyncio
import copy
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from services.trainer.lines import JOB_KIND
from services.trainer.worker import Worker
from shared.clock import Clock, utc_now
from shared.documents.port import Documents, EveryTenant, In, Query, Sort, Where
from shared.errors import DependencyDown
from shared.jobs.job import Job, job_spec
from shared.telemetry import logger

LOOK_S = 5.0
IDLE_S = 60.0
_TIMEOUT_S = 10
_CONFLICT = 409

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
        """Give the oldest waiting trainings a Job each; return the names of those made now."""
        waiting = await self._waiting()
        if not waiting:
            return []
        there = await self._cluster.jobs()
        room = self._most - sum(there.values())
        made: list[str] = []
        for job in waiting:
            name = self.name_of(job)
            if len(made) >= room:
                break
            if name not in there:
                await self._cluster.create(self.manifest(name))
                made.append(name)
                log.info("training.job_made", job=job.id, kubernetes_job=name)
        return made

    def name_of(self, job: Job) -> str:
        """Return the Job's name: one for each attempt, the same whoever asks."""
        return f"{self._template['metadata']['name']}-{job.id.lower()}-{job.attempt + 1}"

    def manifest(self, name: str) -> dict[str, Any]:
        """Return the template as the Job `name`."""
        made = copy.deepcopy(self._template)
        made["metadata"]["name"] = name
        return made

    async def _waiting(self) -> Sequence[Job]:
        now = self._clock()
        where: Where = {"kind": JOB_KIND, "state": In(("queued", "running"))}
        found = await self._jobs.query(Query(where=where, sort=Sort("created_at"), limit=200))
        return [
            job
            for job in found
            if not job.leased_at(now)
            and not job.cancel_requested
            and job.attempt < job.max_attempts
        ]


class KubernetesCluster:
    """The namespace that this pod runs in, with the rights of its service account."""

    def __init__(self, namespace: str, labels: dict[str, str]) -> None:
        config.load_incluster_config()  # type: ignore[no-untyped-call]
        self._api = client.BatchV1Api()
        self._namespace = namespace
        self._selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))

    async def jobs(self) -> dict[str, bool]:
        """See `Cluster`."""
        found = await self._call(
            self._api.list_namespaced_job, self._namespace, label_selector=self._selector
        )
        return {
            job.metadata.name: not (job.status.succeeded or job.status.failed)
            for job in found.items
        }

    async def create(self, manifest: dict[str, Any]) -> None:
        """See `Cluster`."""
        await self._call(self._api.create_namespaced_job, self._namespace, manifest)

    async def _call(self, method: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        try:
            return await asyncio.to_thread(
                method, *arguments, _request_timeout=_TIMEOUT_S, **options
            )
        except ApiException as error:
            if error.status == _CONFLICT:
                return None
            raise DependencyDown(f"the cluster refused: {error.status}") from error
        except Exception as error:
            raise DependencyDown("the cluster does not answer") from error


def read_template(path: Path) -> dict[str, Any]:
    """Return the Job that the chart describes; raise ValueError when the file holds none."""
    template = yaml.safe_load(path.read_text())
    if not isinstance(template, dict) or template.get("kind") != "Job":
        raise ValueError(f"{path} holds no Job")
    return template


async def one_training(worker: Worker, *, poll_s: float, idle_s: float = IDLE_S) -> None:
    """Take one training to its end, or give up waiting for one; then end this process."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + idle_s
    while loop.time() < deadline:
        if await worker.work_once():
            break
        await asyncio.sleep(poll_s)
    os.kill(os.getpid(), signal.SIGTERM)
