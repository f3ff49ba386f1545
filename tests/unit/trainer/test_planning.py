import numpy as np
import pytest

from services.trainer.domain.detector.planning import plan
from services.trainer.domain.recipe import Recipe
from shared.vision.boxes import as_boxes


def squares(side: float, count: int = 4):
    return as_boxes([[10 + 50 * i, 10, 10 + 50 * i + side, 10 + side] for i in range(count)])


def test_usual_images_stay_whole_at_their_own_shape():
    planned = plan(Recipe(), [(640, 480)] * 5, [squares(40)] * 5)
    assert planned.input_size == (416, 320)
    assert planned.tile_plan.is_whole
    assert planned.strides == (8, 16, 32)


def test_large_images_with_small_targets_are_cut_into_tiles_of_the_usual_size():
    sizes = [(640, 480)] * 20 + [(4000, 3000)] * 3
    planned = plan(Recipe(), sizes, [squares(30)] * 20 + [squares(12)] * 3)
    assert planned.tile_plan.tile_size == (640, 480)
    assert len(planned.tile_plan.windows(640, 480)) == 1
    assert len(planned.tile_plan.windows(4000, 3000)) > 40
    assert planned.tile_plan.overlap_px >= 12


def test_every_small_target_lies_whole_in_at_least_one_tile():
    rng = np.random.default_rng(2)
    sides = np.concatenate([np.full(300, 12.0), np.full(20, 90.0)])
    corners = rng.uniform(0, 2900, (320, 2))
    targets = as_boxes(np.hstack([corners, corners + sides[:, None]]))
    planned = plan(Recipe(), [(4000, 3000)], [targets])
    tiles = np.array([w.box_xyxy for w in planned.tile_plan.windows(4000, 3000)])
    low = (targets[:, None, :2] >= tiles[None, :, :2]).all(axis=2)
    high = (targets[:, None, 2:] <= tiles[None, :, 2:]).all(axis=2)
    assert len(tiles) > 1
    assert (low & high).any(axis=1).all()


def test_tiles_never_overlap_by_more_than_half():
    long_and_thin = as_boxes(
        [[10, 10, 1900, 12], *[[50 * i, 50, 50 * i + 8, 58] for i in range(9)]]
    )
    tiles = plan(Recipe(), [(4000, 3000)], [long_and_thin]).tile_plan
    assert tiles.tile_size is not None
    assert tiles.overlap_px == min(tiles.tile_size) // 2


def test_large_images_with_large_targets_stay_whole():
    planned = plan(Recipe(), [(4000, 3000)] * 3, [squares(300)] * 3)
    assert planned.tile_plan.is_whole


def test_targets_are_large_enough_in_the_tiles_that_are_chosen():
    planned = plan(Recipe(), [(7680, 11520)], [squares(35, 100)])
    window = planned.tile_plan.windows(7680, 11520)[0]
    assert 35 * planned.input_size[0] / window.width >= 6.5


def test_tiny_targets_bring_the_fine_level():
    assert plan(Recipe(), [(416, 416)], [squares(5)]).strides[0] == 4
    fixed = Recipe(fine_level=False)
    assert plan(fixed, [(416, 416)], [squares(5)]).strides[0] == 8


def test_the_recipes_size_is_kept():
    recipe = Recipe(input_width=320, input_height=256)
    assert plan(recipe, [(640, 480)], [squares(40)]).input_size == (320, 256)


@pytest.mark.parametrize("size", [(30, 30), (9344, 7000), (600, 100), (100, 600)])
def test_every_legal_shape_gets_an_input_of_whole_cells(size):
    planned = plan(Recipe(), [size], [as_boxes([])])
    width, height = planned.input_size
    assert width % 32 == height % 32 == 0
    assert 32 <= min(width, height) <= max(width, height) <= 416
    assert np.isclose(max(size) / min(size), max(width, height) / min(width, height), rtol=0.6)
