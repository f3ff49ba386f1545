"""Shapes of a snapshot as boxes, rotated boxes and run-length codes."""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Floats
from services.evaluator.domain.readers.dataset import Point, Rle, Shape, TruthImage
from shared.vision import rotated_boxes
from shared.vision.masks import MaskTable, bounds_xywh, from_polygons, from_text, table

Code = NDArray[np.uint32]
Sized = tuple[TruthImage, Code]


def upright_boxes(rows: Sequence[tuple[TruthImage, Shape]]) -> Floats:
    """Upright boxes ``x, y, w, h`` around shapes, ``(N, 4)``."""
    out = np.zeros((len(rows), 4))
    drawn = [place for place, (_, shape) in enumerate(rows) if shape.kind != "mask"]
    masks = [place for place, (_, shape) in enumerate(rows) if shape.kind == "mask"]
    bounds = np.array([_bounds(rows[place]) for place in drawn], np.float64).reshape(-1, 4)
    turned = np.array([rows[p][1].kind in ("box", "rotated_box") for p in drawn], np.bool_)
    angles = np.array([rows[p][1].angle or 0.0 for p in drawn], np.float64)
    bounds[turned] = around_turned(bounds[turned], angles[turned])
    out[drawn] = np.hstack([bounds[:, :2], bounds[:, 2:] - bounds[:, :2]])
    if masks:
        codes = [(image, decoded(shape.rle, image)) for image, shape in (rows[p] for p in masks)]
        out[masks] = bounds_xywh(mask_table(codes))
    return out


def around_turned(bounds_xyxy: Floats, angles_deg: Floats) -> Floats:
    """Upright boxes ``x1, y1, x2, y2`` around boxes turned about their centres, ``(N, 4)``."""
    return rotated_boxes.bounds(rotated_boxes.from_wire(bounds_xyxy, angles_deg))


def rotated_rows(rows: Sequence[tuple[TruthImage, Shape]], upright_xywh: Floats) -> Floats:
    """Rotated boxes ``cx, cy, w, h, angle``, in radians, clockwise, ``(N, 5)``.

    Shapes of another kind are their upright boxes with angle 0.
    """
    x, y, w, h = upright_xywh.T
    out = np.stack([x + w / 2, y + h / 2, w, h, np.zeros(len(x))], axis=1)
    turned = [place for place, (_, shape) in enumerate(rows) if shape.kind == "rotated_box"]
    bounds = np.array([_bounds(rows[place]) for place in turned], np.float64).reshape(-1, 4)
    angles = np.array([rows[place][1].angle or 0.0 for place in turned], np.float64)
    out[turned] = in_radians(bounds, angles)
    return out


def in_radians(bounds_xyxy: Floats, angles_deg: Floats) -> Floats:
    """Rotated boxes of the wire form, their angles in radians, ``(N, 5)``."""
    boxes = rotated_boxes.from_wire(bounds_xyxy, angles_deg)
    return np.hstack([boxes[:, :4], np.deg2rad(boxes[:, 4:])])


def outline(shape: Shape, image: TruthImage) -> Code:
    """Pixels of a shape.

    Raises:
        BadSamples: It cannot be drawn in its image.
    """
    if shape.kind == "mask":
        return decoded(shape.rle, image)
    if shape.kind in ("box", "rotated_box"):
        bounds = np.array([_bounds((image, shape))])
        boxes = rotated_boxes.from_wire(bounds, [shape.angle or 0.0])
        return _filled(rotated_boxes.corners(boxes)[0].ravel().tolist(), image)
    return polygon(shape.points, image)


def polygon(points: Sequence[Point], image: TruthImage) -> Code:
    """Pixels of a polygon."""
    return _filled(list(chain.from_iterable(points)), image)


def decoded(rle: Rle | None, image: TruthImage) -> Code:
    """Read a run-length code.

    Raises:
        BadSamples: It is damaged, or not of the image's size.
    """
    if rle is None or rle.size != image.size:
        raise BadSamples(f"a mask and its image {image.image_id} differ in size")
    try:
        return from_text(rle.counts)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def mask_table(rows: Iterable[Sized]) -> MaskTable:
    """Gather codes; each must cover its image.

    Raises:
        BadSamples: One does not.
    """
    listed = list(rows)
    try:
        return table([code for _, code in listed], [image.size for image, _ in listed])
    except ValueError as error:
        raise BadSamples(str(error)) from error


def _filled(corners: Sequence[float], image: TruthImage) -> Code:
    try:
        return from_polygons([corners], image.height, image.width)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def _bounds(row: tuple[TruthImage, Shape]) -> tuple[float, float, float, float]:
    """Upright box around the points of a shape."""
    image, shape = row
    if len(shape.points) < 2:
        raise BadSamples(f"image {image.image_id}: a {shape.kind} has too few points")
    xs, ys = zip(*shape.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
