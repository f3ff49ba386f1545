"""Annotations by their HTTP face: saving, versions, history, corrections, labels."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from services.annotation.api.annotations import router
from services.annotation.api.schemas import AnnotationWrite, CorrectionWrite
from services.annotation.domain.formats.limits import MAX_SHAPES
from shared.contracts.image_events import ImageDeleted
from shared.contracts.project_events import ProjectDeleted
from shared.contracts.shapes import Shape
from shared.hosting.stores import Stores
from shared.http.bodies import AtMost
from tests.running import credentials, until
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory


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


# --- labels --------------------------------------------------------------------------------------


async def names(world: Factory) -> list[str]:
    return [i["name"] for i in (await world.client.get(f"{BASE}/labels")).json()["items"]]


async def test_labels_typed_at_creation_are_there(stores: Stores) -> None:
    async with factory(stores, labels=("scratch", "stain")) as world:
        assert sorted(await names(world)) == ["scratch", "stain"]


async def test_a_label_is_made_once_and_its_name_is_unique(stores: Stores) -> None:
    async with factory(stores) as world:
        key = {"Idempotency-Key": "k"}
        place = f"{BASE}/labels"
        made = [await world.client.post(place, json={"name": "pit"}, headers=key) for _ in range(2)]
        taken = await world.client.post(place, json={"name": "pit"})
        blank = await world.client.post(place, json={"name": "\u202e"})
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert taken.status_code == 409
    assert blank.status_code == 422


async def label_id(world: Factory, name: str) -> str:
    items = (await world.client.get(f"{BASE}/labels")).json()["items"]
    return str(next(item["id"] for item in items if item["name"] == name))


async def test_annotations_follow_a_renamed_label(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("scrach"), box("pit", at=90))
        place = f"{BASE}/labels/{await label_id(world, 'scrach')}"
        renamed = await world.client.patch(place, json={"name": "scratch"})
        taken = await world.client.patch(place, json={"name": "pit"})

        async def followed() -> bool:
            read = (await world.client.get(f"{BASE}/images/{image}")).json()
            return {s["label"] for s in read["shapes"]} == {"scratch", "pit"}

        await until(followed)
        await until(lambda: world.types().count("annotation.saved") == 2)
    assert renamed.status_code == 200
    assert taken.status_code == 409
    assert world.heard[-1].data.labels == ("scratch", "pit")


async def test_deleting_a_label_deletes_all_its_annotations(stores: Stores) -> None:
    async with factory(stores) as world:
        both, only, never = [await world.image(f"{n}.jpg") for n in "abc"]
        await world.put(both, box("stain"), box("pit", at=90))
        await world.put(only, box("stain"))
        await world.put(never)
        place = f"{BASE}/labels/{await label_id(world, 'stain')}"
        deleted = await world.client.delete(place)

        async def followed() -> bool:
            summary = (await world.client.get(f"{BASE}/summary")).json()
            return bool(summary["shapes"] == {"pit": 1})

        await until(followed)
        states = {
            image: (await world.client.get(f"{BASE}/images/{image}")).json()["annotated"]
            for image in (both, only, never)
        }
        left = await names(world)
    assert deleted.status_code == 204
    # An image that showed nothing but the label is unannotated, not a negative.
    assert states == {both: True, only: False, never: True}
    assert left == ["pit"]


# --- others --------------------------------------------------------------------------------------


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


async def test_equal_labels_of_one_key_at_once_are_one_label(stores: Stores) -> None:
    async with factory(stores) as world:
        key, place = {"Idempotency-Key": "storm"}, f"{BASE}/labels"
        answers = await asyncio.gather(
            *(world.client.post(place, json={"name": "pit"}, headers=key) for _ in range(20))
        )
        assert await names(world) == ["pit"]
    assert [answer.status_code for answer in answers] == [201] * 20
    assert {answer.text for answer in answers} == {answers[0].text}


async def test_the_key_of_a_label_makes_no_other_and_no_second_one(stores: Stores) -> None:
    async with factory(stores) as world:
        key, place = {"Idempotency-Key": "k"}, f"{BASE}/labels"
        made = await world.client.post(place, json={"name": "pit"}, headers=key)
        other = await world.client.post(place, json={"name": "dent"}, headers=key)
        assert await names(world) == ["pit"]
        await world.client.delete(f"{place}/{made.json()['id']}")
        again = await world.client.post(place, json={"name": "pit"}, headers=key)
        assert await names(world) == []
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert again.status_code == 409
    assert again.json()["type"] == "urn:loupe:problem:idempotency-key-spent"


def test_the_largest_annotation_of_whole_shapes_is_within_its_bound() -> None:
    names = ("save_annotation", "correct_annotation")
    routes = [r for r in router.routes if isinstance(r, APIRoute) and r.name in names]
    bounds = [d.call for r in routes for d in r.dependant.dependencies if type(d.call) is AtMost]
    whole = {**box("x" * 20), "angle": 12.5, "text": "y" * 40, "score": 0.5, "rle": None, "id": "i"}
    body = json.dumps({"shapes": [whole] * MAX_SHAPES, "ignore_regions": []})
    assert len(bounds) == len(names)
    for bound in bounds:
        assert len(body) <= bound.size_bytes
        assert sum(map(body.count, "[{:")) <= bound.marks


# --- errors of a body are few, and few steps find them --------------------------------------------

WRONG = {"shapes": [{"points": [[1e10, 1e10]] * 9, "more": 1}] * 2, "ignore_regions": [{}] * 3}
BAD_BODIES = {
    "points": {"shapes": [{**box("dent"), "points": [["x", "y"]] * 90_000}]},
    "shapes": {"shapes": [{}] * 20_000},
    "regions": {"shapes": [], "ignore_regions": [{}] * 1000},
    "points of regions": {"shapes": [], "ignore_regions": [{"points": [[None, 0]] * 90_000}]},
    "fields": {"shapes": [], **{f"f{n}": n for n in range(90_000)}},
    "fields of a shape": {"shapes": [{f"f{n}": n for n in range(90_000)}] * 2},
    "fields of a region": {"shapes": [], "ignore_regions": [{str(n): n for n in range(90_000)}]},
    "fields of a mask": {"shapes": [{"rle": {str(n): n for n in range(90_000)}}]},
    "sizes of a mask": {"shapes": [{"rle": {"size": ["x"] * 90_000}}]},
    "all": {**WRONG, "split": "no", "more": 1},
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("model", [AnnotationWrite, CorrectionWrite])
def test_the_largest_wrong_body_has_a_handful_of_errors(model: type[BaseModel], body: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    assert refused.value.error_count() <= 12


@pytest.mark.parametrize("field", ["shapes", "ignore_regions"])
def test_nothing_is_looked_at_behind_the_first_wrong_one(field: str) -> None:
    seen: list[int] = []

    def counted(item: Any) -> Iterator[Any]:
        for number in range(10_000):
            seen.append(number)
            yield item

    whole = {"shapes": [], "ignore_regions": []}
    with pytest.raises(ValidationError):
        AnnotationWrite.model_validate({**whole, field: counted({})})
    assert len(seen) <= 2  # pydantic asks for one more before it ends
    seen.clear()
    with pytest.raises(ValidationError):
        Shape.model_validate({**box("dent"), "points": counted(["x", 0])})
    assert len(seen) <= 2
