"""Shapes of the platform's own files as boxes, rotated boxes and run-length codes."""

from collections.abc import Iterable, Sequence
from itertools import chain
from math import radians

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Floats
from shared.contracts.predictions import Detection
from shared.contracts.shapes import Point, Rle, Shape
from shared.contracts.snapshot import SnapshotImage
from shared.vision import rotated_boxes
from shared.vision.masks import MaskTable, bounds_xywh, from_polygons, from_text, table

Code = NDArray[np.uint32]


def upright_box(shape: Shape, image: SnapshotImage) -> list[float]:
    """Upright box ``x, y, w, h`` around a shape."""
    if shape.kind == "mask":
        around: list[float] = bounds_xywh(mask_table([(image, decoded(shape.rle, image))]))[
            0
        ].tolist()
        return around
    return _around(_corners(shape))


def found_box(found: Detection) -> list[float]:
    """Upright box ``x, y, w, h`` around a predicted object."""
    if found.angle is None:
        x1, y1, x2, y2 = found.box
        return [x1, y1, x2 - x1, y2 - y1]
    return _around(_turned(found.box, found.angle))


def rotated_box(shape: Shape, image: SnapshotImage) -> list[float]:
    """Rotated box ``cx, cy, w, h, angle``, in radians, clockwise; other shapes have angle 0."""
    if shape.kind == "rotated_box":
        return _in_radians(shape.bounds(), shape.angle or 0.0)
    x, y, w, h = upright_box(shape, image)
    return [x + w / 2, y + h / 2, w, h, 0.0]


def found_rotated_box(found: Detection) -> list[float]:
    """The same of a predicted object."""
    return _in_radians(found.box, found.angle or 0.0)


def outline(shape: Shape, image: SnapshotImage) -> Code:
    """Pixels of a shape."""
    if shape.kind == "mask":
        return decoded(shape.rle, image)
    return _filled(_corners(shape), image)


def polygon(points: Sequence[Point], image: SnapshotImage) -> Code:
    """Pixels of a polygon."""
    return _filled(list(chain.from_iterable(points)), image)


def found_mask(found: Detection, image: SnapshotImage) -> Code:
    """Pixels of a predicted object.

    Raises:
        BadSamples: It carries none, or of another size.
    """
    if found.rle is None:
        raise BadSamples("a predicted object carries no mask")
    return decoded(found.rle, image)


def decoded(rle: Rle | None, image: SnapshotImage) -> Code:
    """Read a run-length code.

    Raises:
        BadSamples: It is damaged, or not of the image's size.
    """
    if rle is None or rle.size != (image.height, image.width):
        raise BadSamples(f"a mask and its image {image.image_id} differ in size")
    try:
        return from_text(rle.counts)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def mask_table(rows: Iterable[tuple[SnapshotImage, Code]]) -> MaskTable:
    """Gather codes; each must cover its image.

    Raises:
        BadSamples: One does not.
    """
    listed = list(rows)
    try:
        return table(
            [code for _, code in listed], [(image.height, image.width) for image, _ in listed]
        )
    except ValueError as error:
        raise BadSamples(str(error)) from error


def _filled(corners: Sequence[float], image: SnapshotImage) -> Code:
    try:
        return from_polygons([corners], image.height, image.width)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def _corners(shape: Shape) -> list[float]:
    """Outline as ``[x1, y1, …]``; a box has its four corners."""
    if shape.kind in ("box", "rotated_box"):
        return _turned(shape.bounds(), shape.angle or 0.0)
    return list(chain.from_iterable(shape.points))


def _turned(box: tuple[float, float, float, float], angle: float) -> list[float]:
    outline_xy: Floats = rotated_boxes.corners(np.array([_wire(box, angle)]))
    corners: list[float] = outline_xy[0].ravel().tolist()
    return corners


def _in_radians(box: tuple[float, float, float, float], angle: float) -> list[float]:
    *upright, degrees = _wire(box, angle)
    return [*upright, radians(degrees)]


def _wire(box: tuple[float, float, float, float], angle: float) -> list[float]:
    turned: list[float] = rotated_boxes.from_wire(np.array([box]), [angle])[0].tolist()
    return turned


def _around(corners: Sequence[float]) -> list[float]:
    points = np.array(corners, np.float64).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]
