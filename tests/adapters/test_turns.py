"""A fair share of the workers for every tenant, on both document stores."""

import asyncio
from collections import Counter

import pytest

from shared.documents.port import Documents, TenantScope
from shared.jobs.job import Job, job_spec
from shared.jobs.queue import JobQueue
from tests.turning import Time

KINDS = ("train",)


class Hall:
    """Workers that end their jobs when the test says so; the longest at work ends first."""

    def __init__(self, queue: JobQueue, workers: int) -> None:
        self._queue = queue
        self._workers = workers
        self.busy: list[Job] = []
        self.served: list[str] = []

    async def fill(self) -> None:
        """Give every worker a job, as far as there are some."""
        while len(self.busy) < self._workers and (job := await self._queue.claim(KINDS, "w")):
            self.busy.append(job)
            self.served.append(job.tenant)

    async def end_one(self) -> None:
        """Let one worker end its job and take another one."""
        await self._queue.finish(self.busy.pop(0), "succeeded")
        await self.fill()


async def flood(queue: JobQueue, tenant: str, jobs: int) -> None:
    names = [f"{tenant}-{number:04}" for number in range(jobs)]
    await asyncio.gather(*(queue.enqueue(tenant, "train", name) for name in names))


@pytest.mark.parametrize(("workers", "jobs"), [(1, 50), (4, 1000)])
async def test_who_waits_with_many_jobs_delays_anothers_one_by_one_of_each_worker_at_most(
    queue: JobQueue, time: Time, workers: int, jobs: int
) -> None:
    await flood(queue, "many", jobs)
    hall = Hall(queue, workers)
    await hall.fill()
    time.pass_s(1)
    for place in range(3):
        await queue.enqueue("few", "train", f"few-{place}")
        before = len(hall.served)
        await hall.end_one()
        assert hall.served[before:] == ["few"], "the next worker that is free"
        for _ in range(workers):
            await hall.end_one()
    assert hall.served.count("few") == 3


async def test_with_all_waiting_and_one_worker_each_has_every_third_turn(queue: JobQueue) -> None:
    for tenant in ("a", "b", "c"):
        await flood(queue, tenant, 5)
    hall = Hall(queue, 1)
    await hall.fill()
    for _ in range(14):
        await hall.end_one()
    rounds = [hall.served[at : at + 3] for at in range(0, 15, 3)]
    assert [sorted(one) for one in rounds] == [["a", "b", "c"]] * 5


async def test_workers_that_look_at_the_same_time_are_shared_out_evenly(queue: JobQueue) -> None:
    await flood(queue, "a", 20)
    await flood(queue, "b", 20)
    await flood(queue, "c", 1)
    taken = await asyncio.gather(*(queue.claim(KINDS, f"w{number}") for number in range(9)))
    assert Counter(job.tenant for job in taken if job) == {"a": 4, "b": 4, "c": 1}


async def test_who_comes_back_is_not_paid_for_the_time_away(queue: JobQueue, time: Time) -> None:
    await flood(queue, "back", 1)
    hall = Hall(queue, 1)
    await hall.fill()
    await flood(queue, "busy", 30)
    for _ in range(10):
        await hall.end_one()
    time.pass_s(1)
    for number in range(10):
        await queue.enqueue("back", "train", f"again-{number}")
    for _ in range(8):
        await hall.end_one()
    assert Counter(hall.served[-8:]) == {"back": 4, "busy": 4}


async def test_who_waits_with_paused_jobs_alone_is_passed_over(queue: JobQueue) -> None:
    await flood(queue, "paused", 2)
    for _ in range(2):
        job = await queue.claim(KINDS, "w")
        assert job is not None
        await queue.release(job, pause_s=20)
    await flood(queue, "other", 1)
    taken = await queue.claim(KINDS, "w")
    assert taken is not None
    assert taken.tenant == "other"
    assert await queue.claim(KINDS, "w") is None


async def test_a_job_of_a_silent_worker_holds_none_and_is_taken_in_its_tenants_turn(
    queue: JobQueue, documents: Documents, time: Time
) -> None:
    await flood(queue, "a", 3)
    assert await queue.claim(KINDS, "dies")
    time.pass_s(61)
    await flood(queue, "b", 3)
    turns = [await queue.claim(KINDS, "w") for _ in range(4)]
    assert [job.tenant for job in turns if job] == ["b", "a", "b", "a"]
    taken = await documents.collection(job_spec("svc"), TenantScope("a")).get("a-0000")
    assert (taken.attempt, taken.worker) == (2, "w")
