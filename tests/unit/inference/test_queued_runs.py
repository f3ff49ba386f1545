"""A test run, or a second opinion, is queued whatever dies between its two writes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.inference.adapters.admission import Admission
from services.inference.adapters.answers import Answers
from services.inference.adapters.files import ForeignFiles
from services.inference.adapters.triton.client import TritonClient
from services.inference.app import UseCases, use_cases
from services.inference.domain.terms import ImageFile, PredictionTerms
from services.inference.handlers.deployments import deployment_id
from services.inference.handlers.second_opinions import SECOND_OPINION
from services.inference.handlers.test_runs import TEST_RUN
from services.inference.repository import (
    ALIASES,
    COLLECTIONS,
    DEPLOYMENTS,
    JOBS,
    SERVICE,
    Alias,
    Deployment,
)
from shared.callers import Caller
from shared.contracts.envelope import EventStamp, pack, unpack
from shared.contracts.project_events import ProjectCreated
from shared.documents.port import Query, TenantScope
from shared.documents.receipts import KeyReused
from shared.errors import Forbidden, LoupeError, NotFound
from shared.hosting.stores import Stores
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.paging import PageParams
from tests.running import until

WHO = Caller("default", "key-1", "admin")
PROJECT = "P"
WANTED = ("I1", "I2")


class Killed(Exception):
    """The process ended here."""


class Deadly(JobQueue):
    """A queue before which the process is killed."""

    async def enqueue(self, *_arguments: Any, **_options: Any) -> Job:
        raise Killed


def inference_on(stores: Stores, jobs: JobQueue) -> UseCases:
    answers = Answers(
        TritonClient("127.0.0.1:1"),
        Admission(concurrency=1, queue_length=1, memory_bytes=1 << 20),
        ForeignFiles(Path("unused"), workers=1, memory_bytes=1 << 30),
        concurrency=1,
        retry_budget_s=0,
    )
    return use_cases(stores, jobs, answers)


@pytest.fixture
async def inference(stores: Stores) -> UseCases:
    return await serving(stores)


async def serving(stores: Stores) -> UseCases:
    """A service with one project whose version V1 serves."""
    await stores.open(COLLECTIONS)
    inference = inference_on(stores, JobQueue(stores.documents, SERVICE))
    created = ProjectCreated(project_id=PROJECT, name="pins", task="detection")
    (packed,) = pack([created], EventStamp.of("default", PROJECT, 1))
    for line in inference.projects.subscriptions():
        if line.event is ProjectCreated:
            await line.handler(unpack(ProjectCreated, packed.value_bytes()))
    now, scope = datetime(2026, 11, 20, tzinfo=UTC), TenantScope("default")
    served = Deployment(
        id=deployment_id("default", PROJECT, "V1"),
        tenant="default",
        project_id=PROJECT,
        training_id="T",
        model_version="V1",
        number=1,
        model_key="m",
        model_manifest_key="mm",
        golden_key="g",
        promoted_at=now,
        state="serving",
    )
    await stores.documents.collection(DEPLOYMENTS, scope).insert(served)
    alias = Alias(
        id=PROJECT, tenant="default", current=served.id, model_version="V1", promoted_at=now
    )
    await stores.documents.collection(ALIASES, scope).insert(alias)
    return inference


async def kill_before_queueing(stores: Stores) -> None:
    dying = inference_on(stores, Deadly(stores.documents, SERVICE))
    with pytest.raises(Killed):
        await dying.runs.start(WHO, PROJECT, WANTED, terms=PredictionTerms(), key=None)


async def jobs_of(stores: Stores, kind: str = TEST_RUN) -> list[str]:
    jobs = stores.documents.collection(JOBS, TenantScope("default"))
    return [job.id for job in await jobs.query(Query()) if job.kind == kind]


async def test_a_run_killed_before_it_was_queued_does_not_hide_the_list(
    stores: Stores, inference: UseCases
) -> None:
    whole = await inference.runs.start(WHO, PROJECT, WANTED, terms=PredictionTerms(), key="whole")
    await kill_before_queueing(stores)
    found = await inference.runs.page(WHO, PROJECT, PageParams())
    assert found.total == 2
    assert [job.state for _, job in found.items] == ["queued", "queued"]
    (left,) = [run for run, _ in found.items if run.id != whole.id]
    _, job, _ = await inference.runs.get(WHO, PROJECT, left.id)
    assert (job.id, job.payload) == (left.id, {"project_id": PROJECT})


async def test_a_run_killed_before_it_was_queued_is_queued_without_anybody_looking(
    stores: Stores, inference: UseCases
) -> None:
    await kill_before_queueing(stores)
    assert await jobs_of(stores) == []
    reaping = asyncio.create_task(inference.runs.keep_queueing())
    await until(lambda: jobs_of(stores))
    reaping.cancel()
    await asyncio.gather(reaping, return_exceptions=True)


async def test_a_run_that_is_queued_from_two_sides_is_one_job(
    stores: Stores, inference: UseCases
) -> None:
    await kill_before_queueing(stores)
    await asyncio.gather(
        inference.runs.queue_left(),
        inference.runs.queue_left(),
        inference.runs.page(WHO, PROJECT, PageParams()),
    )
    assert len(await jobs_of(stores)) == 1


async def test_equal_requests_of_one_key_at_once_are_one_run(
    stores: Stores, inference: UseCases
) -> None:
    start, terms = inference.runs.start, PredictionTerms()
    made = await asyncio.gather(
        *(start(WHO, PROJECT, WANTED, terms=terms, key="storm") for _ in range(20))
    )
    assert {run.id for run in made} == {made[0].id}
    assert {run.created_at for run in made} == {made[0].created_at}
    assert await jobs_of(stores) == [made[0].id]


async def test_a_key_belongs_to_its_run(inference: UseCases) -> None:
    await inference.runs.start(WHO, PROJECT, WANTED, terms=PredictionTerms(), key="k")
    with pytest.raises(KeyReused):
        await inference.runs.start(WHO, PROJECT, ("I3",), terms=PredictionTerms(), key="k")
    with pytest.raises(KeyReused):
        await inference.runs.start(
            WHO, PROJECT, WANTED, terms=PredictionTerms(threshold=0.5), key="k"
        )


async def test_the_key_of_a_prediction_is_asked_before_the_model(
    inference: UseCases, tmp_path: Path
) -> None:
    def file(data: bytes) -> ImageFile:
        path = tmp_path / "sent"
        path.write_bytes(data)
        return ImageFile("a.png", path)

    with pytest.raises(LoupeError) as first:  # no image, or no model: the key is taken all the same
        await inference.predictions.predict_file(
            WHO, PROJECT, file(b"x"), terms=PredictionTerms(), key="k"
        )
    assert not isinstance(first.value, KeyReused)
    with pytest.raises(KeyReused):
        await inference.predictions.predict_file(
            WHO, PROJECT, file(b"y"), terms=PredictionTerms(), key="k"
        )
    with pytest.raises(KeyReused):
        await inference.predictions.predict_image(
            WHO, PROJECT, "I1", terms=PredictionTerms(), key="k"
        )


# --- second opinions -----------------------------------------------------------------------------


async def test_whoever_asks_meanwhile_gets_the_look_that_is_under_way(
    stores: Stores, inference: UseCases
) -> None:
    asked = await asyncio.gather(*(inference.opinions.ask(WHO, PROJECT) for _ in range(10)))
    again = await inference.opinions.ask(WHO, PROJECT)
    (job,) = await jobs_of(stores, SECOND_OPINION)
    assert {look.asked.number for look in (*asked, again) if look.asked} == {1}
    assert {look.job.id for look in (*asked, again) if look.job} == {job}


async def test_a_look_killed_before_it_was_queued_is_queued_by_whoever_looks(
    stores: Stores, inference: UseCases
) -> None:
    dying = inference_on(stores, Deadly(stores.documents, SERVICE))
    with pytest.raises(Killed):
        await dying.opinions.ask(WHO, PROJECT)
    assert await jobs_of(stores, SECOND_OPINION) == []
    found = await inference.opinions.look(WHO, PROJECT)
    assert found.is_under_way
    assert len(await jobs_of(stores, SECOND_OPINION)) == 1


async def test_after_a_look_comes_another_one_and_only_its_job_stays(
    stores: Stores, inference: UseCases
) -> None:
    nobody = await inference.opinions.look(WHO, PROJECT)
    assert (nobody.serving, nobody.asked, nobody.job) == ("V1", None, None)
    with pytest.raises(NotFound):
        await inference.opinions.cancel(WHO, PROJECT)
    await inference.opinions.ask(WHO, PROJECT)
    other = Caller("default", "key-2", "annotator")
    with pytest.raises(Forbidden):
        await inference.opinions.cancel(other, PROJECT)
    await inference.opinions.cancel(WHO, PROJECT)
    second = await inference.opinions.ask(other, PROJECT)
    assert second.asked is not None
    assert (second.asked.number, second.asked.created_by) == (2, "key-2")
    assert await jobs_of(stores, SECOND_OPINION) == [second.asked.job_id]


class Late(JobQueue):
    """A queue in which somebody else asks just before a job is looked for."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def find(self, tenant: str, job_id: str) -> Job | None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().find(tenant, job_id)


async def test_who_looks_while_another_look_is_asked_for_does_not_bring_the_last_one_back(
    stores: Stores, inference: UseCases
) -> None:
    await inference.opinions.ask(WHO, PROJECT)
    await inference.opinions.cancel(WHO, PROJECT)
    jobs = Late(stores.documents, SERVICE)
    jobs.meanwhile = partial(inference.opinions.ask, WHO, PROJECT)
    seen = await inference_on(stores, jobs).opinions.look(WHO, PROJECT)
    assert seen.asked is not None
    assert seen.asked.number == 2
    assert await jobs_of(stores, SECOND_OPINION) == [seen.asked.job_id]


async def test_a_foreign_tenant_sees_no_look(inference: UseCases) -> None:
    await inference.opinions.ask(WHO, PROJECT)
    foreign = Caller("other", "key-3", "admin")
    for use in (inference.opinions.look, inference.opinions.ask, inference.opinions.cancel):
        with pytest.raises(NotFound):
            await use(foreign, PROJECT)
