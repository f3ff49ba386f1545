"""Tiled projects: labels of a large image reach its tiles, and tiles alone are trained on."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.annotation.domain.tile_shapes import on_tile
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.contracts.snapshot import Snapshot
from shared.contracts.training_events import TrainingRequested
from shared.hosting.stores import Stores
from shared.vision import masks
from shared.vision.tiles import TilePlan, Window
from tests.running import until
from tests.unit.annotation.platform import BASE, PROJECT, Factory, box, factory
from tests.unit.annotation.test_imports import send

GRID = {"rows": 1, "columns": 2}
PLAN = TilePlan(grid=(1, 2))  # tiles of 320 x 480
TILE = Window(0, 1, 100, 0, 100, 100)


def shape(kind: str, *points: tuple[float, float], **more: Any) -> Shape:
    return Shape.model_validate({"id": "x", "label": "a", "kind": kind, "points": points, **more})


def rounded(points: Any) -> set[tuple[float, float]]:
    return {(round(x, 6), round(y, 6)) for x, y in points}


@pytest.mark.parametrize(
    ("drawn", "kept", "ignored", "reason"),
    [
        (
            shape("box", (110, 10), (120, 20)),
            [("box", ((10, 10), (20, 20)))],
            [],
            "whole in the tile",
        ),
        (shape("box", (0, 0), (100, 50)), [], [], "beside the tile"),
        (
            shape("box", (90, 0), (110, 10)),
            [("box", ((0, 0), (10, 10)))],
            [],
            "half of it shows",
        ),
        (
            shape("box", (90, 0), (109, 10)),
            [],
            [((0, 0), (9, 0), (9, 10), (0, 10))],
            "less than half of it shows",
        ),
        (
            shape("rotated_box", (140, 40), (160, 50), angle=30),
            [("rotated_box", ((40, 40), (60, 50)))],
            [],
            "a turned box that is whole stays one",
        ),
        (
            shape("rotated_box", (85, 20), (125, 40), angle=90),
            [("box", ((0, 10), (15, 50)))],
            [],
            "a turned box is measured where it lies",
        ),
        (
            shape("polygon", (95, 0), (115, 0), (115, 20), (95, 20)),
            [("polygon", ((0, 0), (15, 0), (15, 20), (0, 20)))],
            [],
            "an outline is cut at the edge",
        ),
    ],
)
def test_a_tile_shows_its_part_of_a_target(drawn, kept, ignored, reason):
    shapes, regions = on_tile([drawn], [], TILE)
    assert [(s.kind, rounded(s.points)) for s in shapes] == [(k, set(p)) for k, p in kept], reason
    assert [rounded(region.points) for region in regions] == [set(p) for p in ignored], reason
    assert all(not s.id for s in shapes)


@pytest.mark.parametrize(("left", "origin"), [(120, ("V1", 0.7)), (95, (None, None))])
def test_a_part_of_a_shape_is_not_what_a_version_proposed(left, origin):
    proposed = shape("box", points=((left, 10), (left + 20, 30)), score=0.7, proposed_by="V1")
    (seen,) = on_tile([proposed], [], TILE)[0]
    assert (seen.proposed_by, seen.score) == origin


@pytest.mark.parametrize(("columns", "whole"), [((140, 160), True), ((60, 130), False)])
def test_a_mask_is_cut_at_the_edge_and_a_sliver_of_it_is_ignored(columns, whole):
    pixels = np.zeros((100, 250), np.bool_)
    pixels[10:20, columns[0] : columns[1]] = True
    code = Rle(size=(100, 250), counts=masks.to_text(masks.from_dense(pixels)))
    shapes, regions = on_tile([shape("mask", rle=code)], [], TILE)
    assert (len(shapes), len(regions)) == ((1, 0) if whole else (0, 1))
    if whole:
        assert shapes[0].rle is not None
        shown = masks.to_dense(masks.from_text(shapes[0].rle.counts), 100, 100)
        np.testing.assert_array_equal(shown, pixels[:, 100:200])
    else:
        assert set(regions[0].points) == {(0, 10), (30, 10), (30, 20), (0, 20)}


def test_ignore_regions_are_cut_too():
    region = IgnoreRegion(points=((90, 90), (110, 90), (110, 110), (90, 110)))
    assert set(on_tile([], [region], TILE)[1][0].points) == {(0, 90), (10, 90), (10, 100), (0, 100)}
    assert on_tile([], [region], Window(0, 0, 0, 0, 50, 50)) == ((), ())


@given(
    x=st.floats(0, 199, width=32),
    y=st.floats(0, 199, width=32),
    width=st.floats(0.5, 60, width=32),
    height=st.floats(0.5, 60, width=32),
)
def test_no_target_is_background_on_a_tile_that_shows_it(x, y, width, height):
    target = shape("box", (x, y), (x + width, y + height))
    shown = 0.0
    for window in TilePlan(grid=(2, 2)).windows(260, 260):
        shapes, regions = on_tile([target], [], window)
        x1, y1, x2, y2 = window.box_xyxy
        inside = max(0, min(x + width, x2) - max(x, x1)) * max(0, min(y + height, y2) - max(y, y1))
        shown += inside
        assert len(shapes) + len(regions) == (inside > 0)
        assert bool(shapes) == (inside >= 0.5 * width * height and inside > 0)
    assert shown == pytest.approx(width * height, rel=1e-6)


# --- by event ------------------------------------------------------------------------------------

LEFT = box("pit", at=10)
SEAM = {"label": "pit", "kind": "box", "points": [[300, 100], [330, 120]]}


async def read(world: Factory, image_id: str) -> dict[str, Any]:
    return (await world.client.get(f"{BASE}/images/{image_id}")).json()


async def annotated(world: Factory, image_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = await read(world, image_id)
        return found if found["annotated"] else None

    return await until(look)


def corners(annotation: dict[str, Any]) -> list[Any]:
    return sorted(shape["points"] for shape in annotation["shapes"])


@pytest.mark.parametrize("first", ["labels", "tiles"])
async def test_labels_of_a_large_image_are_labels_of_its_tiles(stores: Stores, first: str) -> None:
    async with factory(stores, tiling=GRID) as world:
        await world.image("board.png")
        if first == "tiles":
            await world.tiles("board.png", PLAN)
        points = [[[10, 10], [30, 30]], [[300, 100], [330, 120]]]
        labels = [{"label": "pit", "points": p, "shape_type": "rectangle"} for p in points]
        answer = await send(world, {"board.json": {"shapes": labels}})
        assert answer.status_code == 201, answer.text
        left, right = await world.tiles("board.png", PLAN)
        on_left, on_right = await annotated(world, left), await annotated(world, right)
        summary = (await world.client.get(f"{BASE}/summary")).json()

        def told() -> dict[str, Any]:
            saved = [event.data for event in world.heard if event.type == "annotation.saved"]
            return {data.image_id: data.labels for data in saved}

        await until(lambda: {left, right} <= told().keys())
    assert corners(on_left) == [[[10, 10], [30, 30]], [[300, 100], [320, 120]]]
    assert on_right["shapes"] == []
    assert {tuple(p) for p in on_right["ignore_regions"][0]["points"]} == {
        (0, 100), (10, 100), (10, 120), (0, 120),
    }  # fmt: skip
    assert (told()[left], told()[right]) == (("pit", "pit"), ())
    assert (summary["images"], summary["annotated"]) == (2, 2)


async def test_what_a_person_changed_on_a_tile_stays_until_the_image_is_drawn_anew(
    stores: Stores,
) -> None:
    async with factory(stores, tiling=GRID) as world:
        board = await world.image("board.png")
        left, _ = await world.tiles("board.png", PLAN)
        await world.put(board, LEFT)
        await annotated(world, left)
        saved = next(e for e in world.heard if e.data.image_id == board)
        await world.put(left, box("pit", at=50))
        label = (await world.client.get(f"{BASE}/labels")).json()["items"][0]["id"]
        await world.client.patch(f"{BASE}/labels/{label}", json={"name": "dent"})

        async def renamed() -> bool:
            found = [await read(world, image) for image in (board, left)]
            return all(s["label"] == "dent" for f in found for s in f["shapes"])

        await until(renamed)
        await world.say(AnnotationSaved.model_validate(saved.data), board, saved.sequence)
        await world.image("mark.png")  # events of one topic come in order
        await world.put(await world.image("later.png"), LEFT)
        await until(lambda: len([e for e in world.heard if e.type == "annotation.saved"]) >= 6)
        assert corners(await read(world, left)) == [[[50, 50], [70, 70]]]
        await world.put(board, box("dent", at=90))

        async def redrawn() -> bool:
            return corners(await read(world, left)) == [[[90, 90], [110, 110]]]

        await until(redrawn)


async def test_a_dataset_of_a_tiled_project_is_its_tiles_and_their_plan(stores: Stores) -> None:
    async with factory(stores, tiling=GRID) as world:
        for number in range(4):
            board = await world.image(f"{number}.png")
            tiles = await world.tiles(f"{number}.png", PLAN)
            split = "test" if number == 3 else "train"
            await world.put(board, LEFT, split=split)
            await annotated(world, tiles[1])
        await world.put(await world.image("uncut.png"), LEFT)
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1", 1)
        await until(lambda: "snapshot.frozen" in world.types())
        frozen = next(e.data for e in world.heard if e.type == "snapshot.frozen")
        manifest = Snapshot.model_validate_json(await stores.blobs.read(frozen.manifest_key))
    assert manifest.tile_plan_hash == PLAN.hash
    assert manifest.tile_plan is not None
    assert TilePlan.from_json(manifest.tile_plan.model_dump()) == PLAN
    assert len(manifest.images) == frozen.images == frozen.total_images == 8
    assert {(row.plan_hash, row.offset_x, row.width) for row in manifest.images} == {
        (PLAN.hash, 0, 320),
        (PLAN.hash, 320, 320),
    }
    assert {row.parent_id: row.split for row in manifest.images}.keys() == {
        row.group for row in manifest.images
    }
    assert [row.split for row in manifest.images].count("test") == 2
    assert any("1 annotated images are not cut" in warning for warning in frozen.warnings)


async def test_tiles_of_a_corrected_image_train(stores: Stores) -> None:
    async with factory(stores, tiling=GRID) as world:
        for number in range(3):
            board = await world.image(f"{number}.png")
            _, right = await world.tiles(f"{number}.png", PLAN)
            if number:
                await world.put(board, LEFT, split="test" if number == 2 else None)
            else:
                body = {"prediction_id": await world.prediction(board, "p"), "shapes": [LEFT]}
                await world.client.post(f"{BASE}/images/{board}/corrections", json=body)
            await annotated(world, right)
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1", 1)
        await until(lambda: "snapshot.frozen" in world.types())
        frozen = next(e.data for e in world.heard if e.type == "snapshot.frozen")
        manifest = Snapshot.model_validate_json(await stores.blobs.read(frozen.manifest_key))
    corrected = [row for row in manifest.images if row.corrected]
    assert frozen.corrections == 2
    assert [(row.offset_x, row.split) for row in corrected] == [(0, "train"), (320, "train")]


async def test_tiles_of_another_plan_are_no_dataset(stores: Stores) -> None:
    async with factory(stores, tiling=GRID) as world:
        for number in range(2):
            await world.image(f"{number}.png")
            for tile in await world.tiles(f"{number}.png", TilePlan(grid=(2, 1))):
                await world.put(tile, LEFT)
        await world.say(TrainingRequested(project_id=PROJECT, training_id="t1"), "t1", 1)
        await until(lambda: "snapshot.refused" in world.types())
        refused = next(e.data for e in world.heard if e.type == "snapshot.refused")
    assert "not cut into tiles by the project's plan" in refused.reason
