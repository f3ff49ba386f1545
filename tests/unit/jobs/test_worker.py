"""The worker: every end of the work gives the job its end, and nobody writes too late."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from shared.clock import utc_now
from shared.contracts.envelope import EventBody, unpack
from shared.contracts.training_events import TrainingEnded
from shared.documents.port import TenantScope
from shared.errors import DependencyDown, InvalidInput
from shared.hosting.stores import Stores
from shared.jobs.job import Job, Progress, job_spec
from shared.jobs.queue import LEASE_S, JobQueue, LeaseLost
from shared.jobs.worker import JobWorker, Lease, Work, reap_forever
from tests.running import until
from tests.unit.events.flow import Outages, StruckDocuments


def told(job: Job) -> Sequence[EventBody]:
    state = "terminated" if job.state == "cancelled" else "failed"
    return [TrainingEnded(project_id="P", training_id=job.id, state=state, reason=job.error)]


class Yard:
    """A queue, a worker on it, and what the world hears."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.outages = Outages()
        self.seconds = 0.0  # how far its clocks are: no test depends on how fast it runs
        self._began = utc_now()
        documents = StruckDocuments(stores.documents, self.outages)
        clock = lambda: self._began + timedelta(seconds=self.seconds)  # noqa: E731
        self.queue = JobQueue(documents, "svc", clock=clock)

    def worker(self, work: Work) -> JobWorker:
        return JobWorker(
            self.queue,
            {"dig": work},
            ended=told,
            look_s=0.01,
            pause_s=2.0,
            clock=lambda: self.seconds,
        )

    async def work_off(self, worker: JobWorker) -> None:
        """Work until nothing is left; time passes for what was given back."""
        while await worker.work_once() or (await self.job()).state == "queued":
            self.seconds += 2.0

    async def add(self, job_id: str = "J", **more: int) -> None:
        await self.queue.enqueue("t", "dig", job_id, **more)

    async def job(self, job_id: str = "J") -> Job:
        return await self.queue.get("t", job_id)

    async def heard(self) -> list[TrainingEnded]:
        outboxes = await self.stores.documents.outboxes(["svc.jobs"], 100)
        events = [event for outbox in outboxes for event in outbox.events]
        return [unpack(TrainingEnded, event.value_bytes()).data for event in events]


@pytest.fixture
async def yard(stores: Stores) -> Yard:
    await stores.documents.open([job_spec("svc")])
    return Yard(stores)


@contextlib.asynccontextmanager
async def working(worker: JobWorker) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Standing:
    """Work that goes on until it is ended from outside, and tells that it was."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.lease: Lease | None = None

    async def __call__(self, lease: Lease) -> None:
        self.lease = lease
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_work_that_returns_has_succeeded(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        await lease.report(Progress(percent=50.0, stage="digging"))
        await lease.remember(depth=3)

    await yard.add()
    assert await yard.worker(work).work_once()
    job = await yard.job()
    assert (job.state, job.attempt, job.progress.percent) == ("succeeded", 1, 50.0)
    assert job.payload == {"depth": 3}
    assert not await yard.worker(work).work_once()


async def test_work_may_finish_with_its_own_words_and_tidy_up_after(yard: Yard) -> None:
    after: list[str] = []

    async def work(lease: Lease) -> None:
        await lease.finish(events=told(lease.job))
        after.append((await yard.job()).state)

    await yard.add()
    await yard.worker(work).work_once()
    assert after == ["succeeded"]
    assert len(await yard.heard()) == 1


async def test_a_permanent_error_fails_the_job_with_its_cause(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        raise InvalidInput("there is rock at 3 m")

    await yard.add()
    await yard.worker(work).work_once()
    job = await yard.job()
    assert (job.state, job.error) == ("failed", "there is rock at 3 m")
    (event,) = await yard.heard()
    assert (event.state, event.reason) == ("failed", "there is rock at 3 m")


async def test_what_waiting_helps_against_costs_no_attempt(yard: Yard) -> None:
    left = [1] * 5

    async def work(lease: Lease) -> None:
        if left:
            left.pop()
            raise DependencyDown("the shovel is away")

    await yard.add(max_attempts=2)
    await yard.work_off(yard.worker(work))
    job = await yard.job()
    assert (job.state, job.attempt) == ("succeeded", 6)


async def test_work_that_cannot_go_on_stops_nobody_elses(yard: Yard) -> None:
    order: list[str] = []

    async def work(lease: Lease) -> None:
        order.append(lease.job.id)
        if lease.job.id == "J":
            raise DependencyDown("the shovel is away")

    for name in ("J", "K", "L"):
        await yard.add(name)
    worker = yard.worker(work)
    while await worker.work_once():
        pass
    assert order == ["J", "K", "L"]  # and not J again before its time
    again = []
    for _ in range(60):
        yard.seconds += 1.0
        if await worker.work_once():
            again.append(yard.seconds)
    assert again == [2.0, 6.0, 14.0, 30.0, 60.0]  # each pause is longer, none over half a minute


async def test_a_defect_is_tried_again_and_then_fails(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        raise ZeroDivisionError

    await yard.add(max_attempts=3)
    await yard.work_off(yard.worker(work))
    job = await yard.job()
    assert (job.state, job.attempt, job.error) == ("failed", 3, "an error of ours, 3 times")
    assert len(await yard.heard()) == 1


async def test_work_that_cancels_itself_is_a_defect_and_no_wish(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        raise asyncio.CancelledError

    await yard.add(max_attempts=1)
    await yard.worker(work).work_once()
    assert (await yard.job()).state == "failed"


async def test_a_wish_to_cancel_reaches_work_that_reports_nothing(yard: Yard) -> None:
    work = Standing()
    await yard.add()
    async with working(yard.worker(work.__call__)):
        await work.begun.wait()
        await yard.queue.cancel("t", "J")
        await work.ended.wait()
        await until(lambda: _is(yard, "cancelled"))
    assert work.lease is not None
    assert work.lease.stopping.is_set()
    (event,) = await yard.heard()
    assert event.state == "terminated"


async def test_a_report_tells_the_work_of_the_wish_to_cancel(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        await yard.queue.cancel("t", "J")
        await lease.report(Progress(stage="digging"))
        await asyncio.Event().wait()

    await yard.add()
    await yard.worker(work).work_once()
    assert (await yard.job()).state == "cancelled"


async def test_work_that_is_done_before_the_wish_is_heard_has_succeeded(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        await yard.queue.cancel("t", "J")

    await yard.add()
    await yard.worker(work).work_once()
    assert (await yard.job()).state == "succeeded"


async def test_a_thread_of_the_work_sees_that_it_has_to_end(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        await yard.queue.cancel("t", "J")
        assert await asyncio.to_thread(lease.stopping.wait, 60.0)

    await yard.add()
    await yard.worker(work).work_once()
    assert (await yard.job()).state == "cancelled"


async def test_a_thread_of_the_work_is_never_left_behind(yard: Yard) -> None:
    begun, ended = threading.Event(), threading.Event()

    def dig(lease: Lease) -> None:
        begun.set()
        lease.stopping.wait()
        time.sleep(0.2)  # what such a thread needs to its next look
        ended.set()

    async def work(lease: Lease) -> None:
        await lease.in_thread(dig, lease)

    await yard.add()
    working_once = asyncio.create_task(yard.worker(work).work_once())
    await asyncio.to_thread(begun.wait)
    await yard.queue.cancel("t", "J")
    await working_once
    assert ended.is_set()
    assert (await yard.job()).state == "cancelled"


async def test_a_worker_that_stops_gives_its_job_back_uncounted(yard: Yard) -> None:
    work = Standing()
    await yard.add(max_attempts=1)
    async with working(yard.worker(work.__call__)):
        await work.begun.wait()
    assert work.ended.is_set()
    job = await yard.job()
    assert (job.state, job.attempt, job.max_attempts) == ("queued", 1, 2)
    assert await yard.heard() == []


async def test_a_job_whose_row_goes_ends_the_work_without_a_word(yard: Yard) -> None:
    work = Standing()
    await yard.add()
    async with working(yard.worker(work.__call__)):
        await work.begun.wait()
        jobs = yard.stores.documents.collection(job_spec("svc"), TenantScope("t"))
        assert await jobs.clear({}) == 1
        await work.ended.wait()
    assert await yard.queue.find("t", "J") is None
    assert await yard.heard() == []


async def test_of_a_taken_job_the_first_worker_writes_nothing_more(yard: Yard) -> None:
    work = Standing()
    await yard.add()
    async with working(yard.worker(work.__call__)):
        await work.begun.wait()
        lease = work.lease
        assert lease is not None
        jobs = yard.stores.documents.collection(job_spec("svc"), TenantScope("t"))
        taken = {"attempt": lease.job.attempt + 1, "worker": "somebody else"}
        mine = await jobs.change("J", lambda job: job.model_copy(update=taken))
        await work.ended.wait()
    for late in (lease.remember(a=1), lease.finish(), lease.report(Progress(stage="late"))):
        with pytest.raises(LeaseLost):
            await late
    assert await yard.job() == mine


async def test_a_store_that_is_down_for_two_thirds_of_a_lease_ends_the_work(yard: Yard) -> None:
    work = Standing()
    await yard.add()
    async with working(yard.worker(work.__call__)) as task:
        await work.begun.wait()
        yard.outages.left = {"find": 10**9}
        yard.seconds += 39.0
        looked = yard.outages.left["find"]
        await until(lambda: _true(yard.outages.left["find"] < looked))
        assert not work.ended.is_set()
        yard.seconds += 2.0
        await work.ended.wait()
        yard.outages.left = {}
        work.begun.clear()
        yard.seconds += 20.0
        await work.begun.wait()  # once its lease is over it is taken again
        assert not task.done()
    assert (await yard.job()).attempt == 2


async def test_an_outage_at_the_end_does_not_lose_what_was_done(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        yard.outages.left = {"find": 3, "replace": 2}

    await yard.add()
    await yard.worker(work).work_once()
    job = await yard.job()
    assert (job.state, job.attempt) == ("succeeded", 1)


async def test_the_lease_is_kept_however_long_the_work_takes(yard: Yard) -> None:
    done = asyncio.Event()

    async def renewed_since(before: Job) -> bool:
        return (await yard.job()).heartbeat_at != before.heartbeat_at

    async def work(lease: Lease) -> None:
        for _ in range(20):  # of 11 s each, with a lease of 60
            before = await yard.job()
            yard.seconds += 11.0
            await until(lambda before=before: renewed_since(before))
            assert await yard.queue.claim(["dig"], "somebody else") is None
        done.set()

    await yard.add()
    await yard.worker(work).work_once()
    assert done.is_set()
    assert (await yard.job()).state == "succeeded"


async def test_a_job_added_here_is_taken_at_once(yard: Yard) -> None:
    begun = asyncio.Event()

    async def work(lease: Lease) -> None:
        begun.set()

    async with working(JobWorker(yard.queue, {"dig": work}, look_s=10**6)):
        await until(lambda: not yard.queue.added.is_set())
        await yard.add()
        await asyncio.wait_for(begun.wait(), 60)


async def test_many_progress_words_are_few_writes(yard: Yard) -> None:
    async def work(lease: Lease) -> None:
        for percent in range(100):
            await lease.report(Progress(percent=float(percent), stage="digging"))

    await yard.add()
    began = time.monotonic()
    await yard.worker(work).work_once()
    most = 2 + (time.monotonic() - began) / 0.5
    assert (await yard.job()).version <= 3 + most


async def test_jobs_that_nobody_ends_are_reaped_with_their_word(yard: Yard) -> None:
    await yard.add(max_attempts=1)
    assert await yard.queue.claim(["dig"], "worker") is not None
    yard.seconds += LEASE_S
    assert await yard.queue.claim(["dig"], "worker") is None
    reaping = asyncio.create_task(reap_forever(yard.queue, told, every_s=0.01))
    await yard.add("K")
    other = await yard.queue.claim(["dig"], "worker")
    assert other is not None
    await yard.queue.cancel("t", "K")
    await yard.queue.release(other)
    await until(lambda: _is(yard, "cancelled", "K"))
    await until(lambda: _is(yard, "failed"))
    assert (await yard.job()).error == "the worker died 1 times"
    reaping.cancel()
    await asyncio.gather(reaping, return_exceptions=True)


async def _is(yard: Yard, state: str, job_id: str = "J") -> bool:
    return (await yard.job(job_id)).state == state


async def _true(what: bool) -> bool:
    return what
