"""A project is deleted at any moment of its trainings and tests, and nothing of it stays."""

import asyncio
from pathlib import Path

import pytest

from services.inference.handlers.deployments import deployment_id
from services.inference.repository import ALIASES, DEPLOYMENTS, Alias, Deployment
from shared.clock import utc_now
from shared.documents.port import TenantScope
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

    async def reported() -> bool:
        return "evaluator.reports" in await place.left()

    await until(reported)
    await place.delete()


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
    a_test_run_in_line,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_nothing_of_its_models_outlives_a_project(
    stores: Stores, tmp_path: Path, moment: Moment
) -> None:
    async with house(stores, tmp_path) as place:
        await moment(place)
        await gone(place)
