"""A plan covers the image, holds every small target whole, and has one identity."""

import numpy as np
import pytest

from shared.vision.tile_advice import (
    Advice,
    advise,
    plan_for_any_size,
    smallest_and_largest_small,
    within_tile_bounds,
)
from shared.vision.tiles import MAX_GRID, MAX_OVERLAP, TilePlan


def _plans(rng):
    overlap = int(rng.integers(0, 40))
    grid = tuple(int(n) for n in rng.integers(1, 7, 2))
    size = tuple(int(n) for n in rng.integers(50, 400, 2))
    return [
        TilePlan(),
        TilePlan(grid=grid),
        TilePlan(grid=grid, overlap_px=overlap),
        TilePlan(tile_size=size, overlap_px=overlap),
    ]


def test_windows_cover_every_pixel_inside_the_image_in_row_major_order():
    rng = np.random.default_rng(1)
    for _ in range(100):
        width, height = (int(n) for n in rng.integers(60, 900, 2))
        for plan in _plans(rng):
            windows = plan.windows(width, height)
            seen = np.zeros((height, width), np.uint8)
            for window in windows:
                x1, y1, x2, y2 = window.box_xyxy
                assert 0 <= x1 < x2 <= width
                assert 0 <= y1 < y2 <= height
                seen[y1:y2, x1:x2] += 1
            assert seen.min() >= 1
            assert [(w.row, w.column) for w in windows] == sorted(
                (w.row, w.column) for w in windows
            )
            if plan.grid and not plan.overlap_px:
                assert seen.max() == 1


def test_every_target_no_longer_than_the_overlap_lies_whole_in_a_tile():
    rng = np.random.default_rng(2)
    for _ in range(100):
        width, height = (int(n) for n in rng.integers(200, 3000, 2))
        for plan in _plans(rng):
            if plan.overlap_px < 2:
                continue
            sides = rng.uniform(1, plan.overlap_px, (50, 2))
            corners = rng.uniform(0, 1, (50, 2)) * (np.array([width, height]) - sides)
            windows = np.array([w.box_xyxy for w in plan.windows(width, height)])
            inside = (corners[:, None] >= windows[None, :, :2]).all(axis=2) & (
                corners[:, None] + sides[:, None] <= windows[None, :, 2:]
            ).all(axis=2)
            assert inside.any(axis=1).all()


def test_tile_size_leaves_small_images_whole():
    plan = TilePlan(tile_size=(500, 400), overlap_px=20)
    assert [w.box_xyxy for w in plan.windows(500, 400)] == [(0, 0, 500, 400)]
    assert len(plan.windows(501, 400)) == 2


def test_tiles_of_one_plan_have_one_size():
    sizes = {
        (w.width, w.height) for w in TilePlan(tile_size=(64, 48), overlap_px=5).windows(333, 777)
    }
    assert sizes == {(64, 48)}


def test_hash_tells_plans_apart_and_survives_json():
    plans = [
        TilePlan(),
        TilePlan(grid=(2, 3)),
        TilePlan(grid=(3, 2)),
        TilePlan(grid=(2, 3), overlap_px=4),
        TilePlan(tile_size=(20, 30)),
    ]
    assert len({plan.hash for plan in plans}) == len(plans)
    for plan in plans:
        assert TilePlan.from_json(plan.to_json()) == plan
        assert TilePlan.from_json(plan.to_json()).hash == plan.hash


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"grid": (1, 2), "tile_size": (5, 5)}, id="two forms"),
        pytest.param({"grid": (0, 2)}, id="no rows"),
        pytest.param({"tile_size": (0, 2)}, id="no width"),
        pytest.param({"overlap_px": -1}, id="negative overlap"),
        pytest.param({"tile_size": (8, 9), "overlap_px": 8}, id="overlap as long as the tile"),
    ],
)
def test_plan_that_cannot_cut_is_refused(values):
    with pytest.raises(ValueError, match=r"plan|overlap|least"):
        TilePlan(**values)


def test_image_smaller_than_its_grid_is_refused():
    with pytest.raises(ValueError, match="cannot be cut"):
        TilePlan(grid=(1, 5)).windows(4, 100)


@pytest.mark.parametrize(
    ("ratio", "advice", "standard_pixels"),
    [
        pytest.param(999, Advice.KEEP, 1_000_000, id="C-133 within 1000"),
        pytest.param(1000, Advice.KEEP, 1_000_000, id="C-133 exactly 1000"),
        pytest.param(1000.5, Advice.RAISE_RESOLUTION, 1_000_500, id="C-134 just above 1000"),
        pytest.param(2500, Advice.RAISE_RESOLUTION, 2_500_000, id="O6 r x 1000 px"),
        pytest.param(5000, Advice.RAISE_RESOLUTION, 5_000_000, id="C-134 exactly 5000"),
        pytest.param(5001, Advice.TILE, 1_000_000, id="C-135 above 5000"),
    ],
)
def test_advice_follows_the_area_ratio(ratio, advice, standard_pixels):
    given = advise(4000, 3000, min_target_area=12e6 / ratio)
    assert (given.advice, given.standard_pixels) == (advice, standard_pixels)
    assert given.plan.is_whole is (advice is not Advice.TILE)


def test_square_image_gets_the_same_count_both_ways():
    rows, columns = advise(6000, 6000, min_target_area=900).plan.grid
    assert rows == columns


def test_long_image_is_cut_more_along_its_long_side():
    rows, columns = advise(2000, 6000, min_target_area=400).plan.grid
    assert rows == 3 * columns
    assert advise(6000, 2000, min_target_area=400).plan.grid == (columns, rows)


def test_largest_upload_needs_twenty_four_tiles():
    """O5: 4 × 6 tiles are the least for 10000 × 30000 px."""
    sizes = {(w.width, w.height) for w in TilePlan(grid=(6, 4)).windows(10_000, 30_000)}
    assert sizes == {(2500, 5000)}
    assert all(within_tile_bounds(*size) for size in sizes)
    fewer = TilePlan(grid=(5, 4)).windows(10_000, 30_000)
    assert not all(within_tile_bounds(w.width, w.height) for w in fewer)


def test_advised_tiles_keep_ratio_bounds_and_targets():
    rng = np.random.default_rng(3)
    for _ in range(300):
        width, height = (int(n) for n in rng.integers(1500, 10_000, 2))
        side = float(rng.uniform(9, 40))
        largest = side * float(rng.uniform(1, 3))
        given = advise(width, height, min_target_area=side**2, largest_small_side=largest)
        if given.advice is not Advice.TILE:
            continue
        windows = given.plan.windows(width, height)
        assert len(windows) >= given.min_tiles
        assert all(w.width * w.height < 1000 * side**2 for w in windows)
        assert all(within_tile_bounds(w.width, w.height) for w in windows)
        assert given.holds_every_target
        assert given.plan.overlap_px >= largest
        longest = max(max(w.width, w.height) / min(w.width, w.height) for w in windows)
        assert longest < 1.6


def test_target_longer_than_half_a_tile_is_owned_up_to():
    given = advise(8000, 8000, min_target_area=100, largest_small_side=2000)
    assert not given.holds_every_target
    assert given.plan.overlap_px == 158


def test_target_of_one_pixel_still_gets_a_usable_plan():
    plan = advise(4000, 3000, min_target_area=1).plan
    assert all(within_tile_bounds(w.width, w.height) for w in plan.windows(4000, 3000))


def test_every_advised_plan_can_be_a_projects():
    rng = np.random.default_rng(11)
    for _ in range(2000):
        width, height = (int(n) for n in rng.integers(30, [10_001, 30_001]))
        area = float(10 ** rng.uniform(0, 6))
        longest = float(10 ** rng.uniform(0, 3.8))
        plan = advise(width, height, min_target_area=area, largest_small_side=longest).plan
        rows, columns = plan.grid or (1, 1)
        assert max(rows, columns) <= MAX_GRID, (width, height, area)
        assert 0 <= plan.overlap_px <= MAX_OVERLAP, (width, height, area)


def test_plan_by_size_keeps_the_ratio_under_1000():
    for side in (11, 20, 33.3, 90):
        plan = plan_for_any_size(side**2, side)
        width, height = plan.tile_size
        assert width * height < 1000 * side**2
        assert plan.overlap_px >= side


def test_plan_by_size_stops_at_the_models_input_and_at_the_largest_tile():
    assert plan_for_any_size(1, 1).tile_size == (320, 320)
    assert plan_for_any_size(1e9, 1).tile_size == (3000, 3000)


def test_boxes_without_area_do_not_make_a_plan():
    flat = np.array([[5, 5, 5, 9]], np.float32)
    assert smallest_and_largest_small(flat, np.array([1e6])) is None
    assert smallest_and_largest_small(np.zeros((0, 4), np.float32), np.zeros(0)) is None


@pytest.mark.parametrize("area", [0, -1, float("nan")])
def test_advice_without_a_target_is_refused(area):
    with pytest.raises(ValueError, match="above zero"):
        advise(100, 100, min_target_area=area)
    with pytest.raises(ValueError, match="above zero"):
        plan_for_any_size(area, 1)
