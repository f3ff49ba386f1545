"""A deleted project leaves nothing, whenever the deletion comes: no document, no model, no job."""

import asyncio
import os
from pathlib import Path

import pytest

from services.inference.repository import COLLECTIONS, PROJECTS
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import EveryTenant, Query
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.adapters.inference.models import colour_detector, make_version, noise_detector, painted
from tests.adapters.inference.site import Site
from tests.running import until


async def remains_of(stores: Stores) -> list[str]:
    """Everything that the service's stores and its model folder hold, but the project's mark."""
    found = []
    for spec in COLLECTIONS:
        if spec is not PROJECTS:
            documents = stores.documents.collection(spec, EveryTenant())
            found += [f"{spec.name}/{each.id}" for each in await documents.query(Query())]
    models = Path(os.environ["LOUPE_DATA"]) / "triton" / "models"
    return found + sorted(path.name for path in models.glob("*"))


async def nothing_is_left(site: Site) -> None:
    async def clean() -> bool:
        return await remains_of(site.stores) == []

    await until(clean)


async def served_nothing_before(site: Site) -> None:
    """Deleted while its training runs: the promotion comes afterwards."""
    await site.say(ProjectDeleted(project_id=site.project))
    await site.promote(make_version(colour_detector()))


async def promoted_a_moment_ago(site: Site) -> None:
    """Deleted while the version is on its way to the model server."""
    await site.promote(make_version(colour_detector()))
    await site.say(ProjectDeleted(project_id=site.project))


async def served(site: Site) -> None:
    """Deleted while two versions answer, with predictions of both."""
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    await site.predict(image_id=image_id)
    await site.deploy(make_version(noise_detector(1), name="V2"), number=2)
    await site.predict(image_id=image_id)
    assert len(await remains_of(site.stores)) >= 7
    await site.say(ProjectDeleted(project_id=site.project))


async def predicted_meanwhile(site: Site) -> None:
    """Deleted while predictions are under way."""
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    asked = [asyncio.create_task(site.predict(image_id=image_id)) for _ in range(8)]
    await site.say(ProjectDeleted(project_id=site.project))
    for answer in await asyncio.gather(*asked):
        assert answer.status_code in (201, 404, 409), answer.text


async def tested_meanwhile(site: Site) -> None:
    """Deleted during a test run."""
    images = [await site.upload(painted(64, 48, {(8, 8): "red"})) for _ in range(5)]
    await site.deploy(make_version(colour_detector()))
    body = {"image_ids": [*images, *(new_id() for _ in range(20))]}  # each unknown takes seconds
    started = await site.client.post(f"{site.base}/test-runs", json=body)
    assert started.status_code == 202

    async def first_is_tested() -> bool:
        return (await site.client.get(started.headers["location"])).json()["done"] > 0

    await until(first_is_tested)
    await site.say(ProjectDeleted(project_id=site.project))


async def a_run_was_queued_meanwhile(site: Site) -> None:
    """Deleted in the moment in which a test run is asked for."""
    images = [await site.upload(painted(64, 48, {})) for _ in range(2)]
    await site.deploy(make_version(colour_detector()))
    body = {"image_ids": images}
    asked = [
        asyncio.create_task(site.client.post(f"{site.base}/test-runs", json=body)) for _ in range(5)
    ]
    await site.say(ProjectDeleted(project_id=site.project))
    await asyncio.gather(*asked)


@pytest.mark.parametrize(
    "moment",
    [
        served_nothing_before,
        promoted_a_moment_ago,
        served,
        predicted_meanwhile,
        tested_meanwhile,
        a_run_was_queued_meanwhile,
    ],
)
async def test_nothing_is_left_of_a_deleted_project(site: Site, moment) -> None:
    await moment(site)
    await nothing_is_left(site)


async def test_another_project_keeps_all_that_it_has(site: Site) -> None:
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    kept, before = site.project, await remains_of(site.stores)
    site.project = new_id()
    await site.create_project()
    await served(site)

    async def only_the_first_is_left() -> bool:
        return await remains_of(site.stores) == before

    await until(only_the_first_is_left)
    site.project = kept
    assert (await site.predict(image_id=image_id)).status_code == 201
