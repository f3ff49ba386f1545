"""The truth of an image, as a detector learns it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.contracts.shapes import Shape
from shared.contracts.snapshot import SnapshotImage
from shared.vision.boxes import Boxes, Indices, as_boxes

Polygon = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a whole image.

    Attributes:
        boxes_xyxy: ``(N, 4)`` in image pixels.
        labels: ``(N,)`` label indices.
        ignored: Polygons ``(K, 2)`` in image pixels whose inside is not trained.
    """

    boxes_xyxy: Boxes
    labels: Indices
    ignored: tuple[Polygon, ...] = ()


def truth_of(image: SnapshotImage, labels: Sequence[str]) -> Truth:
    """The image's truth; shapes without a place (whole-image labels) and unknown labels fall out.

    Rotated boxes, polygons and masks teach a detector by the upright box around them.
    """
    known = {label: index for index, label in enumerate(labels)}
    usable = [shape for shape in image.shapes if shape.points and shape.label in known]
    return Truth(
        as_boxes([_bounds(shape) for shape in usable]),
        np.array([known[shape.label] for shape in usable], np.int64),
        tuple(np.array(region.points, np.float32) for region in image.ignore_regions),
    )


def _bounds(shape: Shape) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = shape.bounds()
    if shape.kind != "rotated_box" or not shape.angle:
        return x1, y1, x2, y2
    cosine = abs(np.cos(np.radians(shape.angle)))
    sine = abs(np.sin(np.radians(shape.angle)))
    half_x = ((x2 - x1) * cosine + (y2 - y1) * sine) / 2
    half_y = ((x2 - x1) * sine + (y2 - y1) * cosine) / 2
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    return middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y
