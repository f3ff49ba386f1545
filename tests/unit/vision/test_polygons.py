"""Polygon geometry against oracles: points counted by OpenCV, and algebra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.vision import polygons
from shared.vision.polygons import as_ring
from tests.unit.vision.counting import points_inside

CONCAVE = as_ring([[0, 0], [10, 0], [10, 10], [5, 4], [0, 10]])
coordinates = st.floats(-50, 50, allow_subnormal=False)
rings = hnp.arrays(np.float64, st.tuples(st.integers(3, 8), st.just(2)), elements=coordinates)


def grid(step: float = 0.05, low: float = -2, high: float = 12) -> np.ndarray:
    axis = np.arange(low, high, step) + step / 2
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def test_area_is_the_number_of_points_inside() -> None:
    inside = points_inside(CONCAVE, grid())
    assert inside.sum() * 0.05**2 == pytest.approx(polygons.area(CONCAVE), rel=0.01)


@pytest.mark.parametrize("window", [(2, 2, 8, 6), (-5, -5, 20, 20), (0, 5, 10, 10), (9, 9, 12, 12)])
def test_clipped_area_is_what_is_inside_both(window: tuple[float, float, float, float]) -> None:
    points = grid()
    x, y = points.T
    in_window = (x > window[0]) & (x < window[2]) & (y > window[1]) & (y < window[3])
    expected = (points_inside(CONCAVE, points) & in_window).sum() * 0.05**2
    clipped = polygons.clip_to_window(CONCAVE, window)
    assert polygons.area(clipped) == pytest.approx(expected, abs=0.3)


def test_a_window_outside_leaves_nothing() -> None:
    assert polygons.clip_to_window(CONCAVE, (20, 20, 30, 30)).shape == (0, 2)


def test_a_touching_window_leaves_nothing() -> None:
    assert polygons.clip_to_window(CONCAVE, (10, 0, 20, 10)).shape == (0, 2)


@given(rings)
@settings(max_examples=200)
def test_clipping_never_leaves_the_window_nor_grows(ring: np.ndarray) -> None:
    clipped = polygons.clip_to_window(ring, (-10, -5, 10, 20))
    if len(clipped):
        x1, y1, x2, y2 = polygons.bounds(clipped)
        assert x1 >= -10 - 1e-9
        assert y1 >= -5 - 1e-9
        assert x2 <= 10 + 1e-9
        assert y2 <= 20 + 1e-9


@given(rings)
@settings(max_examples=200)
def test_area_does_not_depend_on_direction_place_or_start(ring: np.ndarray) -> None:
    size = polygons.area(ring)
    assert polygons.area(ring[::-1]) == pytest.approx(size, abs=1e-6)
    assert polygons.area(np.roll(ring, 1, axis=0)) == pytest.approx(size, abs=1e-6)
    assert polygons.area(ring + 1000) == pytest.approx(size, abs=1e-6)


def test_convex_intersection_is_symmetric_and_direction_free() -> None:
    triangle = as_ring([[0, 0], [8, 1], [3, 7]])
    square = as_ring([[1, 1], [6, 1], [6, 6], [1, 6]])
    wanted = (points_inside(triangle, grid()) & points_inside(square, grid())).sum() * 0.05**2
    for first, second in ((triangle, square), (square, triangle), (triangle, square[::-1])):
        common = polygons.convex_intersection(first, second)
        assert polygons.area(common) == pytest.approx(wanted, rel=0.01)


def test_empty_and_thin_rings_have_no_area() -> None:
    assert polygons.area(as_ring([])) == 0
    assert polygons.area(as_ring([[1, 1], [5, 5]])) == 0
    assert polygons.convex_intersection(as_ring([[0, 0], [1, 1]]), CONCAVE).shape == (0, 2)
    with pytest.raises(ValueError, match="empty"):
        polygons.bounds(as_ring([]))


def test_rows_of_three_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        as_ring([[1, 2, 3]])
