"""The pixels of what people draw, as run-length codes of the whole image."""

from collections.abc import Sequence

from shared.contracts.shapes import Shape
from shared.vision.masks import Counts, from_polygons, from_text


def code_of(shape: Shape, size: tuple[int, int]) -> Counts:
    """The pixels of a mask or a polygon; ``size`` is the image's height and width."""
    if shape.rle is not None:
        return from_text(shape.rle.counts)
    return filled(shape.points, size)


def filled(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Counts:
    """The pixels inside an outline."""
    return from_polygons([[value for point in points for value in point]], *size)
