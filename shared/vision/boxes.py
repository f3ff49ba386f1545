"""Axis-aligned boxes as ``(N, 4)`` float32 arrays ``x1, y1, x2, y2`` in continuous pixels.

The origin is the image's top-left corner and a box covers ``x2 - x1`` pixels in width (no +1), as
in COCO and torchvision. Every function takes empty input and returns empty output of the right
shape.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float32]
Scores = NDArray[np.float32]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


def as_boxes(values: ArrayLike) -> Boxes:
    """Any nested sequence of boxes as a ``(N, 4)`` float32 array.

    Args:
        values: ``N`` rows of four numbers; an empty sequence gives ``(0, 4)``.

    Raises:
        ValueError: The values are not rows of four numbers.

    >>> as_boxes([]).shape
    (0, 4)
    """
    boxes = np.asarray(values, dtype=np.float32)
    if boxes.size == 0:
        return np.zeros((0, 4), np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (N, 4), not {boxes.shape}")
    return boxes


def area(boxes_xyxy: Boxes) -> Floats:
    """Area of each box in square pixels, ``(N,)``; an inverted box has area 0.

    >>> area(as_boxes([[0, 0, 2, 3], [5, 5, 4, 9]])).tolist()
    [6.0, 0.0]
    """
    sides: Floats = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def intersection_matrix(first: Boxes, second: Boxes) -> Floats:
    """Area of overlap of each pair, ``(N, M)`` square pixels.

    >>> intersection_matrix(as_boxes([[0, 0, 2, 2]]), as_boxes([[1, 1, 3, 3], [2, 0, 4, 2]]))
    array([[1., 0.]], dtype=float32)
    """
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides: Floats = np.maximum(bottom_right - top_left, 0)
    return sides[..., 0] * sides[..., 1]


def iou_matrix(first: Boxes, second: Boxes) -> Floats:
    """Intersection over union of each pair, ``(N, M)`` in [0, 1].

    Two boxes without any area have IoU 0. Formula: Everingham et al., "The PASCAL Visual Object
    Classes Challenge", IJCV 2010.

    >>> iou_matrix(as_boxes([[0, 0, 2, 2]]), as_boxes([[0, 0, 2, 2], [0, 0, 2, 4]])).tolist()
    [[1.0, 0.5]]
    """
    overlap: Floats = intersection_matrix(first, second)
    union: Floats = area(first)[:, None] + area(second)[None, :] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def coverage_matrix(first: Boxes, second: Boxes) -> Floats:
    """Share of each ``first`` box that lies inside each ``second`` box, ``(N, M)`` in [0, 1].

    A first box without area has coverage 0.

    >>> coverage_matrix(as_boxes([[0, 0, 4, 4]]), as_boxes([[2, 0, 9, 9]])).tolist()
    [[0.5]]
    """
    overlap = intersection_matrix(first, second)
    own = np.broadcast_to(area(first)[:, None], overlap.shape)
    return np.divide(overlap, own, out=np.zeros_like(overlap), where=own > 0)


def clip(boxes_xyxy: Boxes, width: float, height: float) -> Boxes:
    """Boxes cut to the image ``width`` × ``height`` in pixels, ``(N, 4)``; the input is kept.

    >>> clip(as_boxes([[-3, 2, 12, 8]]), 10, 6).tolist()
    [[0.0, 2.0, 10.0, 6.0]]
    """
    limits = np.array([width, height, width, height], np.float32)
    return np.clip(boxes_xyxy, np.float32(0), limits)


def has_area(boxes_xyxy: Boxes, *, min_side_px: float = 0.0) -> NDArray[np.bool_]:
    """Which boxes are wider and higher than ``min_side_px``, ``(N,)``.

    With the default, zero-area boxes (a click without a drag in the annotation tool) are False.

    >>> has_area(as_boxes([[1, 1, 1, 1], [0, 0, 2, 2]])).tolist()
    [False, True]
    """
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    return np.asarray((sides > min_side_px).all(axis=1))


def centres(boxes_xyxy: Boxes) -> Floats:
    """Centre ``x, y`` of each box, ``(N, 2)``.

    >>> centres(as_boxes([[0, 0, 4, 2]])).tolist()
    [[2.0, 1.0]]
    """
    return (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / np.float32(2)


def scale(boxes_xyxy: Boxes, factor_x: float, factor_y: float) -> Boxes:
    """Boxes with x and y multiplied by the factors, ``(N, 4)``.

    >>> scale(as_boxes([[1, 2, 3, 4]]), 2, 0.5).tolist()
    [[2.0, 1.0, 6.0, 2.0]]
    """
    return boxes_xyxy * np.array([factor_x, factor_y, factor_x, factor_y], np.float32)


def translate(boxes_xyxy: Boxes, dx_px: float, dy_px: float) -> Boxes:
    """Boxes moved by ``dx_px, dy_px``, ``(N, 4)``.

    >>> translate(as_boxes([[1, 2, 3, 4]]), 10, -1).tolist()
    [[11.0, 1.0, 13.0, 3.0]]
    """
    return boxes_xyxy + np.array([dx_px, dy_px, dx_px, dy_px], np.float32)
