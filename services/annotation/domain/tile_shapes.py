"""What of a large image's annotation lies on one of its tiles (C-142).

A target of which a tile shows too little to tell what it is becomes an ignore region there: it is
neither background nor a full example.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.vision import polygons
from shared.vision.clipping import MIN_VISIBLE, clip_polygon
from shared.vision.tiles import Window

WHOLE = 1 - 1e-9  # the visible share of a turned box comes with rounding

Outline = NDArray[np.float64]
Part = tuple[Shape, Outline, float]
"""A shape as the tile shows it, the outline of what shows, and the share of its area that does."""


def on_tile(
    shapes: Sequence[Shape], regions: Sequence[IgnoreRegion], tile: Window
) -> tuple[tuple[Shape, ...], tuple[IgnoreRegion, ...]]:
    """Move shapes and ignore regions of a whole image to a tile, cut at its edges.

    Args:
        shapes: Boxes, rotated boxes, polygons and masks in pixels of the whole image.
        regions: Ignore regions of the whole image.
        tile: Where the tile lies in it.

    Returns:
        Shapes without ids and ignore regions, in pixels of the tile.

    >>> box = Shape(label="a", kind="box", points=((0, 0), (12, 10)))
    >>> left, right = Window(0, 0, 0, 0, 10, 10), Window(0, 1, 10, 0, 10, 10)
    >>> on_tile([box], [], left)[0][0].points
    ((0.0, 0.0), (10.0, 10.0))
    >>> shapes, ignored = on_tile([box], [], right)
    >>> len(shapes), ignored[0].points
    (0, ((0.0, 0.0), (2.0, 0.0), (2.0, 10.0), (0.0, 10.0)))
    """
    parts = [part for shape in shapes if (part := _part(shape, tile)) is not None]
    outlines = [clip_polygon(np.array(region.points), tile)[0] for region in regions]
    slivers = [outline for _, outline, visible in parts if visible < MIN_VISIBLE]
    kept = tuple(
        _named_anew(shape, visible) for shape, _, visible in parts if visible >= MIN_VISIBLE
    )
    return kept, tuple(_regions([*outlines, *slivers]))


def _named_anew(shape: Shape, visible: float) -> Shape:
    """A shape of the tile; a part of one is not what a version proposed."""
    whole = visible > WHOLE
    return shape.model_copy(
        update={"id": ""} if whole else {"id": "", "score": None, "proposed_by": None}
    )


def _part(shape: Shape, tile: Window) -> Part | None:
    if shape.kind == "image":
        return None
    if shape.rle is not None:
        return _mask_part(shape, shape.rle, tile)
    outline, visible = clip_polygon(_outline(shape), tile)
    if visible <= 0:
        return None
    if shape.kind == "rotated_box" and visible > WHOLE:
        moved = tuple((x - tile.x, y - tile.y) for x, y in shape.points)
        return shape.model_copy(update={"points": moved}), outline, visible
    points = outline if shape.kind == "polygon" else _corners(outline)[[0, 2]]
    kind = "polygon" if shape.kind == "polygon" else "box"
    update = {"kind": kind, "points": _pairs(points), "angle": None}
    return shape.model_copy(update=update), outline, visible


def _mask_part(shape: Shape, rle: Rle, tile: Window) -> Part | None:
    from shared.vision import masks  # its compiled kernels load slowly and most tasks need none

    counts = masks.from_text(rle.counts)
    shown = masks.window(counts, rle.size[0], (tile.x, tile.y, tile.width, tile.height))
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    if not rows.size:
        return None
    code = masks.to_text(masks.from_dense(shown))
    cut = shape.model_copy(update={"rle": Rle(size=(tile.height, tile.width), counts=code)})
    ends = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]], np.float64)
    return cut, _corners(ends), float(shown.sum() / counts[1::2].sum())


def _outline(shape: Shape) -> Outline:
    points = np.array(shape.points, np.float64)
    if shape.kind == "polygon":
        return points
    if shape.kind == "rotated_box" and shape.angle:
        return _turned(_corners(points), points.mean(axis=0), np.radians(shape.angle))
    return _corners(points)


def _turned(points: Outline, centre: NDArray[np.float64], angle: float) -> Outline:
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    turned: Outline = (points - centre) @ turn + centre
    return turned


def _corners(points: Outline) -> Outline:
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _regions(outlines: Iterable[Outline]) -> Iterable[IgnoreRegion]:
    for outline in outlines:
        if polygons.has_inside(outline):
            yield IgnoreRegion(points=_pairs(outline))


def _pairs(points: Outline) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)
