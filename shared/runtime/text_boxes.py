"""From a map of text to the rectangles of its lines, as a DB detector's map is read.

Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", arXiv:1911.08947.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

IS_TEXT = 0.3  # of the map; PP-OCR's limit
UNCLIP = 1.5  # the map shows lines shrunken: area * ratio / perimeter px are missing on each side
LEAST_SIDE = 3  # of a shrunken line in pixels of the map; less is noise

Floats = NDArray[np.float32]
Corners = NDArray[np.float32]
"""``(N, 4, 2)``: top left, top right, bottom right, bottom left; x and y."""


def find_boxes(text_map: Floats) -> tuple[Corners, Floats]:
    """The turned rectangle of each connected part of a map, grown to the whole line.

    Args:
        text_map: ``(H, W)`` probability that a pixel is of a shrunken line.

    Returns:
        Corners ``(N, 4, 2)`` in pixels of the map, which may lie outside; a rectangle's sides go
        from the first to the last pixel that is text, as those of the lines do that were drawn to
        teach it. And ``(N,)`` the map's mean within each rectangle before it grew.

    >>> text_map = np.zeros((20, 40), np.float32)
    >>> text_map[8:12, 10:30] = 0.9
    >>> corners, scores = find_boxes(text_map)
    >>> np.rint(corners).tolist(), len(scores)
    ([[[8.0, 6.0], [31.0, 6.0], [31.0, 13.0], [8.0, 13.0]]], 1)
    """
    is_text = (text_map > IS_TEXT).astype(np.uint8)
    outlines, _ = cv2.findContours(is_text, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corners, scores = [], []
    for outline in outlines:
        centre, size, angle = cv2.minAreaRect(outline)
        width, height = size
        if min(size) < LEAST_SIDE:
            continue
        scores.append(_mean_within(text_map, _corners(centre, size, angle)))
        reach = UNCLIP * width * height / (width + height)  # of both sides
        grown = _corners(centre, (width + reach, height + reach), angle)
        corners.append(in_order(grown))
    return np.array(corners, np.float32).reshape(-1, 4, 2), np.array(scores, np.float32)


def rectangle_around(points: NDArray[np.floating]) -> Floats:
    """The turned rectangle of least area around points ``(K, 2)``, as corners ``(4, 2)``."""
    return in_order(_corners(*cv2.minAreaRect(np.asarray(points, np.float32))))


def in_order(corners: Floats) -> Floats:
    """Corners ``(4, 2)`` from the upper left clockwise: of the two on the left, the upper one.

    >>> in_order(np.array([[9, 5], [0, 5], [9, 0], [0, 0]], np.float32)).tolist()
    [[0.0, 0.0], [9.0, 0.0], [9.0, 5.0], [0.0, 5.0]]
    """
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, low_left), (top_right, low_right) = (
        pair[np.argsort(pair[:, 1], kind="stable")] for pair in (by_x[:2], by_x[2:])
    )
    return np.stack([top_left, top_right, low_right, low_left])


def _corners(centre: Sequence[float], size: Sequence[float], angle: float) -> Floats:
    """Those of a turned rectangle, ``(4, 2)``, in OpenCV's order."""
    return np.asarray(cv2.boxPoints((centre, size, angle)), np.float32)


def _mean_within(text_map: Floats, corners: Floats) -> float:
    """The map's mean within corners ``(4, 2)`` at centres of pixels."""
    rounded = np.rint(corners).astype(np.int32)
    low = rounded.min(axis=0).clip(0)
    part = text_map[low[1] : rounded[:, 1].max() + 1, low[0] : rounded[:, 0].max() + 1]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [rounded - low], 1)
    return float(part[inside > 0].mean())
