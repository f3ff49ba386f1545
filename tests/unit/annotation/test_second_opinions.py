"""What a version's look tells of labels: planted errors are found, right labels are left alone."""

import random
import threading
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from services.annotation.domain.coverages import Coverages, Placed
from services.annotation.domain.second_opinions import Opinion, compare
from services.annotation.domain.snapshots import AnnotatedImage
from services.annotation.handlers import second_opinions
from shared.blobs.content import project_folder, put_by_hash
from shared.contracts.model_events import SecondOpinionCompleted
from shared.contracts.opinions import ImageOpinion, Opinions
from shared.contracts.shapes import IgnoreRegion, Rle, Shape, Task
from shared.hosting.stores import Stores
from shared.vision import masks
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory

SIZE = 400
SCORE = 0.9


def image(*shapes: Shape, ignore: tuple[IgnoreRegion, ...] = ()) -> AnnotatedImage:
    return AnnotatedImage(
        image_id="i",
        name="i.png",
        blob_key="",
        sha256="i",
        width=SIZE,
        height=SIZE,
        shapes=shapes,
        ignore_regions=ignore,
        listed=None,
        corrected=False,
        parent_id=None,
        exif_device=None,
    )


def opinion(*shapes: Shape, labels: tuple[str, ...] = ("pit", "dent")) -> Opinion:
    told = Opinions(
        version="V1", labels=labels, images=(ImageOpinion(image_id="i", shapes=shapes),)
    )
    return Opinion.of(told, {}, number=1, made_at=datetime(2026, 11, 28, tzinfo=UTC))


def drawn(name: str, label: str, at: tuple[float, float], side: float = 40, **more: Any) -> Shape:
    (x, y), kind = at, more.pop("kind", "box")
    points: Any = ((x, y), (x + side, y + side))
    if kind == "polygon":
        points = ((x, y), (x + side, y), (x + side, y + side), (x, y + side))
    if kind == "mask":
        bits = np.zeros((SIZE, SIZE), bool)
        bits[int(y) : int(y + side), int(x) : int(x + side)] = True
        code = masks.to_text(masks.from_dense(bits))
        more["rle"], points = Rle(size=(SIZE, SIZE), counts=code), ()
    return Shape(id=name, label=label, kind=kind, points=points, **more)


def said(label: str, at: tuple[float, float], side: float = 40, **more: Any) -> Shape:
    more.setdefault("score", SCORE)
    return drawn(f"said {label} {at} {side}", label, at, side, **more)


def told(
    found: AnnotatedImage, *shapes: Shape, task: Task = "detection", **more: Any
) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.rule, one.shape_ids) for one in compare([found], opinion(*shapes, **more), task)]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("task", "kind", "other"),
    [
        ("detection", "box", "box"),
        ("detection", "rotated_box", "rotated_box"),
        ("instance_segmentation", "polygon", "mask"),
    ],
)
def test_planted_errors_are_found_and_nothing_else(
    seed: int, task: Task, kind: str, other: str
) -> None:
    """Forty objects that the version finds within 2 px, a tenth of them spoilt in each way."""
    rng = random.Random(seed)
    shapes, answers, planted = [], [], set()
    for number in range(40):
        place = 10 + 48.0 * (number % 8), 10 + 70.0 * (number // 8)
        name, label = f"s{number}", rng.choice(["pit", "dent"])
        nudged = (place[0] + rng.randint(-2, 2), place[1] + rng.randint(-2, 2))
        answers.append(said(label, nudged, kind=other))
        match number % 10:
            case 0:
                planted.add(("missing", ()))
            case 1:
                planted.add(("mislabelled", (name,)))
                wrong = "dent" if label == "pit" else "pit"
                shapes.append(drawn(name, wrong, place, kind=kind))
            case 2:
                planted.add(("loose", (name,)))
                shapes.append(drawn(name, label, place, rng.choice([26, 58]), kind=kind))
            case _:
                shapes.append(drawn(name, label, place, kind=kind))
    found = told(image(*shapes), *answers, task=task)
    assert set(found) == planted
    assert len(found) == 12


def test_what_the_version_is_not_sure_of_is_not_told() -> None:
    pit = drawn("a", "pit", (10, 10))
    unsure = (said("dent", (10, 10), score=0.35), said("pit", (200, 200), score=0.35))
    assert told(image(pit), *unsure) == []
    assert told(image(pit), said("dent", (10, 10)), said("pit", (10, 10), score=0.95)) == []


def test_of_two_annotated_objects_in_one_place_neither_is_called_the_other() -> None:
    """A dent in a pit, both drawn and both found, one of them more surely."""
    both = image(drawn("a", "pit", (10, 10)), drawn("b", "dent", (14, 14), 34))
    found = said("pit", (10, 10)), said("dent", (14, 14), 34, score=0.6)
    assert told(both, *found) == []
    one = image(drawn("b", "dent", (14, 14), 34))
    assert told(one, *found) == [("mislabelled", ("b",))]


def test_a_label_that_the_version_never_learnt_is_no_error() -> None:
    new = image(drawn("a", "new", (10, 10)))
    assert told(new, said("pit", (10, 10))) == []
    assert told(new, said("pit", (10, 10)), labels=("pit", "new")) == [("mislabelled", ("a",))]


def test_an_ignore_region_covers_what_nobody_annotated() -> None:
    region = IgnoreRegion(points=((190, 190), (260, 190), (260, 260), (190, 260)))
    found = said("pit", (200, 200))
    assert told(image(), found) == [("missing", ())]
    assert told(image(ignore=(region,)), found) == []
    elsewhere = said("pit", (20, 20))
    assert told(image(ignore=(region,)), elsewhere) == [("missing", ())]


def test_a_place_that_two_labels_are_said_of_is_told_once() -> None:
    assert told(image(), said("pit", (20, 20)), said("dent", (21, 21))) == [("missing", ())]


def test_an_image_that_the_version_did_not_look_at_is_passed_over() -> None:
    unseen = Opinion.of(
        Opinions(version="V1", labels=("pit",)), {}, number=1, made_at=datetime.now(UTC)
    )
    assert list(compare([image(drawn("a", "pit", (10, 10)))], unseen, "detection")) == []


def test_of_whole_images_a_sure_other_label_is_told() -> None:
    good = Shape(id="a", label="pit", kind="image")
    other = Shape(id="b", label="dent", kind="image", score=SCORE)
    (found,) = compare([image(good)], opinion(other), "classification")
    assert (found.rule, found.label, found.other_label) == ("mislabelled", "pit", "dent")
    assert (found.place, found.figure) == (None, SCORE)
    same = other.model_copy(update={"label": "pit"})
    assert told(image(good), same, task="classification") == []
    assert told(image(), other, task="classification") == []


def test_text_that_is_read_otherwise_is_told_and_its_outline_is_not() -> None:
    line = drawn("a", "text", (10, 10), kind="polygon", text="LOT 4711")
    near = said("text", (10, 10), kind="polygon", text="lot4711")
    assert told(image(line), near, task="ocr", labels=("text",)) == []
    other = said("text", (12, 10), kind="polygon", text="LOT 4712")
    (found,) = compare([image(line)], opinion(other, labels=("text",)), "ocr")
    assert (found.rule, found.label, found.other_label) == ("misread", "LOT 4711", "LOT 4712")
    wide = said("text", (10, 10), 56, kind="polygon", text="LOT 4711")
    assert told(image(line), wide, task="ocr", labels=("text",)) == []
    left_out = said("text", (200, 200), kind="polygon", text="B7")
    assert told(image(line), near, left_out, task="ocr") == [("missing", ())]


def test_of_areas_a_part_is_no_loose_outline_and_another_label_is_told() -> None:
    whole = drawn("a", "pit", (10, 10), 80, kind="mask")
    parts = [said("pit", (10, 10), 40, kind="mask"), said("pit", (50, 10), 40, kind="mask")]
    area: Task = "semantic_segmentation"
    assert told(image(whole), *parts, task=area) == []
    wrong = said("dent", (12, 12), 76, kind="mask")
    assert told(image(whole), wrong, task=area) == [("mislabelled", ("a",))]
    far = said("dent", (200, 200), 40, kind="mask")
    assert told(image(whole), *parts, far, task=area) == [("missing", ())]


@pytest.mark.parametrize("seed", range(10))
def test_overlaps_are_those_that_pixels_have(seed: int) -> None:
    rng = random.Random(seed)
    kinds = ["box", "rotated_box", "polygon", "mask"]
    shapes = [
        drawn(str(n), "pit", (rng.randint(0, 60), rng.randint(0, 60)), 30, kind=rng.choice(kinds))
        for n in range(8)
    ]
    dense = np.zeros((8, SIZE, SIZE), bool)
    for number, shape in enumerate(shapes):
        x1, y1, x2, y2 = Placed.of([shape], (SIZE, SIZE)).boxes_xyxy[0].astype(int)
        dense[number, y1:y2, x1:x2] = True
    found = Coverages.of(Placed.of(shapes[:4], (SIZE, SIZE)), Placed.of(shapes[4:], (SIZE, SIZE)))
    for row in range(4):
        for column in range(4):
            one, other = dense[row], dense[4 + column]
            common = (one & other).sum()
            exact = common / (one | other).sum(), common / one.sum(), common / other.sum()
            shares = (share[row, column] for share in (found.iou, found.of_first, found.of_second))
            assert tuple(shares) == pytest.approx(exact, abs=1e-6)


# --- by HTTP -------------------------------------------------------------------------------------


async def look(world: Factory, stores: Stores, *images: ImageOpinion, number: int = 1) -> None:
    """Say what a version found, as inference would, and wait until it is known."""
    opinions = Opinions(version=f"V{number}", labels=("pit", "dent"), images=images)
    data = opinions.model_dump_json().encode()
    key = await put_by_hash(stores.blobs, data, tenant="default", project_id=PROJECT)
    body = SecondOpinionCompleted(
        project_id=PROJECT,
        number=number,
        version=f"V{number}",
        opinions_key=key,
        images=len(images),
    )
    await world.say(body, f"look {number}")

    async def known() -> bool:
        now = (await world.client.get(f"{BASE}/label-check")).json()["opinion"]
        return bool(now and now["number"] >= number)

    await until(known)


async def checked(world: Factory) -> dict[str, Any]:
    answer = await world.client.get(f"{BASE}/label-check")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    found["items"] = [one for one in found["items"] if one["rule"] != "few"]
    return found


async def test_what_is_no_object_stays_dismissed_though_the_next_version_finds_it_a_bit_beside(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image_id, other_id = [await world.image(f"{name}.jpg") for name in "ab"]
        for one in (image_id, other_id):
            await world.put(one, box("pit"), box("dent", at=400))
        assert (await checked(world))["opinion"] is None
        seen = said("dent", (200, 200))
        await look(world, stores, ImageOpinion(image_id=image_id, shapes=(seen,)))
        first = await checked(world)
        (finding,) = first["items"]
        place = f"{BASE}/label-check/dismissals/{finding['id']}"
        assert (await world.client.put(place)).status_code == 204
        shapes = (said("dent", (203, 198)), said("dent", (300, 300)))
        looks = [ImageOpinion(image_id=one, shapes=shapes[:1]) for one in (image_id, other_id)]
        await look(world, stores, *looks, number=2)
        second = await checked(world)
    assert (finding["rule"], finding["label"]) == ("missing", "dent")
    assert (finding["figure"], finding["place"]) == (0.9, [200, 200, 240, 240])
    assert (first["opinion"]["version"], first["opinion"]["seen"], first["images"]) == ("V1", 1, 2)
    assert [one["image_id"] for one in second["items"]] == [other_id]
    assert (second["dismissed"], second["opinion"]["version"]) == (1, "V2")


async def test_while_a_finding_is_looked_for_among_all_others_are_served(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a look of two thousand images that takes a second, which the loop must not take."""
    threads = []
    places_of = Opinion.places_of

    def watched(self: Opinion, finding_id: str) -> Any:
        threads.append(threading.current_thread())
        return places_of(self, finding_id)

    monkeypatch.setattr(Opinion, "places_of", watched)
    async with factory(stores) as world:
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"))
        await look(world, stores, ImageOpinion(image_id=image_id))
        place = f"{BASE}/label-check/dismissals/{'0' * 26}"
        assert (await world.client.put(place)).status_code == 204
    (thread,) = threads
    assert thread is not threading.main_thread()


async def test_a_mended_shape_leaves_the_list_and_a_renamed_label_is_no_other_one(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"))
        seen = said("dent", (10, 10), 20)
        await look(world, stores, ImageOpinion(image_id=image_id, shapes=(seen,)))
        assert [one["rule"] for one in (await checked(world))["items"]] == []  # no label "dent"
        await world.put(image_id, box("pit"), box("dent", at=300))
        assert [one["rule"] for one in (await checked(world))["items"]] == ["mislabelled"]
        await world.put(image_id, box("dent"), box("dent", at=300))
        assert [one["rule"] for one in (await checked(world))["items"]] == []
        labels = (await world.client.get(f"{BASE}/labels")).json()["items"]
        (dent,) = [one for one in labels if one["name"] == "dent"]
        answer = await world.client.patch(
            f"{BASE}/labels/{dent['id']}", json={"name": "hollow"}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.text

        async def followed() -> bool:
            now = (await world.client.get(f"{BASE}/images/{image_id}")).json()
            return {one["label"] for one in now["shapes"]} == {"hollow"}

        await until(followed)
        assert [one["rule"] for one in (await checked(world))["items"]] == []


async def blobs_of(stores: Stores) -> set[str]:
    return {blob.key async for blob in stores.blobs.walk(project_folder("default", PROJECT))}


async def test_of_many_looks_only_what_the_last_one_found_is_kept(stores: Stores) -> None:
    async with factory(stores) as world:
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"), box("dent", at=300))
        before = await blobs_of(stores)
        for number in (1, 3, 2):  # the second one is told of late
            seen = said("pit", (100.0 * number, 200))
            await look(
                world, stores, ImageOpinion(image_id=image_id, shapes=(seen,)), number=number
            )

        async def one_is_left() -> bool:
            return len(await blobs_of(stores) - before) == 1

        await until(one_is_left)
        (finding,) = (await checked(world))["items"]
    assert finding["place"] == [300, 200, 340, 240]


async def test_an_opinion_that_is_replaced_while_it_is_read_is_not_lost(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check reads which blob it is; the next look comes, and the blob goes before it is read."""
    async with factory(stores) as world:
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"), box("dent", at=300))
        first, second = (
            ImageOpinion(image_id=image_id, shapes=(said("pit", (at, 200)),)) for at in (100, 200)
        )
        await look(world, stores, first)
        read = second_opinions.read_content
        left = [second]

        async def late(blobs: Any, key: str) -> bytes:
            if left:
                await look(world, stores, left.pop(), number=2)
            return await read(blobs, key)

        monkeypatch.setattr(second_opinions, "read_content", late)
        found = await checked(world)
    assert (found["opinion"]["number"], found["opinion"]["seen"]) == (2, 1)


async def test_an_opinion_whose_findings_are_lost_has_seen_nothing(stores: Stores) -> None:
    async with factory(stores) as world:
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"))
        body = SecondOpinionCompleted.example | {"project_id": PROJECT}
        await world.say(SecondOpinionCompleted.model_validate(body), "look")

        async def known() -> dict[str, Any] | None:
            found = (await checked(world))["opinion"]
            return dict(found) if found else None

        assert (await until(known))["seen"] == 0
