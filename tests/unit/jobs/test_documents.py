"""Documents with a job: one job each, queued after a kill too, and not again once it went."""

import asyncio
from datetime import datetime

import pytest

from shared.clock import utc_now
from shared.documents.port import CollectionSpec
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.jobs.documents import JobDocument, JobDocuments
from shared.jobs.job import job_spec
from shared.jobs.queue import JobQueue
from shared.paging import PageParams
from tests.running import until

DIGS = CollectionSpec("svc.digs", JobDocument)
MINE = {"project_id": "P"}


@pytest.fixture
async def digs(stores: Stores) -> JobDocuments[JobDocument]:
    await stores.open((DIGS, job_spec("svc")))
    return JobDocuments(stores.documents, DIGS, JobQueue(stores.documents, "svc"), "big_dig")


def dig(name: str = "D", at: datetime | None = None) -> JobDocument:
    return JobDocument(id=name, tenant="t", project_id="P", created_at=at or utc_now())


async def test_a_document_that_is_begun_twice_has_one_job_that_names_its_project(
    digs: JobDocuments, stores: Stores
) -> None:
    await digs.begin(dig())
    again = await digs.begin(dig())
    assert (await digs.get("t", "P", "D")).queued
    job = await digs.job(again)
    assert (job.id, job.kind, job.payload) == ("D", "big_dig", {"project_id": "P"})
    jobs = JobQueue(stores.documents, "svc")
    assert (await jobs.claim(["big_dig"], "w")).id == "D"
    assert await jobs.claim(["big_dig"], "w") is None


@pytest.mark.parametrize("looks", ["queue_left", "page", "job", "keep_queueing"])
async def test_what_a_kill_kept_from_the_queue_is_queued_by_whoever_looks(
    digs: JobDocuments, looks: str
) -> None:
    left = await digs.of("t").ensure(dig())

    async def queued() -> bool:
        return (await digs.get("t", "P", "D")).queued

    if looks == "queue_left":
        await digs.queue_left()
    elif looks == "page":
        (_, job), *_ = (await digs.page("t", PageParams(), MINE)).items
        assert job is not None
    elif looks == "job":
        assert await digs.job(left) is not None
    else:
        keeping = asyncio.create_task(digs.keep_queueing())
        await until(queued)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert await queued()
    assert not await digs.is_over(left)


async def test_what_is_over_goes_without_being_done_again(
    digs: JobDocuments, stores: Stores
) -> None:
    begun = await digs.begin(dig())
    await digs.drop(begun)  # nothing yet: it is not over
    assert not await digs.is_over(begun)
    await digs.cancel("t", "D")
    assert await digs.is_over(begun)
    await digs.drop(begun)
    stored = await digs.get("t", "P", "D")
    assert await digs.job(stored) is None
    ((_, job),) = (await digs.page("t", PageParams(), MINE)).items
    assert job is None
    await digs.queue_left()
    assert await JobQueue(stores.documents, "svc").find("t", "D") is None


async def test_a_document_is_its_projects_and_its_tenants_alone(digs: JobDocuments) -> None:
    await digs.begin(dig())
    with pytest.raises(NotFound, match="no big dig D"):
        await digs.get("t", "Q", "D")
    with pytest.raises(NotFound):
        await digs.get("u", "P", "D")
    assert (await digs.page("u", PageParams(), MINE)).total == 0


async def test_a_page_is_the_newest_first(digs: JobDocuments) -> None:
    for day in (1, 3, 2):
        await digs.begin(dig(f"D{day}", datetime.fromisoformat(f"2026-01-0{day}T00:00:00+00:00")))
    found = await digs.page("t", PageParams(), MINE)
    assert [one.id for one, _ in found.items] == ["D3", "D2", "D1"]
    assert [job.id for _, job in found.items] == ["D3", "D2", "D1"]
