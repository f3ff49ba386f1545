"""Annotations by their HTTP face: saving, versions, history, corrections."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.image_events import ImageDeleted
from shared.contracts.model_events import ModelDeployed
from shared.contracts.project_events import ProjectDeleted
from shared.hosting.stores import Stores
from shared.ids import new_id
from tests.running import credentials, until
from tests.unit.annotation.platform import BASE, PROJECT, box, factory


async def test_an_image_without_annotation_has_version_zero(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        answer = await world.client.get(f"{BASE}/images/{image}")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"0"'
    assert answer.json()["annotated"] is False
    assert answer.json()["image_name"] == "a.jpg"


async def test_what_is_saved_is_read_and_told(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        saved = await world.put(image, box(), box("stain", at=100))
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
        await until(lambda: world.heard)
        event = world.heard[0]
        labels = (await world.client.get(f"{BASE}/labels")).json()
    assert saved.status_code == 200
    assert saved.headers["ETag"] == '"1"'
    assert [s["label"] for s in read["shapes"]] == ["scratch", "stain"]
    assert read["shapes"][0]["points"] == [[10, 10], [30, 30]]
    assert len({s["id"] for s in read["shapes"]}) == 2
    assert event.type == "annotation.saved"
    assert event.data.labels == ("scratch", "stain")
    assert event.data.target_areas == (400.0, 400.0)
    assert event.data.image_area == 640 * 480
    assert sorted(item["name"] for item in labels["items"]) == ["scratch", "stain"]
    assert labels["shape_kinds"] == ["box", "rotated_box"]


async def test_saving_the_same_again_changes_and_says_nothing(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        first = await world.put(image, box())
        again = await world.put(image, box())
        other = await world.image("b.jpg")
        await world.put(other, box())
        await until(lambda: len(world.heard) == 2)
    assert first.headers["ETag"] == again.headers["ETag"] == '"1"'
    assert [event.data.image_id for event in world.heard] == [image, other]


async def test_no_shape_at_all_is_a_negative(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        saved = await world.put(image)
        summary = (await world.client.get(f"{BASE}/summary")).json()
    assert saved.json()["annotated"] is True
    assert summary == {"images": 1, "annotated": 1, "corrected": 0, "negatives": 1, "shapes": {}}


async def test_clearing_makes_an_image_unannotated_again(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box())
        cleared = await world.client.delete(f"{BASE}/images/{image}")
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
        await until(lambda: len(world.heard) == 2)
    assert cleared.status_code == 204
    assert (read["annotated"], read["shapes"]) == (False, [])
    assert world.heard[1].data.annotated is False


async def test_a_lost_update_is_told(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        first = await world.put(image, box(), headers={"If-Match": '"0"'})
        stale = await world.put(image, box("stain"), headers={"If-Match": '"0"'})
        right = await world.put(image, box("stain"), headers={"If-Match": '"1"'})
    assert (first.status_code, stale.status_code, right.status_code) == (200, 412, 200)


async def test_of_many_writers_at_once_one_wins_a_version(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.client.get(f"{BASE}/images/{image}")
        answers = await asyncio.gather(
            *(world.put(image, box(at=n), headers={"If-Match": '"0"'}) for n in range(8))
        )
        history = (await world.client.get(f"{BASE}/images/{image}/history")).json()
    assert sorted(a.status_code for a in answers) == [200] + [412] * 7
    assert history["total"] == 1
    winner = next(a for a in answers if a.status_code == 200)
    assert history["items"][0]["after"] == winner.json()["shapes"]


@pytest.mark.parametrize(
    ("task", "shape", "says"),
    [
        ("detection", box(at=700), "outside"),
        ("detection", {**box(), "points": [[5, 5], [5, 9]]}, "no area"),
        ("detection", {**box(), "points": [[5, 5], [5, "x"]]}, "valid number"),
        ("detection", {**box(), "points": [[5, 5]]}, "2 to 2 points"),
        ("detection", {**box(), "label": ""}, "at least 1 character"),
        ("detection", {**box(), "kind": "polygon", "points": [[1, 1], [9, 1], [5, 9]]}, "no shape"),
        ("instance_segmentation", box(), "no shape of a instance_segmentation project"),
        (
            "instance_segmentation",
            {"label": "a", "kind": "mask", "rle": {"size": [1, 1], "counts": "01"}},
            "not of the image's size",
        ),
        ("classification", {"label": "a", "kind": "polygon", "points": []}, "points"),
    ],
)
async def test_a_wrong_shape_is_refused_by_its_place(
    stores: Stores, task: str, shape: dict[str, Any], says: str
) -> None:
    async with factory(stores, task=task) as world:
        image = await world.image("a.jpg")
        answer = await world.put(image, shape)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["errors"][0]["field"].startswith("shapes.0")
    assert says in " ".join(error["message"] for error in problem["errors"])


async def test_history_shows_before_and_after_newest_first(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box())
        await world.put(image, box("stain"))
        history = (await world.client.get(f"{BASE}/images/{image}/history")).json()
    assert [step["seq"] for step in history["items"]] == [2, 1]
    newest = history["items"][0]
    assert newest["before"][0]["label"] == "scratch"
    assert newest["after"][0]["label"] == "stain"
    assert (newest["author"], newest["role"], newest["reason"]) == ("test-key", "admin", "saved")


async def test_a_correction_is_an_annotation_and_is_told_as_both(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        for prediction_id in ("p1", "p2"):
            await world.prediction(image, prediction_id)
        body = {"prediction_id": "p1", "shapes": [{**box(), "score": 0.4}]}
        first = await world.client.post(f"{BASE}/images/{image}/corrections", json=body)
        again = await world.client.post(f"{BASE}/images/{image}/corrections", json=body)
        later = await world.client.post(
            f"{BASE}/images/{image}/corrections", json={**body, "prediction_id": "p2"}
        )
        await until(lambda: len(world.heard) == 4)
    assert first.status_code == 201
    assert first.json()["corrected"] is True
    assert first.json()["shapes"][0]["score"] is None  # a saved shape is a fact
    assert (again.json()["version"], later.json()["version"]) == (1, 2)
    assert world.types() == ["annotation.saved", "correction.saved"] * 2
    assert [e.data.prediction_id for e in world.heard[1::2]] == ["p1", "p2"]


def accepted(version: str = "V1", **more: Any) -> dict[str, Any]:
    return {**box(), "id": "s1", "score": 0.87, "proposed_by": version, **more}


async def test_an_accepted_proposal_keeps_its_version_and_score(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.say(ModelDeployed(project_id=PROJECT, version="V1"), PROJECT)
        saved = await world.put(image, accepted(), box("stain", at=90))
        again = await world.put(image, accepted(), box("stain", at=90) | {"score": 0.4})
        read = (await world.client.get(f"{BASE}/images/{image}")).json()["shapes"]
        (step,) = (await world.client.get(f"{BASE}/images/{image}/history")).json()["items"]
    assert saved.status_code == 200, saved.text
    assert again.json()["version"] == 1  # the same once more
    assert [(s.get("proposed_by"), s["score"]) for s in read] == [("V1", 0.87), (None, None)]
    assert "proposed_by" not in read[1]  # who knows shapes without it reads them as before
    assert (step["after"], step["author"]) == (read, "test-key")


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        (accepted("V2"), "shapes.0.proposed_by"),  # of another project
        (accepted("V9"), "shapes.0.proposed_by"),  # of none
        (accepted(score=None), "shapes.0.score"),
        (accepted(""), "shapes.0.proposed_by"),
    ],
)
async def test_who_proposed_cannot_be_made_up(
    stores: Stores, shape: dict[str, Any], field: str
) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.say(ModelDeployed(project_id=PROJECT, version="V1"), PROJECT)
        await world.say(ModelDeployed(project_id=new_id(), version="V2"), "other")
        answer = await world.put(image, shape)
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert read["version"] == 0


async def test_once_corrected_always_corrected(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        body = {"prediction_id": await world.prediction(image, "p1"), "shapes": [box()]}
        await world.client.post(f"{BASE}/images/{image}/corrections", json=body)
        saved = await world.put(image, box("stain"), split="test")
    assert saved.json()["corrected"] is True


@pytest.mark.parametrize("named", ["never", "others"])
async def test_a_correction_of_no_prediction_of_the_image_is_refused(
    stores: Stores, named: str
) -> None:
    async with factory(stores) as world:
        image, other = [await world.image(f"{n}.jpg") for n in "ab"]
        await world.prediction(other, "others")
        answer = await world.client.post(
            f"{BASE}/images/{image}/corrections",
            json={"prediction_id": named, "shapes": [box()]},
        )
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "prediction_id"
    assert (read["version"], read["corrected"]) == (0, False)


async def test_two_shapes_of_one_id_are_refused(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        answer = await world.put(image, {**box(), "id": "s1"}, {**box(at=90), "id": "s1"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "shapes.1.id"
    assert "shapes.0" in error["message"]


async def test_an_image_that_is_on_its_way_is_no_404_and_is_saved_when_it_is_heard_of(
    stores: Stores, all_is_heard: Callable[[], None]
) -> None:
    """Under load an announcement takes longer than anybody is kept waiting."""
    all_is_heard()
    async with factory(stores) as world:
        await world.project()
        image = new_id()
        early = [await world.put(image, box()), await world.client.get(f"{BASE}/images/{image}")]
        correction = {"prediction_id": new_id(), "shapes": []}
        place = f"{BASE}/images/{image}/corrections"
        early.append(await world.client.post(place, json=correction))
        await world.image("a.jpg", image_id=image)
        on_its_way = await world.client.post(place, json=correction)
        saved = await world.put(image, box())
    for answer in (*early, on_its_way):
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2"), answer.text
        assert answer.json()["type"] == "urn:loupe:problem:not-heard-yet"
    assert saved.status_code == 200


async def test_strangers_and_viewers_are_kept_out(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box())
        place = f"{BASE}/images/{image}"
        foreign = await world.client.get(place, headers=credentials("other"))
        missing = await world.client.get(f"{BASE}/images/nowhere")
        viewer = credentials("default", "viewer")
        seen = await world.client.get(place, headers=viewer)
        written = await world.client.put(place, json={"shapes": []}, headers=viewer)
        nobody = await world.client.get(place, headers={"Authorization": ""})
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert (seen.status_code, written.status_code, nobody.status_code) == (200, 403, 401)


async def test_a_deleted_image_takes_its_annotation_along(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box())
        await world.say(ImageDeleted(project_id=PROJECT, image_id=image), image, 2)

        async def gone() -> bool:
            return (await world.client.get(f"{BASE}/images/{image}")).status_code == 404

        await until(gone)
        summary = (await world.client.get(f"{BASE}/summary")).json()
    assert (summary["images"], summary["annotated"]) == (0, 0)


async def test_a_deleted_project_answers_as_if_it_never_was(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box())
        await world.say(ProjectDeleted(project_id=PROJECT), PROJECT, 2)

        async def gone() -> bool:
            return (await world.client.get(f"{BASE}/images/{image}")).status_code == 404

        await until(gone)


async def test_an_image_of_a_classification_without_a_label_is_neither_saved_nor_corrected(
    stores: Stores,
) -> None:
    region = {"points": [[10, 10], [90, 10], [90, 90]]}
    async with factory(stores, task="classification") as world:
        image = await world.image("a.jpg")
        prediction = await world.prediction(image, "p1")
        bare = await world.put(image)
        ignored = await world.put(image, ignore_regions=[region])
        corrected = await world.client.post(
            f"{BASE}/images/{image}/corrections",
            json={"prediction_id": prediction, "shapes": []},
            headers={"Accept-Language": "zh-CN"},
        )
        read = (await world.client.get(f"{BASE}/images/{image}")).json()
        label = {"label": "good", "kind": "image"}
        labelled = await world.put(image, label, ignore_regions=[region])
    refused = (bare, ignored, corrected)
    assert [answer.status_code for answer in refused] == [422, 422, 422]
    assert [answer.json()["errors"][0]["field"] for answer in refused] == ["shapes"] * 3
    assert "needs its label" in bare.json()["detail"]
    assert "需要一个标签" in corrected.json()["detail"]
    assert (read["annotated"], read["corrected"], read["version"]) == (False, False, 0)
    assert labelled.json()["ignore_regions"] == [region]
