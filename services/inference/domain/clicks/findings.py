"""Findings: what a version has found in an image, where clicks may mean just that."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.inference.domain.clicks.clicks import Click
from services.inference.domain.clicks.outlines import Outline, OutlineKind
from shared.contracts.shapes import Shape
from shared.vision.masks import from_text, window
from shared.vision.rotated_boxes import corners, from_wire

_SURE = 0.5
"""Score from which on a finding is rather there than not; proposals go down further."""


def meant(
    shapes: Iterable[Shape], clicks: Sequence[Click], kind: OutlineKind, *, version: str
) -> Outline | None:
    """Return the smallest sure finding of a kind with which all clicks agree; None for none.

    >>> box = Shape(label="pore", kind="box", points=((0, 0), (5, 5)), score=0.5)
    >>> meant([box], [Click(2, 2)], "box", version="V3").version
    'V3'
    >>> meant([box], [Click(2, 2), Click(4, 4, inside=False)], "box", version="V3") is None
    True
    """
    agreed = [
        shape
        for shape in shapes
        if shape.kind == kind
        and (shape.score or 0.0) >= _SURE
        and all(_covers(shape, click.x, click.y) == click.inside for click in clicks)
    ]
    shape = min(agreed, key=_size, default=None)
    if shape is None:
        return None
    return Outline(kind, shape.score or 0.0, shape.points, shape.rle, shape.angle, version)


def _covers(shape: Shape, x: float, y: float) -> bool:
    if shape.rle is not None:
        code = from_text(shape.rle.counts)
        return bool(window(code, shape.rle.size[0], (int(x), int(y), 1, 1))[0, 0])
    return cv2.pointPolygonTest(_ring(shape), (x, y), measureDist=False) >= 0


def _ring(shape: Shape) -> NDArray[np.float32]:
    if shape.kind == "polygon":
        return np.array(shape.points, np.float32)
    box = np.ravel(shape.points)[None]
    return np.asarray(corners(from_wire(box, [shape.angle or 0.0]))[0], np.float32)


def _size(shape: Shape) -> float:
    """Pixels that it covers."""
    if shape.rle is not None:
        return float(from_text(shape.rle.counts)[1::2].sum())
    return float(cv2.contourArea(_ring(shape)))
