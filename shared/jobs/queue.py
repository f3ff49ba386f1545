"""The job queue: at least one worker's attempt a job, at most one whose writes count.

A lease lasts 60 s and is renewed every 10 s from a thread of its own; a worker that cannot renew
for two thirds of the lease must stop by itself. Every write compares the attempt, so a worker that
comes back from the dead changes nothing. Leases are told by each machine's own clock; one that is
wrong makes a worker lose its job too early or too late, never a second one whose writes count.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.clock import Clock, utc_now
from shared.contracts.envelope import EventBody
from shared.documents.port import Documents, EveryTenant, In, Query, Sort, TenantScope, Where
from shared.errors import AlreadyExists, Conflict, NotFound, VersionConflict
from shared.jobs.holder import is_dead
from shared.jobs.job import FINAL, Job, JobState, Progress, job_spec

LEASE_S = 60.0
HEARTBEAT_S = 10.0
_RACES = 50


class LeaseLost(Conflict):
    """This attempt is over: the job was taken by another worker, ended, or removed."""

    code = "lease-lost"
    title = "This attempt at the job is over"


class JobQueue:
    """Jobs of one service."""

    def __init__(
        self,
        documents: Documents,
        service: str,
        *,
        clock: Clock = utc_now,
        lease_s: float = LEASE_S,
    ) -> None:
        self._documents = documents
        self._spec = job_spec(service)
        self._jobs = documents.collection(self._spec, EveryTenant())
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)

    async def enqueue(
        self,
        tenant: str,
        kind: str,
        job_id: str,
        *,
        payload: dict[str, Any] | None = None,
        max_attempts: int = 3,
    ) -> Job:
        """Add a job; the same id again returns the job that is there."""
        jobs = self._documents.collection(self._spec, TenantScope(tenant))
        job = Job(
            id=job_id,
            tenant=tenant,
            kind=kind,
            payload=payload or {},
            max_attempts=max_attempts,
            created_at=self._clock(),
        )
        try:
            return await jobs.insert(job)
        except AlreadyExists:
            return await jobs.get(job_id)

    async def get(self, tenant: str, job_id: str) -> Job:
        """Return the tenant's job; raise NotFound."""
        return await self._documents.collection(self._spec, TenantScope(tenant)).get(job_id)

    async def find(self, tenant: str, job_id: str) -> Job | None:
        """Return the tenant's job or None."""
        return await self._documents.collection(self._spec, TenantScope(tenant)).find(job_id)

    async def claim(self, kinds: Sequence[str], worker: str) -> Job | None:
        """Lease the oldest job that waits or whose worker fell silent or died; None without one.

        A job that used up its attempts is not leased again; :meth:`reap` ends it.
        """
        now = self._clock()
        where = {"kind": In(kinds), "state": In(("queued", "running"))}
        for job in await self._jobs.query(Query(where=where, sort=Sort("created_at"), limit=200)):
            free = not _held(job, now) and job.attempt < job.max_attempts
            if not free or job.cancel_requested:
                continue
            try:
                return await self._jobs.replace(self._leased(job, worker))
            except (VersionConflict, NotFound):
                continue
        return None

    async def heartbeat(self, job: Job) -> Job:
        """Renew my lease; raise LeaseLost when this attempt is over."""
        now = self._clock()
        return await self._fenced(
            job, lambda j: {"heartbeat_at": now, "lease_until": now + self._lease}
        )

    async def report(self, job: Job, progress: Progress) -> Job:
        """Store how far I am; raise LeaseLost when this attempt is over."""
        return await self._fenced(job, lambda j: {"progress": progress})

    async def update_payload(self, job: Job, **values: Any) -> Job:  # noqa: ANN401  JSON values
        """Store facts that a later attempt needs (a checkpoint, say)."""
        return await self._fenced(job, lambda j: {"payload": {**j.payload, **values}})

    async def finish(
        self,
        job: Job,
        state: JobState,
        *,
        error: str = "",
        events: Sequence[EventBody] = (),
    ) -> Job:
        """End the job; its events go out with the same write. Raises LeaseLost if I may not."""
        now = self._clock()
        update: dict[str, Any] = {
            "state": state,
            "error": error,
            "finished_at": now,
            "lease_until": None,
        }
        return await self._fenced(job, lambda j: update, events=events)

    async def release(self, job: Job) -> Job:
        """Give my lease back (a graceful stop): the job waits again, the attempt uncounted."""
        return await self._fenced(
            job,
            lambda j: {
                "state": "queued",
                "lease_until": None,
                "max_attempts": j.max_attempts + 1,
            },
        )

    async def cancel(self, tenant: str, job_id: str, *, events: Sequence[EventBody] = ()) -> Job:
        """Ask a job to stop; one that waits ends at once, with ``events``."""
        for _ in range(_RACES):
            job = await self.get(tenant, job_id)
            if job.state in FINAL:
                return job
            now = self._clock()
            update: dict[str, Any] = {"cancel_requested": True}
            ends = not _held(job, now)
            if ends:
                update |= {"state": "cancelled", "finished_at": now, "lease_until": None}
            try:
                return await self._jobs.replace(
                    job.model_copy(update=update), events=events if ends else ()
                )
            except VersionConflict:
                continue
        raise Conflict("the job changes too fast to be cancelled; try again")

    async def reap(self, ended: Callable[[Job], Sequence[EventBody]]) -> list[Job]:
        """End jobs that nobody will finish: out of attempts, or cancelled and without a worker."""
        reaped: list[Job] = []
        alone: tuple[Where, ...] = (
            {"state": "running"},
            {"state": "queued", "cancel_requested": True},
        )
        for where in alone:
            for job in await self._jobs.query(Query(where=where, limit=500)):
                if (over := self._over(job)) is None:
                    continue
                try:
                    reaped.append(await self._jobs.replace(over, events=ended(over)))
                except (VersionConflict, NotFound):
                    continue
        return reaped

    def _over(self, job: Job) -> Job | None:
        """Return how a job without a worker ends, or None when it has one or may get one."""
        now = self._clock()
        if _held(job, now):
            return None
        if job.cancel_requested:
            state, error = "cancelled", ""
        elif job.attempt >= job.max_attempts:
            state, error = "failed", f"the worker died {job.attempt} times"
        else:
            return None
        update = {"state": state, "error": error, "finished_at": now, "lease_until": None}
        return job.model_copy(update=update)

    async def states(self) -> dict[str, int]:
        """Return the number of jobs in each state."""
        return await self._jobs.tally("state")

    def _leased(self, job: Job, worker: str) -> Job:
        now = self._clock()
        return job.model_copy(
            update={
                "state": "running",
                "attempt": job.attempt + 1,
                "worker": worker,
                "started_at": job.started_at or now,
                "heartbeat_at": now,
                "lease_until": now + self._lease,
            }
        )

    async def _fenced(
        self,
        mine: Job,
        change: Callable[[Job], dict[str, Any]],
        *,
        events: Sequence[EventBody] = (),
    ) -> Job:
        jobs = self._documents.collection(self._spec, TenantScope(mine.tenant))
        for _ in range(_RACES):
            stored = await jobs.find(mine.id)
            if stored is None or stored.attempt != mine.attempt or stored.state != "running":
                raise LeaseLost(f"attempt {mine.attempt} at job {mine.id} is over")
            try:
                return await jobs.replace(stored.model_copy(update=change(stored)), events=events)
            except VersionConflict:
                continue
        raise LeaseLost(f"job {mine.id} changes too fast")


def _held(job: Job, now: datetime) -> bool:
    """Tell whether a worker holds this job that is not known to be dead."""
    return job.leased_at(now) and not is_dead(job.worker)
