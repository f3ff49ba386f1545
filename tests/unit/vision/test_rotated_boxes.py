"""Rotated boxes: exact small cases, pixel counting for IoU, and round trips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.vision import rotated_boxes
from shared.vision.rotated_boxes import as_rotated_boxes
from tests.unit.vision.counting import points_inside

rows = st.tuples(
    st.floats(-100, 100),
    st.floats(-100, 100),
    st.floats(0.5, 80),
    st.floats(0.5, 80),
    st.floats(-360, 360),
)


@given(rows)
@settings(max_examples=200)
def test_corners_and_back_is_the_same_rectangle(row: tuple[float, ...]) -> None:
    box = as_rotated_boxes([row])
    again = rotated_boxes.from_corners(rotated_boxes.corners(box))
    assert np.allclose(rotated_boxes.corners(again), rotated_boxes.corners(box), atol=1e-6)
    assert np.allclose(again[:, :4], box[:, :4], atol=1e-6)


@given(rows)
@settings(max_examples=100)
def test_wire_form_and_back_is_the_same_row(row: tuple[float, ...]) -> None:
    box = as_rotated_boxes([row])
    assert np.allclose(rotated_boxes.from_wire(*rotated_boxes.to_wire(box)), box, atol=1e-9)


@given(rows, rows)
@settings(max_examples=100)
def test_iou_is_symmetric_bounded_and_one_on_itself(
    first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    a, b = as_rotated_boxes([first]), as_rotated_boxes([second])
    forward, backward = rotated_boxes.iou_matrix(a, b), rotated_boxes.iou_matrix(b, a)
    assert forward[0, 0] == pytest.approx(backward[0, 0], abs=1e-9)
    assert -1e-9 <= forward[0, 0] <= 1 + 1e-9
    assert rotated_boxes.iou_matrix(a, a)[0, 0] == pytest.approx(1.0, abs=1e-9)


def test_iou_counts_the_pixels_in_both() -> None:
    pair = as_rotated_boxes([[10, 10, 12, 6, 30], [12, 11, 9, 8, -50]])
    axis = np.arange(0, 22, 0.05) + 0.025
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    first, second = (points_inside(q, points) for q in rotated_boxes.corners(pair))
    expected = (first & second).sum() / (first | second).sum()
    iou = rotated_boxes.iou_matrix(pair[:1], pair[1:])
    assert iou[0, 0] == pytest.approx(expected, abs=0.003)


def test_far_boxes_and_boxes_without_area_have_no_overlap() -> None:
    boxes = as_rotated_boxes([[0, 0, 4, 4, 10], [100, 0, 4, 4, 10], [0, 0, 0, 4, 0]])
    iou = rotated_boxes.iou_matrix(boxes, boxes)
    assert iou[0, 1] == 0
    assert iou[2].tolist() == [0, 0, 0]


def test_empty_input_gives_empty_output() -> None:
    none = as_rotated_boxes([])
    assert rotated_boxes.corners(none).shape == (0, 4, 2)
    assert rotated_boxes.bounds(none).shape == (0, 4)
    assert rotated_boxes.iou_matrix(none, as_rotated_boxes([[0, 0, 1, 1, 0]])).shape == (0, 1)
    with pytest.raises(ValueError, match=r"\(N, 5\)"):
        as_rotated_boxes([[1, 2, 3]])
