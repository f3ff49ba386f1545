import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from shared.vision.boxes import (
    area,
    as_boxes,
    clip,
    coverage_matrix,
    has_area,
    iou_matrix,
    scale,
    translate,
)


def random_boxes(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 90, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(0.5, 30, (count, 2))], 1).astype("f4")


def test_iou_equals_torchvision():
    first, second = random_boxes(40, 1), random_boxes(55, 2)
    oracle = box_iou(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    np.testing.assert_allclose(iou_matrix(first, second), oracle, atol=1e-6)


@pytest.mark.parametrize("function", [iou_matrix, coverage_matrix])
def test_pairs_with_an_empty_side_give_an_empty_matrix(function):
    boxes, none = random_boxes(3, 3), as_boxes([])
    assert function(boxes, none).shape == (3, 0)
    assert function(none, boxes).shape == (0, 3)


@pytest.mark.parametrize("function", [iou_matrix, coverage_matrix])
def test_boxes_without_area_overlap_nothing(function):
    point = as_boxes([[5, 5, 5, 5]])
    assert function(point, point).tolist() == [[0.0]]


def test_shapes_that_are_no_boxes_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        as_boxes([[1, 2, 3]])


def test_clip_keeps_the_input():
    boxes = as_boxes([[-5, -5, 5, 5]])
    assert clip(boxes, 10, 10).tolist() == [[0, 0, 5, 5]]
    assert boxes.tolist() == [[-5, -5, 5, 5]]


def test_scaling_and_moving_undo_themselves():
    boxes = random_boxes(10, 4)
    back = translate(scale(scale(boxes, 2, 4), 0.5, 0.25), 3, 5)
    np.testing.assert_allclose(translate(back, -3, -5), boxes, atol=1e-4)


def test_area_and_has_area_agree():
    boxes = as_boxes([[0, 0, 0, 9], [0, 0, 9, 0], [1, 1, 3, 4]])
    assert (area(boxes) > 0).tolist() == has_area(boxes).tolist() == [False, False, True]
