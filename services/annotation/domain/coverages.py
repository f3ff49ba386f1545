"""How much shapes of any kind cover of one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.extents import extent_of
from shared.contracts.shapes import Shape
from shared.vision import boxes, rotated_boxes

Floats = NDArray[np.float64]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """Shapes that have a place in an image.

    Attributes:
        shapes: In order; labels of whole images are left out.
        boxes_xyxy: The upright boxes about them, ``(N, 4)`` px.
        size: Height and width of the image.
    """

    shapes: tuple[Shape, ...]
    boxes_xyxy: boxes.Boxes
    size: Size

    @classmethod
    def of(cls, shapes: Sequence[Shape], size: Size) -> "Placed":
        """Place shapes."""
        kept = tuple(shape for shape in shapes if shape.kind != "image")
        return cls(kept, boxes.as_boxes([extent_of(shape)[0] for shape in kept]), size)


@dataclass(frozen=True, slots=True)
class Coverages:
    """What ``N`` and ``M`` shapes of an image have in common, ``(N, M)`` each.

    Attributes:
        iou: Intersection over union.
        of_first: Share of the first one that the second one covers.
        of_second: Share of the second one that the first one covers.
    """

    iou: Floats
    of_first: Floats
    of_second: Floats

    @classmethod
    def of(cls, first: Placed, second: Placed) -> "Coverages":
        """Measure two upright boxes as they are, of all other pairs whole pixels.

        >>> box = {"label": "pit", "kind": "box"}
        >>> one = Placed.of([Shape(points=((0, 0), (4, 4)), **box)], (9, 9))
        >>> other = Placed.of([Shape(points=((2, 0), (4, 4)), **box)], (9, 9))
        >>> found = Coverages.of(one, other)
        >>> [float(share[0, 0]) for share in (found.iou, found.of_first, found.of_second)]
        [0.5, 0.5, 1.0]
        """
        common = boxes.intersection_matrix(first.boxes_xyxy, second.boxes_xyxy).astype(np.float64)
        areas, others = (boxes.area(one.boxes_xyxy).astype(np.float64) for one in (first, second))
        wholes = (areas[:, None] + others - common, areas[:, None], others[None, :])
        found = cls(*(_share(common, whole) for whole in wholes))
        if any(shape.kind != "box" for shape in (*first.shapes, *second.shapes)):
            found._count_pixels(first, second, common > 0)
        return found

    def _count_pixels(self, first: Placed, second: Placed, meet: NDArray[np.bool_]) -> None:
        from shared.vision import masks  # its compiled kernels load slowly; boxes need none

        tables = [masks.table(_codes(one), [one.size] * len(one.shapes)) for one in (first, second)]
        areas, others = (masks.areas(table) for table in tables)
        for row, column in np.argwhere(meet):
            if first.shapes[row].kind == second.shapes[column].kind == "box":
                continue
            common = masks.intersection_px(tables[0], int(row), tables[1], int(column))
            wholes = (areas[row] + others[column] - common, areas[row], others[column])
            for shares, whole in zip(
                (self.iou, self.of_first, self.of_second), wholes, strict=True
            ):
                shares[row, column] = common / whole if whole else 0.0


def _share(part: Floats, whole: Floats) -> Floats:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _codes(placed: Placed) -> list[NDArray[np.uint32]]:
    """The pixels of each shape as runs."""
    from shared.vision import masks

    codes = []
    for shape in placed.shapes:
        if shape.rle is not None and shape.rle.size == placed.size:
            codes.append(masks.from_text(shape.rle.counts))
        else:
            ring = _ring(shape) if shape.rle is None else np.zeros((0, 2))
            codes.append(masks.from_polygons([ring.ravel().tolist()], *placed.size))
    return codes


def _ring(shape: Shape) -> Floats:
    """The outline of a shape that has points, ``(N, 2)`` px."""
    if shape.kind == "polygon":
        return np.array(shape.points, np.float64)
    box = rotated_boxes.from_wire([shape.bounds()], [shape.angle or 0.0])
    return np.asarray(rotated_boxes.corners(box)[0], np.float64)
