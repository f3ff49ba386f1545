"""What is probably wrong with labels: each rule against an oracle that counts pixels one by one."""

import asyncio
import random
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from services.annotation.domain.label_checks import (
    CONTRADICTING_IOU,
    FEW,
    INSIDE_SHARE,
    RULES,
    TINY_PX,
    TWICE_IOU,
    check,
)
from services.annotation.domain.snapshots import AnnotatedImage
from services.annotation.handlers.label_checks import AT_ONCE, LabelChecks
from services.annotation.repository import DISMISSALS
from shared.contracts.shapes import Rle, Shape
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectView
from shared.vision import masks
from tests.running import until
from tests.unit.annotation.platform import BASE, Factory, box, factory

WIDTH, HEIGHT = 64, 48
MARGIN = 70  # of the oracle's canvas around the image


def image(*shapes: Shape, image_id: str = "i") -> AnnotatedImage:
    facts: dict[str, Any] = {"blob_key": "", "sha256": image_id, "listed": None}
    return AnnotatedImage(
        image_id=image_id,
        name=f"{image_id}.png",
        width=WIDTH,
        height=HEIGHT,
        shapes=shapes,
        ignore_regions=(),
        corrected=False,
        parent_id=None,
        exif_device=None,
        **facts,
    )


def drawn(name: str, label: str, x1: int, y1: int, x2: int, y2: int) -> Shape:
    return Shape(id=name, label=label, kind="box", points=((x1, y1), (x2, y2)))


def pixels(shape: Shape) -> np.ndarray[Any, Any]:
    canvas = np.zeros((HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN), bool)
    (x1, y1), (x2, y2) = ((int(x) + MARGIN, int(y) + MARGIN) for x, y in shape.points)
    canvas[y1:y2, x1:x2] = True
    return canvas


def oracle(shapes: tuple[Shape, ...]) -> set[tuple[str, frozenset[str]]]:
    """The rules as the guide tells them, on pixels."""
    found = set()
    for shape in shapes:
        filled = pixels(shape)
        inside = filled[MARGIN : MARGIN + HEIGHT, MARGIN : MARGIN + WIDTH].sum() / filled.sum()
        rows, columns = filled.any(axis=1).sum(), filled.any(axis=0).sum()
        if inside < INSIDE_SHARE:
            found.add(("outside", frozenset([shape.id])))
        elif max(rows, columns) < TINY_PX:
            found.add(("tiny", frozenset([shape.id])))
    first: dict[tuple[str, str], str] = {}
    for one, other in combinations(shapes, 2):
        a, b = pixels(one), pixels(other)
        iou = (a & b).sum() / (a | b).sum()
        if one.label == other.label and iou >= TWICE_IOU:
            first.setdefault(("twice", other.id), one.id)
        elif one.label != other.label and iou >= CONTRADICTING_IOU:
            first.setdefault(("contradicting", other.id), one.id)
    return found | {(rule, frozenset([one, other])) for (rule, other), one in first.items()}


@pytest.mark.parametrize("seed", range(20))
def test_boxes_are_found_as_pixels_say(seed: int) -> None:
    rng = random.Random(seed)
    shapes: list[Shape] = []
    for number in range(30):
        x, y = rng.randint(-20, WIDTH), rng.randint(-20, HEIGHT)
        wide, high = rng.choice([1, 3, 4, 12, 20, 30]), rng.choice([2, 3, 5, 15, 25])
        if shapes and rng.random() < 0.5:  # close to another one
            (x1, y1), (x2, y2) = rng.choice(shapes).points
            x, y = int(x1) + rng.randint(-1, 1), int(y1) + rng.randint(0, 1)
            wide, high = int(x2 - x1), int(y2 - y1)
        shapes.append(drawn(f"s{number}", f"label {number % 5}", x, y, x + wide, y + high))
    found = {(one.rule, frozenset(one.shape_ids)) for one in check([image(*shapes)])}
    # Five labels of six shapes each: too few to know the size of one, and all are told as few.
    assert {one for one in found if one[0] != "few"} == oracle(tuple(shapes))
    assert {rule for rule, _ in found} > {"few"}


def test_a_heap_of_shapes_in_one_place_is_told_shape_by_shape() -> None:
    heap = [drawn(f"s{number:04d}", f"label {number % 2}", 0, 0, 30, 30) for number in range(1200)]
    found = [one for one in check([image(*heap)]) if one.rule != "few"]
    told = {rule: [set(one.shape_ids) for one in found if one.rule == rule] for rule in RULES}
    ids = [shape.id for shape in heap]
    assert told["twice"] == [{ids[number % 2], ids[number]} for number in range(2, 1200)]
    assert told["contradicting"] == [
        {ids[1 - number % 2], ids[number]} for number in range(1, 1200)
    ]


def test_what_is_tiny_beside_its_label_is_tiny() -> None:
    usual = [drawn(f"u{n}", "cell", 0, 0, 60, 40) for n in range(10)]
    images = [image(one, image_id=one.id) for one in usual]
    images.append(image(drawn("click", "cell", 5, 5, 10, 9), drawn("pore", "pore", 5, 5, 10, 9)))
    found = [one for one in check(images) if one.rule == "tiny"]
    assert [(one.shape_ids, one.figure, one.place) for one in found] == [
        (("click",), 5.0, (5.0, 5.0, 10.0, 9.0))
    ]


def test_of_labels_those_under_thirty_are_told() -> None:
    images = [
        image(drawn("a", "many", 0, 0, 9, 9), drawn("b", f"rare {n % 2}", 20, 20, 30, 30))
        for n in range(FEW)
    ]
    found = [(one.rule, one.label, one.figure, one.place) for one in check(images)]
    assert found == [("few", "rare 0", 15, None), ("few", "rare 1", 15, None)]


def mask(name: str, label: str, bits: np.ndarray[Any, Any]) -> Shape:
    code = masks.to_text(masks.from_dense(bits))
    return Shape(id=name, label=label, kind="mask", rle=Rle(size=(HEIGHT, WIDTH), counts=code))


def test_outlines_in_one_box_are_one_only_if_they_are_as_large() -> None:
    square = np.zeros((HEIGHT, WIDTH), bool)
    square[5:25, 5:25] = True
    line = np.zeros_like(square)
    line[np.arange(5, 25), np.arange(5, 25)] = True
    same = mask("b", "dent", square)
    found = list(check([image(mask("a", "pit", square), same, mask("c", "scratch", line))]))
    pairs = [(one.rule, one.shape_ids, one.other_label) for one in found if one.rule != "few"]
    assert pairs == [("contradicting", ("a", "b"), "dent")]


def test_turned_boxes_are_measured_as_they_lie() -> None:
    # Turned by 90 degrees about (32, 2), 50 of its 60 px would stick out of the image.
    lying = Shape(id="r", label="pit", kind="rotated_box", points=((2, 1), (62, 3)), angle=0)
    turned = lying.model_copy(update={"id": "t", "angle": 90})
    assert [one.rule for one in check([image(lying)]) if one.rule != "few"] == []
    # Half of it lies over the edge: 28 of 60 px are above the image.
    assert [one.figure for one in check([image(turned)]) if one.rule == "outside"] == []
    over = turned.model_copy(update={"points": ((2, -9), (62, -7))})
    (told,) = [one for one in check([image(over)]) if one.rule == "outside"]
    assert told.figure == pytest.approx(22 / 60, abs=0.001)


def test_no_image_and_labels_of_whole_images_have_no_place() -> None:
    assert list(check([])) == []
    whole = Shape(id="w", label="good", kind="image")
    assert [one.rule for one in check([image(whole)])] == ["few"]


# --- by HTTP -------------------------------------------------------------------------------------


async def checked(world: Factory) -> dict[str, Any]:
    answer = await world.client.get(f"{BASE}/label-check")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_finding_that_is_no_error_is_not_shown_again(stores: Stores) -> None:
    async with factory(stores) as world:
        one, other = [await world.image(f"{n}.jpg") for n in "ab"]
        await world.put(one, box("pit"), box("dent"))
        await world.put(other, box("pit"))
        first = await checked(world)
        worst = first["items"][0]
        place = f"{BASE}/label-check/dismissals"
        for _ in range(2):
            assert (await world.client.put(f"{place}/{worst['id']}")).status_code == 204
        second = await checked(world)
        bad = await world.client.put(f"{place}/no-id")
        await world.client.delete(place)
        third = await checked(world)
    assert first["images"] == 2
    assert first["counts"] == {"contradicting": 1, "few": 2}
    assert (worst["rule"], worst["image_name"], worst["place"]) == (
        "contradicting",
        "a.jpg",
        [10, 10, 30, 30],
    )
    assert {worst["label"], worst["other_label"]} == {"pit", "dent"}
    assert (second["counts"], second["dismissed"]) == ({"few": 2}, 1)
    assert (bad.status_code, third) == (422, first)


async def test_a_mended_label_leaves_the_list_and_a_bare_project_has_none(stores: Stores) -> None:
    async with factory(stores) as world:
        empty = await checked(world)
        image_id = await world.image("a.jpg")
        await world.put(image_id, box("pit"), box("pit", at=10.2))
        assert (await checked(world))["counts"] == {"twice": 1, "few": 1}
        await world.put(image_id, box("pit"))

        async def mended() -> bool:
            return bool((await checked(world))["counts"] == {"few": 1})

        await until(mended)
        unknown = await world.client.get(f"{BASE}0/label-check")
    assert empty == {"images": 0, "items": [], "counts": {}, "dismissed": 0, "opinion": None}
    assert unknown.status_code == 404


class Watched:
    """Projects and their annotations: says how many are asked for at once."""

    def __init__(self) -> None:
        self.open = self.most = 0

    async def require(self, tenant: str, project_id: str) -> ProjectView:
        """Know every project."""
        return ProjectView(id=project_id, tenant=tenant, sequence=1, name="pins", task="detection")

    async def find(self, tenant: str, project_id: str) -> None:
        """Know no second opinion."""

    async def annotated(self, tenant: str, project_id: str) -> list[AnnotatedImage]:
        self.open += 1
        self.most = max(self.most, self.open)
        for _ in range(20):  # time for all others to begin
            await asyncio.sleep(0)
        self.open -= 1
        return []


async def test_no_more_than_two_projects_are_in_memory_at_once(stores: Stores) -> None:
    await stores.open([DISMISSALS])
    watched: Any = Watched()
    checks = LabelChecks(stores.documents, projects=watched, snapshots=watched, opinions=watched)
    await asyncio.gather(*(checks.check("t", f"project {number}") for number in range(6)))
    assert watched.most == AT_ONCE
