"""After a project's deletion, and the end of what ran, nothing of it is left in the trainer."""

import asyncio

import pytest

from services.trainer.repository import IMAGES, LINES, RECIPES
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import TenantScope
from shared.jobs.job import job_spec
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import Place, Time
from tests.unit.trainer.test_trainings import annotate, start


async def cleared(place: Place, time: Time) -> None:
    """The clearing looks until it finds nothing more, and once again much later."""
    for _ in range(2):
        time.pass_s(4000)
        while await place.clearing.step():
            pass


async def left(place: Place) -> dict[str, int]:
    documents, scope = place.stores.documents, TenantScope("default")
    specs = {
        "lines": LINES, "recipes": RECIPES, "images": IMAGES, "jobs": job_spec("trainer"),
    }  # fmt: skip
    counts = {name: await documents.collection(spec, scope).count() for name, spec in specs.items()}
    return counts | {"trainings": len(await place.records())}


async def blobs(place: Place) -> set[str]:
    return {blob.key async for blob in place.stores.blobs.walk("t/default/")}


NOTHING = {"lines": 0, "recipes": 0, "images": 0, "jobs": 0, "trainings": 0}


@pytest.mark.parametrize("moment", ["asked", "queued", "at work", "a version", "twice"])
async def test_a_deleted_project_leaves_nothing_whenever_it_is_deleted(
    place: Place, time: Time, moment: str
) -> None:
    await annotate(place)
    await place.store_snapshot("ttve")
    others = await blobs(place)
    work = None
    await start(place)
    if moment != "asked":
        await place.settle()
    if moment == "at work":
        place.script.pause = asyncio.Event()
        work = asyncio.create_task(place.worker().work_once())
        await place.script.running.wait()
    if moment in ("a version", "twice"):
        await place.worker().work_once()
        await place.settle()
    assert await left(place) != NOTHING
    deleted = place.event(ProjectDeleted(project_id=PROJECT), PROJECT, 9)
    for _ in range(2 if moment == "twice" else 1):
        await place.hear(deleted)
    await cleared(place, time)
    if work is not None:
        await work
        await place.settle()
        await place.hear(deleted)
        await cleared(place, time)
    assert await left(place) == NOTHING
    assert await blobs(place) == others, "the dataset is annotation's, everything else went"
    assert list((place.folder / "work").glob("*")) == []


async def test_news_that_outrun_the_deletion_leave_nothing_either(place: Place, time: Time) -> None:
    await place.hear(place.event(ProjectDeleted(project_id=PROJECT), PROJECT, 9))
    await cleared(place, time)
    await annotate(place)
    assert (await left(place))["images"] == 1
    await cleared(place, time)
    assert await left(place) == NOTHING
