"""A project is deleted at any moment of its trainings and tests, and nothing of it stays."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from services.evaluator.domain.numbers.interruption import look
from services.evaluator.repository import REPORTS, StoredReport
from services.evaluator.work import computation
from services.inference.handlers.deployments import deployment_id
from services.inference.repository import ALIASES, DEPLOYMENTS, Alias, Deployment
from shared.clock import utc_now
from shared.documents.port import EveryTenant, Query, TenantScope
from shared.hosting.stores import Stores
from tests.running import until
from tests.unit.projects.house import House, Moment, gone, house


async def requested(place: House) -> None:
    await place.annotate()
    await place.client.post(place.at("trainer", "/trainings"), json={"mode": "train"})
    await place.delete()


async def waiting_for_a_worker(place: House) -> None:
    await place.train("queued")
    await place.delete()


async def two_in_line(place: House) -> None:
    await place.train("queued")
    await place.client.post(place.at("trainer", "/trainings"), json={"mode": "train"})
    await place.delete()


async def at_work(place: House) -> None:
    await place.train("queued")
    place.script.pause = asyncio.Event()
    work = asyncio.create_task(until(place.worker.work_once))
    await place.script.running.wait()
    await place.delete()
    await work  # the lost lease ends it


async def about_to_deliver(place: House) -> None:
    await place.train("queued")
    place.script.pause = asyncio.Event()
    work = asyncio.create_task(until(place.worker.work_once))
    await place.script.running.wait()
    await place.delete()
    place.script.pause.set()
    await work


async def just_succeeded(place: House) -> None:
    await place.train("queued")
    await until(place.worker.work_once)
    await place.delete()


async def failed(place: House) -> None:
    await place.train("queued")
    place.script.lives = ["fails"]
    await until(place.worker.work_once)
    await place.delete()


async def judged(place: House) -> None:
    await place.train("queued")
    await until(place.worker.work_once)
    await until(place.judge.work_once)
    (report,) = await reports(place)
    assert report.state == "completed", report.reason
    blobs = place.run.stores.blobs
    for key in (report.document_key, report.matches_key, *report.pages.html.values()):
        await blobs.stat(key)
    await place.delete()


async def being_judged(place: House) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held(*order: Any) -> computation.Judged:
        begun.set()
        while not go_on.wait(0.01):
            look()  # ends here once nobody wants the report
        return compute(*order)

    await place.train("queued")
    await until(place.worker.work_once)
    compute = computation.REPORTS["detection"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(computation.REPORTS, "detection", held)
        work = asyncio.create_task(until(place.judge.work_once))
        await until(begun.is_set)
        await place.delete()
        go_on.set()  # as late as can be: what comes of it is written after the deletion
        await work


async def reports(place: House) -> list[StoredReport]:
    return await place.run.stores.documents.collection(REPORTS, EveryTenant()).query(Query())


async def serve(place: House) -> None:
    """Have a version that answers, as after its deployment."""
    scope, now = TenantScope("default"), utc_now()
    name = deployment_id("default", place.project, "V1")
    served = Deployment(
        id=name,
        tenant="default",
        project_id=place.project,
        training_id="T",
        model_version="V1",
        number=1,
        model_key="m",
        model_manifest_key="j",
        golden_key="g",
        promoted_at=now,
        state="serving",
    )
    documents = place.run.stores.documents
    await documents.collection(DEPLOYMENTS, scope).insert(served)
    alias = Alias(
        id=place.project, tenant="default", current=name, model_version="V1", promoted_at=now
    )
    await documents.collection(ALIASES, scope).insert(alias)


async def a_test_run_in_line(place: House) -> None:
    images = await place.upload()
    await serve(place)
    answer = await place.client.post(
        place.at("inference", "/test-runs"), json={"image_ids": images}
    )
    assert answer.status_code in (201, 202), answer.text
    await place.delete()


MOMENTS: tuple[Moment, ...] = (
    requested,
    waiting_for_a_worker,
    two_in_line,
    at_work,
    about_to_deliver,
    just_succeeded,
    failed,
    judged,
    being_judged,
    a_test_run_in_line,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_nothing_of_its_models_outlives_a_project(
    stores: Stores, tmp_path: Path, moment: Moment
) -> None:
    async with house(stores, tmp_path) as place:
        await moment(place)
        await gone(place)
