import numpy as np
import pytest

from services.trainer.domain.planning import plan
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
