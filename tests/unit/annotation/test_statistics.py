"""What a set is made of, against an oracle that counts object by object."""

import random
import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from services.annotation.domain.snapshots import AnnotatedImage, freeze
from services.annotation.domain.statistics import GRID, SIDES, statistics_of
from shared.contracts.shapes import Shape
from shared.hosting.stores import Stores
from shared.vision.tiles import TilePlan
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, box, factory


def image(name: str, *shapes: Shape, width: int = 640, height: int = 480) -> AnnotatedImage:
    facts: dict[str, Any] = {"listed": None, "parent_id": None, "exif_device": None}
    return AnnotatedImage(
        image_id=name,
        name=name,
        blob_key="",
        sha256=name,
        width=width,
        height=height,
        shapes=shapes,
        ignore_regions=(),
        corrected=False,
        **facts,
    )


def drawn(name: str, label: str, *corners: float) -> Shape:
    x1, y1, x2, y2 = corners
    return Shape(id=name, label=label, kind="box", points=((x1, y1), (x2, y2)))


def field_of(share: float) -> int:
    return min(GRID - 1, max(0, int(share * GRID)))


@pytest.mark.parametrize("seed", range(5))
def test_objects_are_counted_as_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    images = []
    for number in range(40):
        width, height = rng.choice([(640, 480), (100, 300)])
        shapes = []
        for place in range(rng.randint(0, 6)):
            x, y = rng.uniform(-20, width), rng.uniform(-20, height)
            corners = x, y, x + rng.choice([1, 8, 16, 31.5, 1500]), y + rng.uniform(1, 90)
            shapes.append(drawn(f"{number}-{place}", rng.choice("abc"), *corners))
        images.append(image(f"i{number}", *shapes, width=width, height=height))
    splits: Any = {f"i{n}": rng.choice(["train", "test"]) for n in range(40) if n % 5}
    found = statistics_of(images, splits)
    objects = [(one, shape) for one in images for shape in one.shapes]
    counts = Counter(shape.label for _, shape in objects)
    assert [(one.label, one.objects) for one in found.labels] == sorted(
        counts.items(), key=lambda item: (-item[1], item[0])
    )
    assert (found.annotated, found.negatives) == (40, sum(not one.shapes for one in images))
    assert found.images == Counter(splits.values())
    for told in found.labels:
        mine = [(one, shape) for one, shape in objects if shape.label == told.label]
        assert told.images == len({one.image_id for one, _ in mine})
        assert told.by_split == Counter(
            splits[one.image_id] for one, _ in mine if one.image_id in splits
        )
        sides, places = [], [0] * GRID * GRID
        for one, shape in mine:
            (x1, y1), (x2, y2) = shape.points
            sides.append(max(x2 - x1, y2 - y1))
            row, column = (y1 + y2) / 2 / one.height, (x1 + x2) / 2 / one.width
            places[field_of(row) * GRID + field_of(column)] += 1
        bounds = [0.0, *SIDES, float("inf")]
        assert list(told.sizes) == [
            sum(low <= side < high for side in sides) for low, high in pairwise(bounds)
        ]
        assert list(told.places) == places
        cuts = statistics.quantiles(sides, n=20, method="inclusive")
        assert told.side_px == pytest.approx((cuts[0], cuts[9], cuts[18]))


def test_labels_of_whole_images_have_no_place_and_no_image_has_no_label() -> None:
    whole = Shape(id="w", label="good", kind="image")
    (told,) = statistics_of([image("a", whole)], {"a": "train"}).labels
    assert (told.objects, told.side_px, sum(told.sizes), sum(told.places)) == (1, None, 0, 0)
    empty = statistics_of([], {})
    assert (empty.annotated, empty.images, empty.labels) == (0, {}, ())


async def test_the_splits_are_those_that_a_training_would_get(stores: Stores) -> None:
    async with factory(stores) as world:
        ids = [await world.image(f"{n}.jpg") for n in range(8)]
        for number, image_id in enumerate(ids[:7]):
            await world.put(image_id, *[box("pit")] * (number % 3))
        answer = await world.client.get(f"{BASE}/statistics")
        unknown = await world.client.get(f"{BASE}0/statistics")
    body = answer.json()
    images = [
        image(one, *[drawn(f"{n}", "pit", 0, 0, 9, 9) for n in range(number % 3)])
        for number, one in enumerate(ids[:7])
    ]
    assert (answer.status_code, unknown.status_code) == (200, 404)
    assert (body["total"], body["annotated"], body["negatives"]) == (8, 7, 3)
    assert sum(body["images"].values()) == 7
    (pit,) = body["labels"]
    assert (pit["objects"], pit["images"], pit["side_px"]) == (6, 4, [20.0, 20.0, 20.0])
    assert sum(pit["by_split"].values()) == 6
    assert set(body["images"]) == {row.split for row in frozen(images)} == {"train", "test"}


def frozen(images: list[AnnotatedImage]) -> Any:
    return freeze(PROJECT, "detection", images).snapshot.images


async def test_of_images_that_are_cut_the_tiles_count(stores: Stores) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        whole = await world.image("a.png")
        await world.tiles("a.png", TilePlan(grid=(1, 2)))
        await world.put(whole, box("pit"))

        async def counted() -> dict[str, Any]:
            return dict((await world.client.get(f"{BASE}/statistics")).json())

        async def spread() -> bool:
            return bool((await counted())["annotated"] == 2)

        await until(spread)
        body = await counted()
    assert (body["total"], body["negatives"]) == (2, 1)
    assert [(one["label"], one["objects"]) for one in body["labels"]] == [("pit", 1)]


async def test_an_image_that_could_not_be_cut_is_neither_counted_nor_annotated(
    stores: Stores,
) -> None:
    async with factory(stores, tiling={"rows": 1, "columns": 2}) as world:
        await world.put(await world.image("small.png"), box("pit"))
        body = (await world.client.get(f"{BASE}/statistics")).json()
        summary = (await world.client.get(f"{BASE}/summary")).json()
    assert (summary["images"], summary["annotated"]) == (0, 0)
    assert (body["total"], body["annotated"], body["labels"], body["images"]) == (0, 0, [], {})
