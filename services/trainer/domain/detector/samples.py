"""Training windows: pixels at the model's input scale with their targets and ignore polygons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.detector.truths import Polygon, Truth
from services.trainer.domain.training.views import is_upright
from shared.runtime.placement import place
from shared.runtime.preprocess import Image, resize_image
from shared.vision.boxes import Boxes, Indices, has_area, scale
from shared.vision.clipping import clip_boxes
from shared.vision.tiles import Window

WHOLE = 255  # of a mask's pixel: all of it is the target's
Edges = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TargetMask:
    """The pixels of one target.

    Attributes:
        x, y: Where the first one lies in the sample.
        pixels: ``(h, w)`` uint8 out of `WHOLE`: how much of each pixel is the target's.
    """

    x: int
    y: int
    pixels: NDArray[np.uint8]

    def moved(self, matrix: NDArray[np.float64], size: tuple[int, int]) -> "TargetMask":
        """The same in a view of ``size`` (width, height), cut there; ``matrix`` as `warped`'s."""
        if not is_upright(matrix):
            return self._turned(matrix, size)
        low, high = self._ends(matrix, size)
        wide, tall = np.maximum(high - low, 1).tolist()
        across = (np.arange(wide + 1) + low[0] - matrix[0, 2]) / matrix[0, 0] - self.x
        down = (np.arange(tall + 1) + low[1] - matrix[1, 2]) / matrix[1, 1] - self.y
        return TargetMask(int(low[0]), int(low[1]), averaged(self.pixels, across, down))

    def _turned(self, matrix: NDArray[np.float64], size: tuple[int, int]) -> "TargetMask":
        """First scaled by means, so that a thin line stays, then turned between its pixels."""
        scales = np.linalg.norm(matrix[:, :2], axis=0)
        scaled = self.moved(np.column_stack([np.diag(scales), [0, 0]]), (1 << 30, 1 << 30))
        turn = np.column_stack([matrix[:, :2] / scales, matrix[:, 2]])
        low, high = scaled._ends(turn, size)
        wide, tall = np.maximum(high - low, 1).tolist()
        by_index = turn.copy()  # cv2 maps indices, pixel centres lie half a pixel further
        by_index[:, 2] += turn[:, :2] @ [scaled.x + 0.5, scaled.y + 0.5] - low - 0.5
        pixels = cv2.warpAffine(scaled.pixels, by_index, (wide, tall), flags=cv2.INTER_LINEAR)
        return TargetMask(int(low[0]), int(low[1]), np.asarray(pixels, np.uint8))

    def _ends(
        self, matrix: NDArray[np.float64], size: tuple[int, int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First pixel and the one after the last, ``(x, y)`` each, in a view of ``size``."""
        height, width = self.pixels.shape
        x, y = (self.x, self.x + width), (self.y, self.y + height)
        corners = np.array([(column, row) for column in x for row in y], np.float64)
        ends = corners @ matrix[:, :2].T + matrix[:, 2]
        low = np.clip(np.floor(ends.min(axis=0)), 0, size).astype(np.int64)
        high = np.clip(np.ceil(ends.max(axis=0)), 0, size).astype(np.int64)
        return low, high

    @property
    def outline(self) -> Polygon:
        """The corners ``(K, 2)`` of the convex hull of its pixels, in the sample's.

        Pixels are those that are half the target's, or without any whatever there is.
        """
        least = next(one for one in (WHOLE // 2, 1, 0) if (self.pixels >= one).any())
        rows, columns = np.nonzero(self.pixels >= least)
        squares = [(columns + dx, rows + dy) for dx in (0, 1) for dy in (0, 1)]
        corners = np.concatenate([np.column_stack(square) for square in squares])
        hull = cv2.convexHull(corners.astype(np.int32))[:, 0].astype(np.float32)
        return np.asarray(hull + np.array([self.x, self.y], np.float32))

    def within(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """All pixels of a sample of ``size`` (width, height), in which the mask lies."""
        found = np.zeros((size[1], size[0]), np.uint8)
        part = found[self.y : self.y + self.pixels.shape[0], self.x : self.x + self.pixels.shape[1]]
        part[:] = self.pixels[: part.shape[0], : part.shape[1]]
        return found


def averaged(pixels: NDArray[np.uint8], across: Edges, down: Edges) -> NDArray[np.uint8]:
    """A mask on another grid: of each new pixel the mean of what it covers, nothing being beyond.

    So a line thinner than a new pixel becomes a faint line and neither breaks nor vanishes.

    Args:
        pixels: ``(h, w)``.
        across: ``(n + 1,)`` where the new columns begin and the last one ends, in old columns.
        down: ``(m + 1,)`` the same of the rows.

    Returns:
        ``(m, n)``.

    >>> averaged(np.array([[255, 0, 0, 0]], np.uint8), np.array([0.0, 2, 4]), np.array([0.0, 1]))
    array([[128,   0]], dtype=uint8)
    """
    rows = _means(pixels, down, np.float32)  # of whole numbers, each sum is exact
    return np.asarray(np.rint(_means(rows.T, across, np.float64).T), np.uint8)


def _means(
    values: NDArray[np.generic], edges: Edges, kind: type[np.floating[Any]]
) -> NDArray[np.floating[Any]]:
    """Means of the rows between edges."""
    sums = np.zeros((len(values) + 1, values.shape[1]), kind)
    np.cumsum(values, axis=0, dtype=kind, out=sums[1:])
    inside = np.clip(edges, 0, len(values))
    rows = inside.astype(np.int64)
    rest = (inside - rows).astype(kind)[:, None]
    until = sums[rows] + rest * values[np.minimum(rows, len(values) - 1)]
    return np.asarray(np.diff(until, axis=0) / np.diff(edges)[:, None].astype(kind))


@dataclass(frozen=True, slots=True)
class Sample:
    """One window at the model's input scale; an image without targets is a legal negative.

    Attributes:
        image: ``(h, w, 3)`` uint8 RGB, not padded, at most the input's size.
        boxes_xyxy: ``(N, 4)`` in the sample's pixels, each with an area.
        labels: ``(N,)``.
        ignored: Polygons ``(K, 2)`` in the sample's pixels.
        masks: Pixels of each target, where the task has any.
        outlines: Convex outline ``(K, 2)`` of each target, where any is not its upright box.
    """

    image: Image
    boxes_xyxy: Boxes
    labels: Indices
    ignored: tuple[Polygon, ...] = ()
    masks: tuple[TargetMask, ...] = ()
    outlines: tuple[Polygon, ...] = ()

    def outlines_of_targets(self) -> tuple[Polygon, ...]:
        """What a target's box lies around: its pixels, its outline, or the box itself."""
        if self.masks:
            return tuple(mask.outline for mask in self.masks)
        return self.outlines or tuple(as_polygon(box) for box in self.boxes_xyxy)

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """The image, and the pixels of each mask."""
        return (self.image, *(mask.pixels for mask in self.masks))

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> "Sample":
        """The same window with its pixels elsewhere."""
        masks = zip(self.masks, pixels[1:], strict=True)
        moved = tuple(replace(mask, pixels=own) for mask, own in masks)
        return replace(self, image=pixels[0], masks=moved)


def cut_samples(
    image: Image, truth: Truth, windows: Sequence[Window], input_size: tuple[int, int]
) -> list[Sample]:
    """The samples of one image, one a window, resized exactly as the predictor will.

    Targets cut by a window's edge below half their area become ignore regions; zero-area boxes
    (a click without a drag) are left out.
    """
    return [_cut(image, truth, window, input_size) for window in windows]


def _cut(image: Image, truth: Truth, window: Window, input_size: tuple[int, int]) -> Sample:
    usable = np.flatnonzero(has_area(truth.boxes_xyxy))
    seen = clip_boxes(truth.boxes_xyxy[usable], window)
    labels = truth.labels[usable][seen.source]
    placement = place((window.width, window.height), input_size, "letterbox")
    crop = image[window.y : window.y + window.height, window.x : window.x + window.width]
    pixels = resize_image(np.ascontiguousarray(crop), placement.width, placement.height)
    boxes = scale(seen.boxes_xyxy, placement.scale_x, placement.scale_y)
    factors = np.array([placement.scale_x, placement.scale_y], np.float32)
    origin = np.array([window.x, window.y], np.float32)
    regions = [(polygon - origin) * factors for polygon in truth.ignored]
    slivers = [as_polygon(box) for box in boxes[~seen.is_truth]]
    part = as_polygon(np.array([0, 0, window.width, window.height], np.float32))
    return Sample(
        pixels,
        boxes[seen.is_truth],
        labels[seen.is_truth],
        tuple(
            region
            for region in (*regions, *slivers)
            if _touches(region, placement.width, placement.height)
        ),
        outlines=tuple(
            _within(truth.outlines[row] - origin, part) * factors
            for row in usable[seen.source][seen.is_truth].tolist()
        )
        if truth.outlines
        else (),
    )


def as_polygon(box_xyxy: NDArray[np.float32]) -> Polygon:
    """The corners of a box, ``(4, 2)`` clockwise from the top left.

    >>> as_polygon(np.array([0, 0, 2, 1], np.float32)).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]
    """
    x1, y1, x2, y2 = box_xyxy
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def _within(outline: Polygon, part: Polygon) -> Polygon:
    """What two convex outlines have in common, ``(K, 2)``; all of the first where that is none."""
    _, common = cv2.intersectConvexConvex(outline, part)
    return outline if common is None else np.asarray(common[:, 0], np.float32)


def _touches(polygon: Polygon, width: int, height: int) -> bool:
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    return bool(high[0] > 0 and high[1] > 0 and low[0] < width and low[1] < height)
