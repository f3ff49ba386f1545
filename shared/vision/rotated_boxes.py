"""Rotated boxes as ``(N, 5)`` float64 rows ``centre x, centre y, width, height, angle``.

The angle is in degrees, clockwise on the screen (y points down), about the centre. On the wire a
rotated box is the two corners of the unturned box and the angle; `from_wire` and `to_wire` convert.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.vision import polygons

RotatedBoxes = NDArray[np.float64]
Floats = NDArray[np.float64]


def as_rotated_boxes(values: ArrayLike) -> RotatedBoxes:
    """Any nested sequence of rows as an ``(N, 5)`` float64 array; empty input gives ``(0, 5)``.

    Raises:
        ValueError: The values are not rows of five numbers.

    >>> as_rotated_boxes([]).shape
    (0, 5)
    """
    boxes = np.asarray(values, np.float64)
    if boxes.size == 0:
        return np.zeros((0, 5))
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise ValueError(f"rotated boxes must have shape (N, 5), not {boxes.shape}")
    return boxes


def from_wire(corners_xyxy: ArrayLike, angles_deg: ArrayLike) -> RotatedBoxes:
    """Read the wire form: opposite corners of the unturned boxes, and angles.

    Args:
        corners_xyxy: ``(N, 4)``, the two corners in any order.
        angles_deg: ``(N,)`` degrees, clockwise.

    >>> from_wire([[0, 0, 4, 2]], [90]).tolist()
    [[2.0, 1.0, 4.0, 2.0, 90.0]]
    """
    corners = np.asarray(corners_xyxy, np.float64).reshape(-1, 4)
    first, second = corners[:, :2], corners[:, 2:]
    angles = np.asarray(angles_deg, np.float64).reshape(-1, 1)
    return np.hstack([(first + second) / 2, np.abs(second - first), angles])


def to_wire(boxes: RotatedBoxes) -> tuple[Floats, Floats]:
    """Give the wire form: ``(N, 4)`` corners of the unturned boxes and ``(N,)`` angles.

    >>> corners, angles = to_wire(as_rotated_boxes([[2, 1, 4, 2, 90]]))
    >>> corners.tolist(), angles.tolist()
    ([[0.0, 0.0, 4.0, 2.0]], [90.0])
    """
    half = boxes[:, 2:4] / 2
    return np.hstack([boxes[:, :2] - half, boxes[:, :2] + half]), boxes[:, 4].copy()


def corners(boxes: RotatedBoxes) -> Floats:
    """Corner points ``(N, 4, 2)``, clockwise on the screen from the unturned top-left.

    >>> corners(as_rotated_boxes([[2, 1, 4, 2, 90]])).round(6).tolist()
    [[[3.0, -1.0], [3.0, 3.0], [1.0, 3.0], [1.0, -1.0]]]
    """
    turn = np.deg2rad(boxes[:, 4])
    along = np.stack([np.cos(turn), np.sin(turn)], axis=1) * boxes[:, 2:3] / 2
    across = np.stack([-np.sin(turn), np.cos(turn)], axis=1) * boxes[:, 3:4] / 2
    centre = boxes[:, :2]
    points = [-along - across, along - across, along + across, -along + across]
    return np.stack([centre + point for point in points], axis=1)


def from_corners(points: NDArray[np.float64]) -> RotatedBoxes:
    """Fit boxes to corner points ``(N, 4, 2)`` given in order around the box.

    The first edge gives the angle; opposite sides are averaged, so slightly skewed input (drawn by
    hand) gives the nearest rectangle.

    >>> from_corners(np.array([[[3.0, -1], [3, 3], [1, 3], [1, -1]]])).round(6).tolist()
    [[2.0, 1.0, 4.0, 2.0, 90.0]]
    """
    quads = np.asarray(points, np.float64).reshape(-1, 4, 2)
    along = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    across = (quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1]) / 2
    width, height = np.hypot(*along.T), np.hypot(*across.T)
    angle = np.rad2deg(np.arctan2(along[:, 1], along[:, 0]))
    return np.column_stack([quads.mean(axis=1), width, height, angle])


def areas(boxes: RotatedBoxes) -> Floats:
    """Area of each box in square pixels, ``(N,)``.

    >>> areas(as_rotated_boxes([[0, 0, 4, 2, 33]])).tolist()
    [8.0]
    """
    size: Floats = boxes[:, 2] * boxes[:, 3]
    return size


def bounds(boxes: RotatedBoxes) -> Floats:
    """Upright boxes ``(N, 4)`` around the rotated ones.

    >>> bounds(as_rotated_boxes([[2, 1, 4, 2, 90]])).round(6).tolist()
    [[1.0, -1.0, 3.0, 3.0]]
    """
    points = corners(boxes)
    return np.hstack([points.min(axis=1), points.max(axis=1)])


def iou_matrix(first: RotatedBoxes, second: RotatedBoxes) -> Floats:
    """Intersection over union of each pair, ``(N, M)`` in [0, 1]; boxes without area give 0.

    Only pairs whose upright bounds touch are intersected exactly.

    >>> square = as_rotated_boxes([[0, 0, 2, 2, 0]])
    >>> turned = as_rotated_boxes([[0, 0, 2, 2, 45]])
    >>> iou_matrix(square, turned).round(4).tolist()
    [[0.7071]]
    """
    overlap = np.zeros((len(first), len(second)))
    a, b = bounds(first), bounds(second)
    touch = (a[:, None, :2] < b[None, :, 2:]).all(2) & (b[None, :, :2] < a[:, None, 2:]).all(2)
    quads, others = corners(first), corners(second)
    for i, j in np.argwhere(touch):
        overlap[i, j] = polygons.area(polygons.convex_intersection(quads[i], others[j]))
    union = areas(first)[:, None] + areas(second)[None, :] - overlap
    ratio: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return ratio
