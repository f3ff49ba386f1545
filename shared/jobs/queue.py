"""The job queue: at least one worker's attempt a job, at most one whose writes count.

A lease lasts 60 s and is renewed every 10 s beside the work; a worker that cannot renew for two
thirds of the lease must stop by itself. Every write compares the attempt, so a worker that comes
back from the dead changes nothing. Leases are told by the machine's ticks, and between two machines
by their clocks; one that is wrong makes a worker lose its job too early or too late, never a second
one whose writes count. A heartbeat or a pause that lies ahead is of a clock that was ahead, and
counts as over.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from shared.clock import Clock, utc_now
from shared.contracts.envelope import EventBody
from shared.documents.port import (
    Collection,
    Documents,
    EveryTenant,
    In,
    Query,
    Remove,
    Sort,
    TenantScope,
    Where,
    Write,
)
from shared.errors import Conflict, NotFound
from shared.jobs.job import FINAL, Job, JobState, Progress, job_spec
from shared.jobs.leases import LONGEST_PAUSE_S, is_free, is_held
from shared.jobs.turns import Line, Turn, next_turn
from shared.ticks import ticks_beside

LEASE_S = 60.0


class LeaseLost(Conflict):
    """This attempt is over: the job was taken by another worker, ended, or removed."""

    code = "lease-lost"
    title = "This attempt at the job is over"


class _Unfit(Exception):
    """The job is not, or not any more, what was looked for."""


class JobQueue:
    """Jobs of one service; ``added`` is set when this process adds one or gives one back."""

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
        self.lease_s = lease_s
        self.added = asyncio.Event()

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
        job = Job(
            id=job_id,
            tenant=tenant,
            kind=kind,
            payload=payload or {},
            max_attempts=max_attempts,
            created_at=self._clock(),
        )
        stored = await self._of(tenant).ensure(job)
        self.added.set()
        return stored

    async def get(self, tenant: str, job_id: str) -> Job:
        """Return the tenant's job; raise NotFound."""
        return await self._of(tenant).get(job_id)

    async def find(self, tenant: str, job_id: str) -> Job | None:
        """Return the tenant's job or None."""
        return await self._of(tenant).find(job_id)

    async def claim(self, kinds: Sequence[str], worker: str) -> Job | None:
        """Lease a job that waits or whose worker fell silent or died; None without one.

        It is the oldest of the tenant whose turn it is (:mod:`shared.jobs.turns`). A job that used
        up its attempts is not leased again; :meth:`reap` ends it.
        """
        while (turn := next_turn(await self._lines(kinds))) is not None:
            lease = partial(self._leased, worker=worker, turn=turn)
            with contextlib.suppress(_Unfit, NotFound):  # somebody was as quick: look anew
                return await self._of(turn.job.tenant).change(turn.job.id, lease)
        return None

    async def _lines(self, kinds: Sequence[str]) -> list[Line]:
        """Return the line of each tenant that has a job to begin.

        Who waits is read before who is served: what is leased before the first read is counted, and
        what is leased after it is met as taken by who tries to lease it, too.
        """
        tenants = await self._jobs.tally("tenant", {"kind": In(kinds), "state": "queued"})
        waiting = await asyncio.gather(*(self._oldest(tenant, kinds) for tenant in tenants))
        first = {job.tenant: job for job in waiting if job is not None}
        held: Counter[str] = Counter()
        async for job in self._jobs.walk(Query({"kind": In(kinds), "state": "running"})):
            if is_held(job, self._clock):
                held[job.tenant] += 1
            elif is_free(job, self._clock):
                known = first.setdefault(job.tenant, job)
                first[job.tenant] = min(known, job, key=_age)
        turns = await asyncio.gather(*(self._last_turn(tenant, kinds) for tenant in first))
        return [
            Line(job, held[tenant], last)
            for (tenant, job), last in zip(first.items(), turns, strict=True)
        ]

    async def _oldest(self, tenant: str, kinds: Sequence[str]) -> Job | None:
        """Return the oldest job that waits and may begin."""
        waiting: Where = {"kind": In(kinds), "state": "queued"}
        async for job in self._of(tenant).walk(Query(waiting, Sort("created_at"), limit=8)):
            if is_free(job, self._clock):
                return job
        return None

    async def _last_turn(self, tenant: str, kinds: Sequence[str]) -> float | None:
        """Return where a tenant's latest turn began."""
        latest = Query({"kind": In(kinds)}, Sort("turn", -1), limit=1)
        return next((job.turn for job in await self._of(tenant).query(latest)), None)

    async def held(self, job: Job) -> Job:
        """Return my job as it is stored; raise LeaseLost when this attempt is over."""
        return _mine(await self.find(job.tenant, job.id), job)

    async def heartbeat(self, job: Job) -> Job:
        """Renew my lease; raise LeaseLost when this attempt is over."""
        leased = self._lease_from_now()
        return await self._fenced(job, lambda j: leased)

    async def report(self, job: Job, progress: Progress) -> Job:
        """Store how far I am; raise LeaseLost when this attempt is over."""
        return await self._fenced(job, lambda j: {"progress": progress})

    async def update_payload(self, job: Job, **values: Any) -> Job:  # noqa: ANN401  JSON values
        """Store facts that a later attempt needs (a checkpoint, say)."""
        return await self._fenced(job, lambda j: {"payload": {**j.payload, **values}})

    async def forget(self, job: Job, fact: str) -> None:
        """Take a fact out of a job that ended, if it is there: a later one has it now."""

        def edit(stored: Job) -> Job | None:
            if stored.state not in FINAL or fact not in stored.payload:
                return None
            kept = {name: value for name, value in stored.payload.items() if name != fact}
            return stored.model_copy(update={"payload": kept})

        with contextlib.suppress(NotFound):
            await self._of(job.tenant).change(job.id, edit)

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

    async def release(
        self, job: Job, *, counted: bool = False, pause_s: float | None = None
    ) -> Job:
        """Give my lease back: the job waits again, and this attempt counts only if ``counted``.

        With a pause nobody takes it for so many seconds, twice as many each further time.

        Raises:
            LeaseLost: This attempt is over.
            ValueError: It was the last attempt, and counts: nobody would take the job; finish it.
        """
        now = self._clock()

        def give_back(j: Job) -> dict[str, Any]:
            if counted and j.attempt >= j.max_attempts:
                raise ValueError(f"job {j.id} has no attempt left to wait for")
            more = 0 if counted else 1
            update = {
                "state": "queued",
                "lease_until": None,
                "heartbeat_at": now,
                "max_attempts": j.max_attempts + more,
            }
            if pause_s is None:
                return update
            pause = min(LONGEST_PAUSE_S, pause_s * 2 ** min(j.waits, 10))
            return update | {"waits": j.waits + 1, "not_before": now + timedelta(seconds=pause)}

        released = await self._fenced(job, give_back)
        self.added.set()
        return released

    async def cancel(self, tenant: str, job_id: str, *, events: Sequence[EventBody] = ()) -> Job:
        """Ask a job to stop; one that waits ends at once, with ``events``."""

        def ask(job: Job) -> Job | Write[Job] | None:
            if job.state in FINAL:
                return None
            asked = job.model_copy(update={"cancel_requested": True})
            if is_held(job, self._clock):
                return asked
            over = {"state": "cancelled", **self._ended_alone(job)}
            return Write(asked.model_copy(update=over), events)

        return await self._of(tenant).change(job_id, ask)

    async def ask_to_finish(self, tenant: str, job_id: str) -> Job:
        """Ask the work to come to its end with what it has; a job that ended stays as it is."""

        def ask(job: Job) -> Job | None:
            if job.state in FINAL or job.finish_requested:
                return None
            return job.model_copy(update={"finish_requested": True})

        return await self._of(tenant).change(job_id, ask)

    async def drop(self, tenant: str, job_id: str) -> None:
        """Remove a job that has ended, as what it was about goes."""
        with contextlib.suppress(NotFound):
            await self._of(tenant).change(
                job_id, lambda job: Remove() if job.state in FINAL else None
            )

    async def reap(self, ended: Callable[[Job], Sequence[EventBody]]) -> list[Job]:
        """End jobs that nobody will finish: out of attempts, or cancelled and without a worker."""

        def end(job: Job) -> Write[Job]:
            if (over := self._over(job)) is None:
                raise _Unfit
            return Write(over, ended(over))

        reaped: list[Job] = []
        alone: tuple[Where, ...] = (
            {"state": "running"},
            {"state": "queued", "cancel_requested": True},
        )
        for where in alone:
            async for job in self._jobs.walk(Query(where=where)):
                if self._over(job) is not None:
                    with contextlib.suppress(_Unfit, NotFound):
                        reaped.append(await self._of(job.tenant).change(job.id, end))
        return reaped

    def _over(self, job: Job) -> Job | None:
        """Return how a job without a worker ends, or None when it has one or may get one."""
        if is_held(job, self._clock):
            return None
        if job.cancel_requested:
            state, error = "cancelled", ""
        elif job.attempt >= job.max_attempts:
            state, error = "failed", f"the worker died {job.attempt} times"
        else:
            return None
        return job.model_copy(update={"state": state, "error": error, **self._ended_alone(job)})

    async def states(self) -> dict[str, int]:
        """Return the number of jobs in each state."""
        return await self._jobs.tally("state")

    def _leased(self, job: Job, *, worker: str, turn: Turn) -> Job:
        if not is_free(job, self._clock):
            raise _Unfit
        return job.model_copy(
            update={
                "state": "running",
                "turn": turn.begins,
                "attempt": job.attempt + 1,
                "worker": worker,
                "started_at": job.started_at or self._clock(),
                "idle_s": self._idle_s(job),
                **self._lease_from_now(),
            }
        )

    def _ended_alone(self, job: Job) -> dict[str, Any]:
        """Return what changes of a job that ends without a worker."""
        return {"finished_at": self._clock(), "idle_s": self._idle_s(job), "lease_until": None}

    def _idle_s(self, job: Job) -> float:
        """Return for how long nobody worked on a job since it was first begun."""
        if job.heartbeat_at is None:
            return job.idle_s
        return job.idle_s + max(0.0, (self._clock() - job.heartbeat_at).total_seconds())

    def _lease_from_now(self) -> dict[str, Any]:
        now = self._clock()
        beat = ticks_beside(self._clock)
        return {"heartbeat_at": now, "beat": beat, "lease_until": now + self._lease}

    async def _fenced(
        self,
        mine: Job,
        change: Callable[[Job], dict[str, Any]],
        *,
        events: Sequence[EventBody] = (),
    ) -> Job:
        def edit(job: Job) -> Write[Job]:
            update = change(_mine(job, mine))
            return Write(job.model_copy(update=update), events)

        try:
            return await self._of(mine.tenant).change(mine.id, edit)
        except NotFound:
            return _mine(None, mine)

    def _of(self, tenant: str) -> Collection[Job]:
        return self._documents.collection(self._spec, TenantScope(tenant))


def _age(job: Job) -> tuple[datetime, str]:
    return job.created_at, job.id


def _mine(stored: Job | None, mine: Job) -> Job:
    """Return the stored job if the attempt is still mine; raise LeaseLost."""
    if stored is None or stored.attempt != mine.attempt or stored.state != "running":
        raise LeaseLost(f"attempt {mine.attempt} at job {mine.id} is over")
    return stored
