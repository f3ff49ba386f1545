"""Outlines: what clicks mean, as the shape that an annotator wants of it."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from services.inference.domain.clicks.patches import Bits, Box
from services.inference.domain.clicks.segmenter import Segment
from shared.contracts.shapes import Rle
from shared.vision.masks import from_part, to_text
from shared.vision.rotated_boxes import as_rotated_boxes, to_wire

OutlineKind = Literal["box", "rotated_box", "polygon", "mask"]
_STAIRS_PX = 1.0  # the steps of an outline along pixels are no corners
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of an object, in image pixels.

    Attributes:
        kind: As of a shape.
        score: What speaks for it, in [0, 1].
        points: Of a box or a rotated box two, of a polygon at least three, of a mask none.
        rle: Of a mask.
        angle: Of a rotated box, in degrees, clockwise.
        version: The model version that had found it; None for one made of the clicks.
    """

    kind: OutlineKind
    score: float
    points: Points = ()
    rle: Rle | None = None
    angle: float | None = None
    version: str | None = None


def boxed(box: Box, score: float) -> Outline:
    """Return a box as an outline.

    >>> boxed((1.0, 2.0, 3.0, 4.0), 0.5).points
    ((1.0, 2.0), (3.0, 4.0))
    """
    return Outline("box", score, ((box[0], box[1]), (box[2], box[3])))


def outlined(found: Segment, kind: OutlineKind) -> Outline:
    """Return an area as the ``kind`` of shape that is wanted; a polygon is of its largest part."""
    left, top, right, bottom = (int(side) for side in found.patch.box)
    if kind == "box":
        return boxed(found.patch.box_of(found.mask), found.score)
    drawn = _enlarged(found.mask, (right - left, bottom - top))
    width, height = found.patch.size
    if kind == "mask":
        counts = from_part(drawn, (left, top), (height, width))
        return Outline(kind, found.score, rle=Rle(size=(height, width), counts=to_text(counts)))
    ring = _ring(drawn) + np.array([left, top])
    if kind == "polygon":
        return Outline(kind, found.score, _pairs(ring))
    (x, y), (across, down), angle = cv2.minAreaRect(ring.astype(np.float32))
    corners, angles = to_wire(as_rotated_boxes([[x, y, across, down, angle]]))
    return Outline(kind, found.score, _pairs(corners.reshape(2, 2)), angle=float(angles[0]))


def _enlarged(mask: Bits, size: tuple[int, int]) -> Bits:
    """A mask of a grid in image pixels; as it is where the grid's are the image's."""
    if mask.shape == (size[1], size[0]):
        return mask
    drawn = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= 0.5
    if not drawn.any():  # a cell alone is less than half of each pixel about it
        drawn = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(drawn)


def _ring(mask: Bits) -> np.ndarray:
    """``(N, 2)``: the outline along the pixels' edges, its steps left out; N is at least 3."""
    # A contour runs through pixels' centres: of a picture twice as large it runs at their edges.
    twice = np.repeat(np.repeat(mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    rings, _ = cv2.findContours(twice, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(rings, key=cv2.contourArea)
    thinned = cv2.approxPolyDP(largest, 2 * _STAIRS_PX, closed=True)
    ring = thinned if len(thinned) > 2 else largest
    return np.asarray(ring.reshape(-1, 2), np.float64) / 2 + 0.25


def _pairs(points: np.ndarray) -> Points:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)
