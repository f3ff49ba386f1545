"""The job queue's promises, on both document stores: one holder, a fence, leases, cancel, reap."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.contracts.training_events import TrainingEnded
from shared.documents.port import Documents
from shared.errors import NotFound
from shared.holder import holder_name
from shared.jobs.job import Job, Progress, job_spec
from shared.jobs.queue import JobQueue, LeaseLost
from tests.turning import Time, set_clock


@contextlib.contextmanager
def another_process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that waits, and the name that it would work under."""
    code = "from shared.holder import holder_name; print(holder_name(), flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


async def test_sixteen_workers_share_forty_jobs_and_none_twice(queue: JobQueue) -> None:
    for number in range(40):
        await queue.enqueue("t", "train", f"J{number}")

    async def worker(name: str) -> list[str]:
        mine = []
        while job := await queue.claim(["train"], name):
            mine.append(job.id)
        return mine

    taken = await asyncio.gather(*(worker(f"w{n}") for n in range(16)))
    flat = [job for mine in taken for job in mine]
    assert sorted(flat) == sorted(f"J{n}" for n in range(40))


async def test_the_same_id_is_one_job(queue: JobQueue) -> None:
    first = await queue.enqueue("t", "train", "J", payload={"a": 1})
    again = await queue.enqueue("t", "train", "J", payload={"a": 2})
    assert again == first


async def test_a_silent_worker_loses_its_job_and_cannot_write_any_more(
    queue: JobQueue, time: Time
) -> None:
    await queue.enqueue("t", "train", "J")
    paused = await queue.claim(["train"], "first")
    assert paused is not None
    assert await queue.claim(["train"], "second") is None
    time.pass_s(61)
    taken = await queue.claim(["train"], "second")
    assert taken is not None
    assert taken.attempt == 2
    for write in (
        queue.heartbeat(paused),
        queue.report(paused, Progress(percent=50)),
        queue.finish(paused, "succeeded"),
        queue.update_payload(paused, checkpoint="late"),
    ):
        with pytest.raises(LeaseLost):
            await write
    done = await queue.finish(taken, "succeeded")
    assert (done.state, done.worker) == ("succeeded", "second")


async def test_a_heartbeat_keeps_the_job(queue: JobQueue, time: Time) -> None:
    await queue.enqueue("t", "train", "J")
    job = await queue.claim(["train"], "w")
    assert job is not None
    for _ in range(20):
        time.pass_s(30)
        await queue.heartbeat(job)
        assert await queue.claim(["train"], "other") is None


async def test_a_job_whose_worker_dies_three_times_fails_with_its_events(
    queue: JobQueue, time: Time, documents: Documents
) -> None:
    await queue.enqueue("t", "train", "J")
    for _ in range(3):
        assert await queue.claim(["train"], "w") is not None
        time.pass_s(61)
    assert await queue.claim(["train"], "w") is None
    ended = TrainingEnded(project_id="P", training_id="J", state="failed")
    (job,) = await queue.reap(lambda _job: [ended])
    assert (job.state, job.error) == ("failed", "the worker died 3 times")
    assert await queue.reap(lambda _job: [ended]) == []
    (box,) = await documents.outboxes(["svc.jobs"], 10)
    assert [event.type for event in box.events] == ["training.ended"]


async def test_a_waiting_job_is_cancelled_at_once_a_running_one_is_asked(
    queue: JobQueue,
) -> None:
    await queue.enqueue("t", "train", "A")
    assert (await queue.cancel("t", "A")).state == "cancelled"
    await queue.enqueue("t", "train", "B")
    running = await queue.claim(["train"], "w")
    assert running is not None
    asked = await queue.cancel("t", "B")
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert (await queue.heartbeat(running)).cancel_requested
    assert (await queue.finish(running, "cancelled")).state == "cancelled"


async def test_a_cancelled_job_of_a_dead_worker_ends_as_cancelled(
    queue: JobQueue, time: Time
) -> None:
    await queue.enqueue("t", "train", "J")
    await queue.claim(["train"], "w")
    await queue.cancel("t", "J")
    time.pass_s(61)
    assert await queue.claim(["train"], "other") is None
    (job,) = await queue.reap(lambda _job: [])
    assert job.state == "cancelled"


async def test_a_job_that_is_given_back_while_somebody_cancels_it_ends_as_cancelled(
    queue: JobQueue, documents: Documents
) -> None:
    await queue.enqueue("t", "train", "J")
    await queue.enqueue("t", "train", "waits for a worker")
    job = await queue.claim(["train"], "w")
    assert job is not None
    await queue.cancel("t", "J")
    await queue.release(job)
    ended = TrainingEnded(project_id="P", training_id="J", state="terminated")
    (over,) = await queue.reap(lambda _job: [ended])
    assert (over.id, over.state) == ("J", "cancelled")
    assert await queue.reap(lambda _job: [ended]) == []
    (box,) = await documents.outboxes(["svc.jobs"], 10)
    assert [event.type for event in box.events] == ["training.ended"]


async def test_a_killed_worker_of_this_machine_loses_its_job_before_its_lease_ends(
    queue: JobQueue,
) -> None:
    await queue.enqueue("t", "train", "J")
    with another_process() as (process, name):
        first = await queue.claim(["train"], name)
        assert first is not None
        assert await queue.claim(["train"], holder_name()) is None
        process.kill()
        process.wait()
    second = await queue.claim(["train"], holder_name())
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(LeaseLost):
        await queue.heartbeat(first)
    assert await queue.claim(["train"], "other") is None


async def test_a_released_job_waits_again_with_all_its_attempts(queue: JobQueue) -> None:
    await queue.enqueue("t", "train", "J", max_attempts=1)
    job = await queue.claim(["train"], "w")
    assert job is not None
    await queue.release(job)
    again = await queue.claim(["train"], "w")
    assert again is not None
    with pytest.raises(LeaseLost):
        await queue.heartbeat(job)


async def test_the_last_attempt_is_finished_and_never_given_back(queue: JobQueue) -> None:
    await queue.enqueue("t", "train", "J", max_attempts=2)
    for _ in range(2):
        job = await queue.claim(["train"], "w")
        assert job is not None
        if job.attempt == 1:
            await queue.release(job, counted=True)
    with pytest.raises(ValueError, match="no attempt left"):
        await queue.release(job, counted=True)
    assert (await queue.get("t", "J")).state == "running"


async def test_another_tenant_does_not_see_the_job(queue: JobQueue) -> None:
    await queue.enqueue("t", "train", "J")
    with pytest.raises(NotFound):
        await queue.cancel("other", "J")
    assert await queue.find("other", "J") is None


async def test_a_lease_by_a_clock_that_was_ahead_is_over(queue: JobQueue, time: Time) -> None:
    await queue.enqueue("t", "train", "J1")
    time.pass_s(86_400)
    assert await queue.claim(["train"], "one") is not None
    time.pass_s(-86_400)
    taken = await queue.claim(["train"], "two")
    assert taken is not None
    assert taken.attempt == 2
    assert await queue.claim(["train"], "three") is None


async def test_a_pause_by_a_clock_that_was_ahead_is_over(queue: JobQueue, time: Time) -> None:
    await queue.enqueue("t", "train", "J1")
    time.pass_s(86_400)
    job = await queue.claim(["train"], "one")
    assert job is not None
    await queue.release(job, pause_s=20)
    assert await queue.claim(["train"], "one") is None
    time.pass_s(-86_400)
    assert await queue.claim(["train"], "one") is not None


@pytest.mark.parametrize("days", [1, -1])
async def test_a_worker_at_work_keeps_its_job_when_the_clock_is_set(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    await documents.open([job_spec("svc")])
    one, other = JobQueue(documents, "svc"), JobQueue(documents, "svc")
    await one.enqueue("t", "train", "J1", max_attempts=2)
    await one.release(await claimed(one), counted=True)
    job = await claimed(one)
    set_clock(monkeypatch, timedelta(days=days))
    assert await other.claim(["train"], "two") is None
    assert await other.reap(lambda _: []) == [], "its last attempt goes on"
    assert (await one.finish(job, "succeeded")).state == "succeeded"


async def claimed(queue: JobQueue) -> Job:
    job = await queue.claim(["train"], "one")
    assert job is not None
    return job
