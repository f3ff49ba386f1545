"""Labels drawn on the picture as the camera stored it, brought into the upright one.

Tools differ: some show a photo upright by its EXIF orientation, others as it is stored. The size in
a label file tells which, unless both sizes are equal.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.formats.model import FormatError, KnownImage, ParsedLabels
from services.annotation.domain.formats.raster import decode_mask, encode_mask
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.vision import rotated_boxes

_SIDEWAYS = 5  # from this orientation on, rows are columns
_ASSUMED = (
    "taken as drawn on the upright picture: the file cannot tell whether it was the picture as the"
    " camera stored it (EXIF)"
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """What a label file was drawn on.

    Attributes:
        image: The image with the sides of that picture, in pixels.
        orientation: The EXIF orientation that turns it upright; 1 where it is upright.
        is_assumed: Whether the file cannot tell.
    """

    image: KnownImage
    orientation: int = 1
    is_assumed: bool = False

    def upright(self, labels: ParsedLabels) -> ParsedLabels:
        """Return labels in pixels of the upright image."""
        if self.is_assumed and (labels.shapes or labels.ignore_regions):
            return replace(labels, warnings=(*labels.warnings, _ASSUMED))
        if self.orientation == 1:
            return labels
        regions = (
            IgnoreRegion(points=tuple(self._turned(point) for point in region.points))
            for region in labels.ignore_regions
        )
        shapes = tuple(self._upright(shape) for shape in labels.shapes)
        return replace(labels, shapes=shapes, ignore_regions=tuple(regions))

    def _upright(self, shape: Shape) -> Shape:
        if shape.kind == "image":
            return shape
        if shape.rle is not None:
            return shape.model_copy(update={"rle": self._mask(shape.rle)})
        if shape.kind == "rotated_box":
            return shape.model_copy(update=self._rotated(shape))
        points = [self._turned(point) for point in shape.points]
        if shape.kind == "box":
            (ax, ay), (bx, by) = points
            points = [(min(ax, bx), min(ay, by)), (max(ax, bx), max(ay, by))]
        return shape.model_copy(update={"points": tuple(points)})

    def _turned(self, point: Point) -> Point:
        return _TURNS[self.orientation](*point, self.image.width, self.image.height)

    def _rotated(self, shape: Shape) -> dict[str, object]:
        ends = np.array(shape.points).reshape(1, 4)
        ring = rotated_boxes.corners(rotated_boxes.from_wire(ends, [shape.angle or 0.0]))[0]
        turned = np.array([[self._turned((float(x), float(y))) for x, y in ring]])
        ((x1, y1, x2, y2),), (angle,) = (
            values.tolist() for values in rotated_boxes.to_wire(rotated_boxes.from_corners(turned))
        )
        return {"points": ((x1, y1), (x2, y2)), "angle": angle}

    def _mask(self, rle: Rle) -> Rle:
        return encode_mask(_turned_pixels(decode_mask(rle), self.orientation))


def frame_of(image: KnownImage, width: float = 0, height: float = 0) -> Frame:
    """Return what a label file was drawn on, by the size written in it; 0 where none was.

    Raises:
        FormatError: The size is neither that of the upright picture nor of the stored one.

    >>> photo = KnownImage("i", "a.jpg", 30, 40, orientation=6)
    >>> frame_of(photo, 30, 40).orientation, frame_of(photo, 40, 30).orientation
    (1, 6)
    >>> frame_of(photo).is_assumed
    True
    """
    upright, stored = (image.width, image.height), _stored_size(image)
    fits = [size for size in (upright, stored) if _fits(size, width, height)]
    if not fits:
        raise FormatError(
            f"made for an image of {width:g}×{height:g} px, but {image.name!r} in the gallery has"
            f" {image.width}×{image.height} px"
        )
    if image.orientation == 1 or fits == [upright]:
        return Frame(image)
    if len(fits) > 1:
        return Frame(image, is_assumed=True)
    drawn_on = replace(image, width=stored[0], height=stored[1])
    return Frame(drawn_on, image.orientation)


def _fits(size: tuple[int, int], width: float, height: float) -> bool:
    """Whether a size is the one written in a file; a side of 0 was not."""
    return round(width) in (0, size[0]) and round(height) in (0, size[1])


def agreed(frames: Iterable[Frame]) -> Frame:
    """Return what the records of one image, of which there is at least one, were drawn on.

    Raises:
        FormatError: They differ.

    >>> agreed([Frame(KnownImage("i", "a.jpg", 30, 40))] * 2).image.name
    'a.jpg'
    """
    found = set(frames)
    if len(found) > 1:
        raise FormatError("its records give different sizes of the image")
    return found.pop()


def _stored_size(image: KnownImage) -> tuple[int, int]:
    sideways = image.orientation >= _SIDEWAYS
    return (image.height, image.width) if sideways else (image.width, image.height)


def _turned_pixels(pixels: NDArray[np.bool_], orientation: int) -> NDArray[np.bool_]:
    """Stored pixels `(H, W)` as the upright ones."""
    turned = pixels.T if orientation >= _SIDEWAYS else pixels
    across, down = _FLIPS[orientation]
    return np.ascontiguousarray(turned[:: -1 if down else 1, :: -1 if across else 1])


_Turn = Callable[[float, float, int, int], Point]
_TURNS: dict[int, _Turn] = {  # Exif 2.32, tag 0x0112; of a stored picture `w` × `h`
    1: lambda x, y, w, h: (x, y),
    2: lambda x, y, w, h: (w - x, y),
    3: lambda x, y, w, h: (w - x, h - y),
    4: lambda x, y, w, h: (x, h - y),
    5: lambda x, y, w, h: (y, x),
    6: lambda x, y, w, h: (h - y, x),
    7: lambda x, y, w, h: (h - y, w - x),
    8: lambda x, y, w, h: (y, w - x),
}
_FLIPS = {  # left to right and top to bottom, behind the transposition of 5 to 8
    1: (False, False),
    2: (True, False),
    3: (True, True),
    4: (False, True),
    5: (False, False),
    6: (True, False),
    7: (True, True),
    8: (False, True),
}
