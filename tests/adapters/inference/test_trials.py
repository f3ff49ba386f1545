"""A version that does not serve is tested on the real model server, beside the one that does."""

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from services.inference.app import build
from shared.contracts.model_events import DeploymentFailed, ModelPromoted
from shared.contracts.training_events import TrainingSucceeded
from shared.hosting.stores import Stores
from tests.adapters.inference.models import (
    colour_detector,
    make_version,
    noise_detector,
    painted,
    store_version,
)
from tests.adapters.inference.site import Site
from tests.running import running, until

IMAGE = painted(64, 48, {(8, 8): "red", (40, 24): "green"})


@dataclass
class Tried:
    """A site whose V1 serves and whose V2 was trained and refused."""

    site: Site
    image_id: str
    second: ModelPromoted

    async def tested(self, version: str) -> dict:
        body = {"image_ids": [self.image_id], "version": version}
        started = await self.site.client.post(f"{self.site.base}/test-runs", json=body)
        assert started.status_code == 202, started.text

        async def over() -> dict | None:
            answer = await self.site.client.get(
                f"{self.site.base}/test-runs/{started.json()['id']}"
            )
            return answer.json() if answer.json()["state"] in ("succeeded", "failed") else None

        return await until(over)

    async def state(self, version: str) -> tuple[str, bool]:
        answer = (await self.site.client.get(f"{self.site.base}/deployments/{version}")).json()
        return answer["state"], answer["current"]


@pytest.fixture
async def tried(stores: Stores) -> AsyncIterator[Tried]:
    async with running(stores, [build(stores)]) as platform:
        site = Site(platform)
        await site.create_project()
        image_id = await site.upload(IMAGE)
        await site.deploy(make_version(colour_detector(-25.3), name="V1"))
        version = make_version(colour_detector(-24.9), name="V2")
        second = await store_version(stores, version, project_id=site.project, number=2)
        made = TrainingSucceeded(
            manifest_key="m", predictions_key="p", **second.model_dump(include=SHARED)
        )
        await site.say(made, subject=second.training_id)

        async def known() -> bool:
            answer = await site.predict(image_id=image_id, version="V2")
            return answer.status_code == 201

        await until(known)  # the event was heard, and the version loaded for its first test
        yield Tried(site, image_id, second)


SHARED = {
    "project_id", "training_id", "version", "model_key", "model_manifest_key", "golden_key"
}  # fmt: skip


async def test_a_version_that_was_never_promoted_is_tested_and_another_goes_on_serving(
    tried: Tried,
) -> None:
    run = await tried.tested("V2")
    assert (run["state"], run["done"], run["version"]) == ("succeeded", 1, "V2")
    served = (await tried.site.predict(image_id=tried.image_id)).json()
    assert served["version"] == "V1"
    assert await tried.state("V1") == ("serving", True)
    assert await tried.state("V2") == ("serving", False)


async def test_a_version_on_trial_serves_once_it_is_promoted_and_the_other_can_come_back(
    tried: Tried,
) -> None:
    await tried.site.say(tried.second.model_copy(update={"order": 2}))
    await until(lambda: _serves(tried, "V2"))
    first = make_version(colour_detector(-25.3), name="V1")
    back = await store_version(tried.site.stores, first, project_id=tried.site.project, number=1)
    await tried.site.say(back.model_copy(update={"order": 3}))
    await until(lambda: _serves(tried, "V1"))
    assert (await tried.site.predict(image_id=tried.image_id)).json()["version"] == "V1"


async def _serves(tried: Tried, version: str) -> bool:
    return await tried.state(version) == ("serving", True)


async def test_a_version_that_nobody_trained_cannot_be_tested(tried: Tried) -> None:
    answer = await tried.site.predict(image_id=tried.image_id, version="V9")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "no version V9 of this project is known here"


async def test_a_version_that_fails_its_trial_is_told_of_where_it_is_tested_and_nowhere_else(
    tried: Tried,
) -> None:
    site = tried.site
    log = await site.stores.events.consumer("told", [DeploymentFailed.topic])
    lying = make_version(noise_detector(1), name="V3")
    lying = dataclasses.replace(lying, golden=make_version(noise_detector(2)).golden)
    third = await store_version(site.stores, lying, project_id=site.project, number=3)
    made = TrainingSucceeded(
        manifest_key="m", predictions_key="p", **third.model_dump(include=SHARED)
    )
    await site.say(made, subject=third.training_id)

    async def refused() -> dict | None:
        answer = await site.predict(image_id=tried.image_id, version="V3")
        return answer.json() if "could not be deployed" in answer.text else None

    assert "golden" in (await until(refused))["detail"]
    await site.say(tried.second.model_copy(update={"order": 2}))
    await until(lambda: _serves(tried, "V2"))
    types: list[tuple[str, bool]] = []

    async def told() -> bool:
        heard = await log.poll(limit=10, timeout_s=1)
        types.extend((one.headers["ce_type"], b'"V2"' in one.value) for one in heard)
        return ("model.deployed", True) in types

    await until(told)
    await log.close()
    assert "model.deployment_failed" not in dict(types)
