"""Lines that people drew: their rectangles, and the part of each that detection learns."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.contracts.shapes import Shape
from shared.runtime.text_boxes import Floats, in_order, rectangle_around


def corners_of(shape: Shape) -> Floats:
    """The rectangle ``(4, 2)`` around a box, a rotated box or a polygon, top left first."""
    points = np.array(shape.points, np.float32)
    if shape.kind == "polygon":
        return rectangle_around(points)
    (x1, y1), (x2, y2) = points.min(0), points.max(0)
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
    if not shape.angle:
        return corners
    turn = math.radians(shape.angle)
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    middle = corners.mean(0)
    return in_order(np.asarray((corners - middle) @ rotation + middle, np.float32))


def shrunken(corners: Floats, ratio: float = 0.4) -> Floats | None:
    """The inner part of a line that detection learns as text; None where nothing is left.

    Liao et al., https://arxiv.org/abs/1911.08947, section 3.4: each side moves inwards by
    ``area (1 - ratio^2) / perimeter``.
    """
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    width, height = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    if not width or not height:
        return None
    inwards = width * height * (1 - ratio**2) / (2 * (width + height))
    if 2 * inwards >= min(width, height):
        return None
    x, y = across / width * inwards, down / height * inwards
    return np.asarray(corners + np.stack([x + y, y - x, -x - y, x - y]), np.float32)


def covered(corners: Floats, regions: Sequence[Floats]) -> float:
    """Share of a line's rectangle in [0, 1] that lies in regions, outlines ``(N, 2)`` each."""
    if not regions:
        return 0.0
    low = corners.min(0)
    factor = 64.0 / max(float((corners.max(0) - low).max()), 1.0)
    grid = np.zeros((66, 66), np.uint8)
    cv2.fillPoly(grid, [_rounded((corners - low) * factor)], (1,))
    line = grid > 0
    inside = np.zeros_like(grid)
    for region in regions:
        cv2.fillPoly(inside, [_rounded((region - low) * factor)], (1,))
    return float((line & (inside > 0)).sum() / max(int(line.sum()), 1))


def _rounded(points: Floats) -> NDArray[np.int32]:
    return np.round(points).astype(np.int32)
