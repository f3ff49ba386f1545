import math

import numpy as np
import pytest

from services.trainer.domain.detector.planning import plan
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.training.planning import (
    LEAST_KEPT_PX,
    MOST_PIXELS,
    SMALL_QUANTILE,
)
from shared.vision.boxes import area, as_boxes
from shared.vision.tile_advice import (
    RECOGNISED_RATIO,
    RESOLUTION_RATIO,
    Advice,
    advise,
    smallest_and_largest_small,
)


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


@pytest.mark.parametrize(
    ("resolution", "pixels"), [("0.25", 25e4), ("1", 1e6), ("2", 2e6), ("5", 5e6)]
)
def test_a_chosen_resolution_is_the_input_in_the_images_shape(resolution, pixels):
    width, height = plan(Recipe(resolution=resolution), [(4000, 3000)], [squares(300)]).input_size
    assert width * height == pytest.approx(pixels, rel=0.1)
    assert width / height == pytest.approx(4 / 3, rel=0.06)


def test_no_input_shows_an_image_more_than_twice_as_large_as_it_is():
    assert plan(Recipe(resolution="5"), [(640, 480)], [squares(40)]).input_size == (1280, 960)


def test_named_sides_go_before_the_resolution():
    recipe = Recipe(resolution="1", input_width=320, input_height=256)
    assert plan(recipe, [(640, 480)], [squares(40)]).input_size == (320, 256)
    assert recipe.step_windows == recipe.batch_size


def test_a_higher_resolution_spares_the_tiles():
    sizes, targets = [(2000, 1500)] * 3, [squares(20)] * 3
    assert not plan(Recipe(), sizes, targets).tile_plan.is_whole
    raised = plan(Recipe(resolution="1"), sizes, targets)
    assert raised.tile_plan.is_whole
    assert 20 * raised.input_size[0] / 2000 > LEAST_KEPT_PX


def test_steps_of_large_inputs_hold_fewer_windows():
    assert [Recipe(resolution=one).step_windows for one in ("auto", "0.25", "1", "2", "5")] == [
        8, 8, 4, 2, 1,
    ]  # fmt: skip
    assert Recipe(resolution="1", batch_size=2).step_windows == 2


def test_small_targets_of_a_narrow_image_get_more_pixels_and_no_tiles():
    planned = plan(Recipe(), [(2000, 200)], [squares(12)])
    assert planned.tile_plan.is_whole
    assert 12 * planned.input_size[0] / 2000 >= 0.9 * LEAST_KEPT_PX
    assert np.prod(planned.input_size) <= 1.2 * MOST_PIXELS


def seeded_set(seed: int):
    """Images of one size with targets of many: size, boxes of each image."""
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in np.exp(rng.uniform(np.log(450), np.log(6000), 2)))
    side = np.exp(rng.uniform(np.log(4), np.log(0.5 * min(width, height))))
    boxes = []
    for _ in range(int(rng.integers(1, 4))):
        sides = side * rng.uniform(1, 3, (int(rng.integers(1, 20)), 2))
        sides = np.minimum(sides, (width, height))
        corners = rng.uniform(0, 1, sides.shape) * ((width, height) - sides)
        boxes.append(as_boxes(np.hstack([corners, corners + sides])))
    return (width, height), boxes


@pytest.mark.parametrize("seed", range(200))
def test_the_advice_on_tiles_and_the_plan_of_a_training_agree(seed):
    size, boxes = seeded_set(seed)
    every = np.concatenate(boxes)
    areas = np.full(len(every), float(size[0] * size[1]))
    smallest, longest = smallest_and_largest_small(every, areas)
    advised = advise(*size, min_target_area=smallest, largest_small_side=longest)
    sizes = [size] * len(boxes)
    if advised.advice is not Advice.TILE:
        # Whole images are enough, says the advice: the training cuts none.
        assert plan(Recipe(), sizes, boxes).tile_plan.is_whole
        return
    # Cut as advised, every tile's targets are large enough, and no tile is cut again.
    tiles = [(window.width, window.height) for window in advised.plan.windows(*size)]
    within = [as_boxes([[0, 0, math.sqrt(smallest), math.sqrt(smallest)]])] * len(tiles)
    if max(w * h for w, h in tiles) <= RECOGNISED_RATIO * smallest:
        assert plan(Recipe(), tiles, within).tile_plan.is_whole
    # Left whole, the training cuts as soon as what most targets need is beyond any resolution.
    usual = min(np.quantile(np.sqrt(area(found)), SMALL_QUANTILE) for found in boxes)
    beyond = size[0] * size[1] > RESOLUTION_RATIO * max(usual, 1.0) ** 2
    assert beyond != plan(Recipe(), sizes, boxes).tile_plan.is_whole
