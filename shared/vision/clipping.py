"""Truth cut by a tile's edge: kept when enough of it shows, else an ignore region.

A target of which only a sliver shows is neither background nor a full example (C-142): the tile
must not teach either. Coordinates come and go in the frame of the whole image or of the window;
both are exact, because windows start on whole pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.vision import polygons
from shared.vision.tiles import Window

MIN_VISIBLE = 0.5  # a half-seen target still shows what it is; less is ambiguous

Boxes = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClippedBoxes:
    """Truth boxes of one window.

    Attributes:
        boxes_xyxy: `(K, 4)` float32 in window pixels, cut at its edges; only boxes that show.
        source: `(K,)` index of each in the input.
        visible: `(K,)` share of the box's area that lies in the window, in (0, 1].
        is_truth: `(K,)` True where the box trains the model, False where it is an ignore region.
    """

    boxes_xyxy: Boxes
    source: NDArray[np.int64]
    visible: NDArray[np.float64]
    is_truth: Mask


def clip_boxes(
    boxes_xyxy: Boxes, window: Window, *, min_visible: float = MIN_VISIBLE
) -> ClippedBoxes:
    """Cut truth boxes `(N, 4)` of the whole image at a window's edges.

    Boxes without area never show. No boxes give no boxes.

    >>> boxes = np.array([[0, 0, 10, 10], [8, 0, 18, 10], [30, 0, 40, 10]], dtype=np.float32)
    >>> seen = clip_boxes(boxes, Window(0, 0, 0, 0, 12, 10))
    >>> seen.boxes_xyxy.tolist(), seen.is_truth.tolist()
    ([[0.0, 0.0, 10.0, 10.0], [8.0, 0.0, 12.0, 10.0]], [True, False])
    """
    boxes = boxes_xyxy.astype(np.float64).reshape(-1, 4)
    x1, y1, x2, y2 = window.box_xyxy
    cut = np.clip(boxes, [x1, y1, x1, y1], [x2, y2, x2, y2])
    areas, cut_areas = _areas(boxes), _areas(cut)
    shows = cut_areas > 0
    visible = cut_areas[shows] / areas[shows]
    return ClippedBoxes(
        boxes_xyxy=(cut[shows] - [x1, y1, x1, y1]).astype(np.float32),
        source=np.flatnonzero(shows),
        visible=visible,
        is_truth=visible >= min_visible,
    )


def clip_polygon(points: Points, window: Window) -> tuple[Points, float]:
    """Cut a polygon `(N, 2)` at a window's edges.

    Returns:
        The part inside in window pixels, `(K, 2)`, and the visible share of the area in [0, 1].
        A concave polygon that leaves and comes back keeps edges along the border, as
        Sutherland and Hodgman, "Reentrant polygon clipping", CACM 1974, do; the
        area is that of the inside by the even-odd rule.
        Nothing inside, or fewer than three points, gives `(0, 2)` and 0.

    >>> square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], dtype=float)
    >>> clip_polygon(square, Window(0, 0, 5, 0, 20, 20))[1]
    0.5
    """
    outline = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    whole = outline
    x1, y1, x2, y2 = window.box_xyxy
    for axis, limit, sign in ((0, x1, 1.0), (0, x2, -1.0), (1, y1, 1.0), (1, y2, -1.0)):
        outline = _cut_by_line(outline, axis, limit=float(limit), sign=sign)
    inside = polygons.inside_area(outline)
    if inside <= 0:
        return np.zeros((0, 2)), 0.0
    return outline - [x1, y1], inside / max(inside, polygons.inside_area(whole))


def to_image(boxes_xyxy: Boxes, window: Window) -> Boxes:
    """Move boxes `(N, 4)` from window pixels to whole-image pixels.

    >>> to_image(np.array([[1, 2, 3, 4]], dtype=np.float32), Window(0, 0, 10, 20, 5, 5)).tolist()
    [[11.0, 22.0, 13.0, 24.0]]
    """
    offset = np.array([window.x, window.y] * 2, dtype=np.float32)
    return np.asarray(boxes_xyxy, dtype=np.float32) + offset


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def _cut_by_line(points: Points, axis: int, *, limit: float, sign: float) -> Points:
    if len(points) == 0:
        return points
    before = np.roll(points, 1, axis=0)
    now_in = (points[:, axis] - limit) * sign >= 0
    before_in = np.roll(now_in, 1)
    kept: list[NDArray[np.float64]] = []
    for index, point in enumerate(points):
        if now_in[index] != before_in[index]:
            kept.append(_crossing(before[index], point, axis=axis, limit=limit))
        if now_in[index]:
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _crossing(
    start: NDArray[np.float64], stop: NDArray[np.float64], *, axis: int, limit: float
) -> NDArray[np.float64]:
    share = (limit - start[axis]) / (stop[axis] - start[axis])
    crossing: NDArray[np.float64] = start + share * (stop - start)
    crossing[axis] = limit
    return crossing
