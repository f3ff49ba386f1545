"""The truth of an image, as a detector learns it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
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
        outlines: Convex outline ``(K, 2)`` of each target, where any is not its upright box.
    """

    boxes_xyxy: Boxes
    labels: Indices
    ignored: tuple[Polygon, ...] = ()
    outlines: tuple[Polygon, ...] = ()


def truth_of(image: SnapshotImage, labels: Sequence[str]) -> Truth:
    """The image's truth; shapes without a place (whole-image labels) and unknown labels fall out.

    Rotated boxes, polygons and masks teach a detector by the upright box around them.
    """
    known = {label: index for index, label in enumerate(labels)}
    usable = [shape for shape in image.shapes if shape.points and shape.label in known]
    outlines = [_outline(shape) for shape in usable]
    turns = any(shape.angle or shape.kind == "polygon" for shape in usable)
    return Truth(
        as_boxes([_bounds(shape) for shape in usable]),
        np.array([known[shape.label] for shape in usable], np.int64),
        tuple(np.array(region.points, np.float32) for region in image.ignore_regions),
        tuple(outlines) if turns else (),
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


def _outline(shape: Shape) -> Polygon:
    """The convex hull ``(K, 2)`` of what is drawn, a rotated box turned."""
    hull = cv2.convexHull(np.array(shape.points, np.float32))[:, 0]
    if shape.kind == "polygon" and len(hull) > 2:
        return np.asarray(hull, np.float32)
    x1, y1, x2, y2 = shape.bounds()
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)])
    if shape.kind == "rotated_box" and shape.angle:
        cosine, sine = np.cos(np.radians(shape.angle)), np.sin(np.radians(shape.angle))
        turn = np.array([[cosine, -sine], [sine, cosine]])
        corners = (corners - corners.mean(axis=0)) @ turn.T + corners.mean(axis=0)
    return np.asarray(corners, np.float32)
