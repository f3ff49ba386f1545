"""What a tile's edge leaves of a target."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vision import polygons
from shared.vision.clipping import clip_boxes, clip_polygon, to_image
from shared.vision.tiles import TilePlan, Window


def test_visible_share_decides_between_truth_and_ignore():
    window = Window(0, 0, 100, 0, 100, 100)
    boxes = np.array([[90, 0, 110, 10], [91, 0, 111, 10], [89, 0, 109, 10]], np.float32)
    seen = clip_boxes(boxes, window, min_visible=0.5)
    assert seen.visible.tolist() == [0.5, 0.55, 0.45]
    assert seen.is_truth.tolist() == [True, True, False]
    assert seen.boxes_xyxy[0].tolist() == [0, 0, 10, 10]


def test_boxes_outside_or_without_area_do_not_show():
    window = Window(0, 0, 0, 0, 10, 10)
    boxes = np.array([[10, 0, 20, 10], [5, 5, 5, 9], [-4, -4, 0, 0]], np.float32)
    assert len(clip_boxes(boxes, window).source) == 0
    assert clip_boxes(np.zeros((0, 4), np.float32), window).boxes_xyxy.shape == (0, 4)


def test_areas_over_an_exact_partition_add_up():
    rng = np.random.default_rng(4)
    corners = rng.uniform(0, 900, (200, 2))
    boxes = np.hstack([corners, corners + rng.uniform(1, 100, (200, 2))]).astype(np.float32)
    total = np.zeros(len(boxes))
    for window in TilePlan(grid=(3, 4)).windows(1000, 1000):
        seen = clip_boxes(boxes, window)
        total[seen.source] += seen.visible
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


@given(
    x=st.floats(0, 9_900, width=32),
    y=st.floats(0, 29_900, width=32),
    width=st.floats(0.125, 90, width=32),
    height=st.floats(0.125, 90, width=32),
)
def test_whole_boxes_round_trip_exactly(x, y, width, height):
    boxes = np.array([[x, y, x + width, y + height]], np.float32)
    plan = TilePlan(grid=(6, 4), overlap_px=100)
    held = 0
    for window in plan.windows(10_000, 30_000):
        seen = clip_boxes(boxes, window)
        if len(seen.source) and seen.visible[0] == 1.0:
            held += 1
            np.testing.assert_array_equal(to_image(seen.boxes_xyxy, window), boxes)
    assert held >= 1


def test_clipped_polygon_covers_the_pixels_a_raster_says():
    rng = np.random.default_rng(5)
    window = Window(0, 0, 100, 150, 200, 120)
    for _ in range(30):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radius = rng.uniform(30, 150, 9)
        points = np.array([200.0, 200.0]) + radius[:, None] * np.stack(
            [np.cos(angles), np.sin(angles)], axis=1
        )
        inside, visible = clip_polygon(points, window)
        scale = 8
        raster = np.zeros((400 * scale, 400 * scale), np.uint8)
        cv2.fillPoly(raster, [np.round(points * scale).astype(np.int32)], 1)
        part = raster[150 * scale : 270 * scale, 100 * scale : 300 * scale]
        assert polygons.area(inside) == pytest.approx(part.sum() / scale**2, rel=0.02, abs=20)
        assert visible == pytest.approx(part.sum() / raster.sum(), abs=0.02)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([[0, 0], [5, 5]], id="two points"),
        pytest.param([[50, 50], [60, 50], [60, 60]], id="outside"),
        pytest.param([[1, 1], [2, 2], [3, 3]], id="a line"),
        pytest.param([], id="nothing"),
    ],
)
def test_polygon_with_nothing_inside_is_empty(points):
    inside, visible = clip_polygon(np.array(points, float), Window(0, 0, 0, 0, 10, 10))
    assert inside.shape == (0, 2)
    assert visible == 0.0


def test_a_bow_tie_is_seen_by_what_lies_inside_it():
    tie = np.array([[0, 0], [100, 60], [100, 0], [0, 60]], float)
    assert polygons.area(tie) == 0  # its halves run different ways round
    left, right = (clip_polygon(tie, Window(0, 0, x, 0, 50, 60)) for x in (0, 50))
    whole, share = clip_polygon(tie, Window(0, 0, 0, 0, 100, 60))
    assert (share, len(whole)) == (1.0, 4)
    assert [left[1], right[1]] == pytest.approx([0.5, 0.5], abs=0.01)
    assert clip_polygon(tie, Window(0, 0, 0, 0, 75, 60))[1] == pytest.approx(0.625, abs=0.01)


def test_the_inside_of_any_outline_is_what_a_raster_says():
    rng = np.random.default_rng(7)
    for corners in (4, 5, 8, 13):
        ring = rng.uniform(0, 200, (corners, 2))
        raster = np.zeros((1600, 1600), np.uint8)
        cv2.fillPoly(raster, [np.round(ring * 8).astype(np.int32)], 1)
        assert polygons.inside_area(ring) == pytest.approx(raster.sum() / 64, rel=0.03)
    star = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 4 * np.pi, 60_001)[:-1]])
    assert polygons.inside_area(star * 50) == pytest.approx(0, abs=80)  # twice round is outside


def test_an_outline_of_thin_parts_has_its_area():
    foot = np.array([[0, 0], [1000, 0], [1000, 3], [1, 3], [1, 1000], [0, 1000]], float)
    assert polygons.inside_area(foot) == polygons.area(foot) == 3997
    assert clip_polygon(foot, Window(0, 0, 0, 0, 1000, 3))[1] == pytest.approx(3000 / 3997)


def test_a_little_body_on_a_long_hair_is_seen():
    hair = np.array([[10, 0], [10, 3], [11, 3], [11, 3.8], [10, 3.8], [10, 1000]], float)
    assert clip_polygon(hair, Window(0, 0, 0, 2, 20, 4))[1] == pytest.approx(1)


def test_what_of_an_outline_of_many_corners_is_seen_is_at_most_all_of_it():
    ys = np.linspace(0, 1000, 3000)
    line = np.stack([np.full(3000, 10.0), ys], 1)
    body = np.insert(line, 11, [[11, 3.4], [11, 3.5]], axis=0)  # between two of the lines
    assert clip_polygon(body, Window(0, 0, 0, 2, 20, 4))[1] == 1
