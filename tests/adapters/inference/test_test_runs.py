"""Test runs of many images, by the inference service with a real Triton."""

import pytest

from services.inference.handlers import follow_ups
from shared.contracts.annotation_events import AnnotationSaved
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from tests.adapters.inference.models import colour_detector, make_version, painted, store_version
from tests.running import until


async def test_run_tests_many_images_and_tells_which_failed(site):
    await site.deploy(make_version(colour_detector()))
    images = [await site.upload(painted(64, 48, {(8 * n, 8): "red"})) for n in range(6)]
    body = {"image_ids": [*images, "01JD0000000000000000000000"]}
    started = await site.client.post(f"{site.base}/test-runs", json=body)
    assert started.status_code == 202, started.text

    async def finished() -> dict | None:
        run = (await site.client.get(started.headers["location"])).json()
        return run if run["state"] == "succeeded" else None

    run = await until(finished)
    assert (run["total"], run["done"], run["failed"]) == (7, 6, 1)
    assert run["failures"][0]["image_id"] == "01JD0000000000000000000000"
    assert run["progress"]["percent"] == 100
    listed = await site.client.get(
        f"{site.base}/predictions", params={"test_run_id": run["id"], "page_size": 500}
    )
    assert {item["image_id"] for item in listed.json()["items"]} == set(images)
    runs = await site.client.get(f"{site.base}/test-runs")
    assert [item["id"] for item in runs.json()["items"]] == [run["id"]]


@pytest.mark.parametrize(("most", "totals"), [(10_000, [2]), (1, [1, 1])])
async def test_training_that_asked_for_a_test_has_one_of_what_nobody_annotated(
    site, monkeypatch, most, totals
):
    """The button "train and test": once the version answers, its test starts by itself.

    More images than a test run takes are tested by several.
    """
    monkeypatch.setattr(follow_ups, "MAX_TEST_IMAGES", most)
    images = [await site.upload(painted(64, 48, {(8 * n, 8): "red"})) for n in range(3)]
    facts = AnnotationSaved.example | {"project_id": site.project, "image_id": images[0]}
    await site.say(AnnotationSaved.model_validate(facts), subject=images[0])
    asked = await store_version(
        site.stores, make_version(colour_detector()), project_id=site.project
    )
    await site.say(asked.model_copy(update={"test_after": True}))

    async def finished() -> list[dict]:
        runs = (await site.client.get(f"{site.base}/test-runs")).json()["items"]
        ended = [run for run in runs if run["state"] == "succeeded"]
        return ended if len(ended) == len(totals) else []

    runs = await until(finished)
    assert [run["total"] for run in runs] == [run["done"] for run in runs] == totals
    found = (await site.client.get(f"{site.base}/predictions")).json()["items"]
    assert {item["image_id"] for item in found} == set(images[1:])


async def test_run_can_be_cancelled(site):
    await site.deploy(make_version(colour_detector()))
    image_id = await site.upload(painted(64, 48, {}))
    body = {"image_ids": [image_id, *(new_id() for _ in range(20))]}  # each unknown takes seconds
    run = (await site.client.post(f"{site.base}/test-runs", json=body)).json()
    await site.client.post(f"{site.base}/test-runs/{run['id']}:cancel")

    async def cancelled() -> bool:
        now = await site.client.get(f"{site.base}/test-runs/{run['id']}")
        return now.json()["state"] == "cancelled"

    await until(cancelled)


async def test_a_run_whose_term_is_over_is_not_tested_again(site):
    """Its job goes first; who looks before the run itself is gone finds it gone."""
    image_id = await site.upload(painted(64, 48, {}))
    await site.deploy(make_version(colour_detector()))
    runs = f"{site.base}/test-runs"
    run = (await site.client.post(runs, json={"image_ids": [image_id]})).json()

    async def ended() -> bool:
        return (await site.client.get(f"{runs}/{run['id']}")).json()["state"] == "succeeded"

    await until(ended)
    queue = JobQueue(site.stores.documents, "inference")
    await queue.drop("default", run["id"])
    assert (await site.client.get(runs)).json()["items"] == []
    assert (await site.client.get(f"{runs}/{run['id']}")).status_code == 404
    assert await queue.find("default", run["id"]) is None
