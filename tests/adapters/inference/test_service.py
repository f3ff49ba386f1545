"""The inference service over embedded stores and the real Triton, from promotion to prediction."""

import asyncio
import dataclasses
import os
import signal
from datetime import timedelta

import pytest

from services.inference.app import build
from services.inference.repository import ALIASES, DEPLOYMENTS
from shared.clock import utc_now
from shared.contracts.annotation_events import CorrectionSaved
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import Grid, ProjectDeleted
from shared.documents.port import Query, TenantScope
from shared.ids import new_id
from shared.vision.tiles import TilePlan
from tests.adapters.inference.models import (
    colour_detector,
    make_version,
    noise_detector,
    painted,
    png,
)
from tests.adapters.inference.site import Site, triton_of
from tests.running import running, until


async def test_promoted_version_is_deployed_and_finds_what_is_there(site):
    image_id = await site.upload(painted(64, 48, {(24, 16): "red", (48, 32): "green"}))
    deployed = await site.deploy(make_version(colour_detector()))
    assert deployed["current"]
    answer = await site.predict(image_id=image_id)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert found["version"] == "V1"
    assert found["threshold"] == 0.3
    boxes = {shape["label"]: shape["points"] for shape in found["shapes"]}
    assert boxes == {"red": [[24, 16], [32, 24]], "green": [[48, 32], [56, 40]]}
    assert all(shape["kind"] == "box" and shape["score"] > 0.9 for shape in found["shapes"])
    again = await site.client.get(answer.headers["location"])
    assert again.json() == found


async def test_without_a_deployment_the_answer_is_a_problem_that_says_why(site):
    image_id = await site.upload(painted(64, 48, {}))
    answer = await site.predict(image_id=image_id)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:loupe:problem:no-deployment"
    assert "train a version first" in answer.json()["detail"]
    version = make_version(colour_detector())
    await site.deploy(version)
    unknown = await site.predict(image_id=image_id, version="V9")
    assert unknown.status_code == 409
    assert "V9" in unknown.json()["detail"]


async def test_tested_image_is_announced_once_whatever_is_repeated(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    consumer = await site.stores.events.consumer("listener", ["prediction"])
    key = {"Idempotency-Key": "one"}
    body = {"image_id": image_id}
    answers = await asyncio.gather(
        *(site.client.post(f"{site.base}/predictions", json=body, headers=key) for _ in range(50))
    )
    assert [answer.status_code for answer in answers] == [201] * 50
    assert {answer.text for answer in answers} == {answers[0].text}
    other = await site.client.post(
        f"{site.base}/predictions", json=body | {"threshold": 0.9}, headers=key
    )
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    told = await consumer.poll(limit=10, timeout_s=60)
    told += await consumer.poll(limit=10, timeout_s=1)
    assert len(told) == 1
    assert b'"labels":["red"]' in told[0].value
    await consumer.close()


async def test_what_is_proposed_to_a_person_is_a_prediction_that_nobody_is_told_of(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    consumer = await site.stores.events.consumer("listener", ["prediction"])
    body = {"image_id": image_id, "version": "V1", "proposal": True}
    key = {"Idempotency-Key": "one"}
    asked = [
        await site.client.post(f"{site.base}/predictions", json=body, headers=key) for _ in range(2)
    ]
    assert [answer.status_code for answer in asked] == [201, 201]
    assert asked[0].json() == asked[1].json()
    assert [shape["label"] for shape in asked[0].json()["shapes"]] == ["red"]
    test, reuse = body | {"proposal": False}, "urn:loupe:problem:idempotency-key-reused"
    reused = await site.client.post(f"{site.base}/predictions", json=test, headers=key)
    assert (reused.status_code, reused.json()["type"]) == (422, reuse)
    tested = await site.client.post(f"{site.base}/predictions", json=test)  # there is news of this
    assert tested.json()["id"] != asked[0].json()["id"]
    assert (tested.json()["proposal"], asked[0].json()["proposal"]) == (False, True)
    told = await consumer.poll(limit=10, timeout_s=60)
    told += await consumer.poll(limit=10, timeout_s=1)
    assert len(told) == 1
    assert tested.json()["id"].encode() in told[0].value
    await consumer.close()


async def test_version_that_fails_the_golden_check_never_gets_the_alias(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    lying = make_version(noise_detector(1), name="V2")
    other = make_version(noise_detector(2)).golden
    failed = await site.deploy(dataclasses.replace(lying, golden=other), number=2, state="failed")
    assert "golden" in failed["reason"]
    assert not failed["current"]
    assert (await site.predict(image_id=image_id)).json()["version"] == "V1"


@pytest.mark.parametrize("damage", ["model", "manifest"])
async def test_damaged_artefacts_fail_the_deployment_with_a_reason(site, damage):
    good = make_version(colour_detector())
    if damage == "model":
        manifest = dataclasses.replace(good.manifest, model_sha256="0" * 64)
    else:
        manifest = dataclasses.replace(good.manifest, labels=("a", "b", "c"))
    failed = await site.deploy(dataclasses.replace(good, manifest=manifest), state="failed")
    assert failed["reason"]


async def test_second_version_takes_over_and_the_first_stays_for_comparison(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    await site.deploy(make_version(noise_detector(1), name="V2"), number=2)
    assert (await site.predict(image_id=image_id)).json()["version"] == "V2"
    first = await site.predict(image_id=image_id, version="V1")
    assert first.json()["version"] == "V1"
    await site.deploy(make_version(noise_detector(2), name="V3"), number=3)

    async def first_is_retired() -> bool:
        listed = await site.client.get(f"{site.base}/deployments")
        states = {item["version"]: item["state"] for item in listed.json()["items"]}
        return states == {"V3": "serving", "V2": "serving", "V1": "retired"}

    await until(first_is_retired)

    async def first_answers_again() -> str | None:
        answer = await site.predict(image_id=image_id, version="V1")
        return answer.json()["version"] if answer.status_code == 201 else None

    assert await until(first_answers_again) == "V1"  # asked for by name, beside those that serve
    assert (await site.predict(image_id=image_id)).json()["version"] == "V3"


async def test_clock_that_was_ahead_keeps_no_version_from_serving(site):
    await site.deploy(make_version(colour_detector()))
    tomorrow = utc_now() + timedelta(days=1)
    for spec in (ALIASES, DEPLOYMENTS):
        documents = site.stores.documents.collection(spec, TenantScope("default"))
        (stored,) = await documents.query(Query())
        await documents.change(
            stored.id, lambda known: known.model_copy(update={"promoted_at": tomorrow})
        )
    await site.deploy(make_version(noise_detector(1), name="V2"), number=2)
    image_id = await site.upload(painted(64, 48, {}))
    assert (await site.predict(image_id=image_id)).json()["version"] == "V2"


async def test_promoting_an_old_version_again_rolls_back(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    first, second = make_version(colour_detector()), make_version(noise_detector(1), name="V2")
    await site.deploy(first)
    await site.deploy(second, number=2)
    await site.promote(first)

    async def answered_by_first() -> bool:
        return (await site.predict(image_id=image_id)).json()["version"] == "V1"

    await until(answered_by_first)


async def test_file_is_tested_without_entering_the_gallery(site):
    await site.deploy(make_version(colour_detector()))
    files = {"file": ("kept nowhere.png", png(painted(64, 48, {(16, 8): "green"})), "image/png")}
    answer = await site.client.post(
        f"{site.base}/predictions", files=files, data={"threshold": "0.5"}
    )
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert (found["image_id"], found["name"]) == (None, "kept nowhere.png")
    assert [shape["points"] for shape in found["shapes"]] == [[[16, 8], [24, 16]]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a" + bytes(40), "not a JPEG, PNG or BMP"),
        (png(painted(64, 48, {}))[:120], "early|ends|truncated|damaged"),
        (png(painted(20, 48, {})), "30"),
        (b"", "the file is empty"),
    ],
    ids=["gif", "cut", "small", "empty"],
)
async def test_what_is_no_image_is_refused_with_a_reason(site, content, words):
    await site.deploy(make_version(colour_detector()))
    files = {"file": ("x.png", content, "image/png")}
    answer = await site.client.post(f"{site.base}/predictions", files=files)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:loupe:problem:not-an-image"
    detail = answer.json()["detail"]
    assert any(word in detail for word in words.split("|")), detail


@pytest.mark.parametrize(
    ("request_parts", "status"),
    [
        ({"json": {"image_id": "x", "threshold": 2}}, 422),
        ({"json": {"image_id": "x", "tenant": "other"}}, 422),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": {"threshold": "0.5"}, "files": {"other": b"x"}}, 422),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"json": {"image_id": "01JD0000000000000000000000"}}, 404),
    ],
    ids=["threshold", "extra field", "no JSON", "plain text", "no file", "no boundary", "unknown"],
)
async def test_wrong_requests_are_problems(site, request_parts, status):
    answer = await site.client.post(f"{site.base}/predictions", **request_parts)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_large_image_is_cut_by_the_models_plan_and_merged(site):
    plan = TilePlan(tile_size=(64, 48), overlap_px=16)
    await site.deploy(make_version(colour_detector(), tile_plan=plan))
    corners = {(0, 0): "red", (96, 64): "green", (144, 96): "red"}
    image_id = await site.upload(painted(160, 112, corners))
    found = (await site.predict(image_id=image_id)).json()
    boxes = sorted(tuple(shape["points"][0]) for shape in found["shapes"])
    assert boxes == [(0, 0), (96, 64), (144, 96)]
    assert (found["width"], found["height"]) == (160, 112)


async def test_tiled_project_tests_its_tiles_and_cuts_whole_images_alike(site):
    site.project = new_id()
    await site.create_project(Grid(rows=1, columns=2))
    plan = TilePlan(grid=(1, 2))
    await site.deploy(make_version(colour_detector(), input_plan=plan))
    tile = painted(64, 48, {(24, 16): "red"})
    facts = {"parent_id": new_id(), "row": 0, "column": 0}
    same = await site.upload(tile, plan_hash=plan.hash, **facts)
    other = await site.upload(tile, plan_hash=TilePlan(grid=(2, 2)).hash, **facts)
    found = (await site.predict(image_id=same)).json()
    assert [shape["points"] for shape in found["shapes"]] == [[[24, 16], [32, 24]]]
    refused = await site.predict(image_id=other)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:loupe:problem:tile-plan-mismatch"
    whole = await site.upload(painted(128, 48, {(24, 16): "red", (96, 8): "green"}))
    found = (await site.predict(image_id=whole)).json()
    assert sorted(shape["points"][0] for shape in found["shapes"]) == [[24, 16], [96, 8]]


@pytest.mark.parametrize(("named", "status"), [("same", 201), ("other", 409), (None, 409)])
async def test_file_says_which_plan_cut_it_and_another_plan_is_refused(site, named, status):
    plan = TilePlan(grid=(2, 2))
    await site.deploy(make_version(colour_detector(), input_plan=plan))
    hashes = {"same": plan.hash, "other": TilePlan(grid=(2, 2), overlap_px=8).hash}
    files = {"file": ("tile.png", png(painted(56, 48, {(16, 8): "red"})), "image/png")}
    data = {"tile_plan_hash": hashes[named]} if named else {}
    answer = await site.client.post(f"{site.base}/predictions", files=files, data=data)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert answer.json()["type"] == "urn:loupe:problem:tile-plan-mismatch"


async def test_model_that_triton_has_under_another_plan_is_not_deployed(site):
    version = make_version(colour_detector(), input_plan=TilePlan(grid=(2, 2)))
    await site.deploy(version)
    other = dataclasses.replace(version.manifest, input_plan=TilePlan(grid=(3, 3)))
    await site.promote(dataclasses.replace(version, manifest=other))

    async def failed() -> dict | None:
        found = (await site.client.get(f"{site.base}/deployments/V1")).json()
        return found if found["state"] == "failed" else None

    assert "another tile plan" in (await until(failed))["reason"]


async def test_correction_removal_and_foreign_eyes(site):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    made = (await site.predict(image_id=image_id)).json()
    where = f"{site.base}/predictions/{made['id']}"
    foreign = await site.client.get(where, headers=site.headers("other"))
    assert foreign.status_code == 404
    await site.say(
        CorrectionSaved(
            project_id=site.project, image_id=image_id, prediction_id=made["id"], author="a"
        )
    )

    async def corrected() -> bool:
        return (await site.client.get(where)).json()["corrected"]

    await until(corrected)
    await site.say(ImageDeleted(project_id=site.project, image_id=image_id), subject=image_id)

    async def gone() -> bool:
        return (await site.predict(image_id=image_id)).status_code == 404

    await until(gone)
    viewer = await site.client.post(
        f"{site.base}/predictions",
        json={"image_id": image_id},
        headers=site.headers("default", "viewer"),
    )
    assert viewer.status_code == 403


async def test_removed_project_leaves_the_model_server(site):
    image_id = await site.upload(painted(64, 48, {}))
    await site.deploy(make_version(colour_detector()))
    await site.say(ProjectDeleted(project_id=site.project))

    async def gone() -> bool:
        return (await site.predict(image_id=image_id)).status_code == 404

    await until(gone)


async def test_restarted_service_serves_what_was_deployed_before(stores, tmp_path):
    async with running(stores, [build(stores)]) as platform:
        site = Site(platform)
        await site.create_project()
        image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
        await site.deploy(make_version(colour_detector()))
    async with running(stores, [build(stores)]) as platform:
        site.client = platform.client
        answer = await site.predict(image_id=image_id)
        assert answer.status_code == 201, answer.text
        assert len(answer.json()["shapes"]) == 1


async def test_killed_triton_heals_while_clients_wait(site, tmp_path):
    image_id = await site.upload(painted(64, 48, {(8, 8): "red"}))
    await site.deploy(make_version(colour_detector()))
    expected = (await site.predict(image_id=image_id)).json()["shapes"]
    for _ in range(2):
        os.kill(await triton_of(os.getpid()), signal.SIGKILL)
        answers = await asyncio.gather(*(site.predict(image_id=image_id) for _ in range(4)))
        for answer in answers:
            assert answer.status_code == 201, answer.text
            assert [s["score"] for s in answer.json()["shapes"]] == [s["score"] for s in expected]
