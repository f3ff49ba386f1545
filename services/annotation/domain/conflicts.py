"""What an import does to an image that has an annotation already."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.shape_rules import with_ids
from services.annotation.domain.stored_size import is_too_large
from shared.contracts.shapes import Shape, Task
from shared.runtime.tasks.table import spec_of

OnConflict = Literal["keep", "replace", "merge"]
"""``keep`` leaves what a person drew, ``replace`` nothing, ``merge`` adds to what is there."""

Action = Literal["new", "replaced", "merged", "unchanged", "kept"]
"""What becomes of an image; only ``replaced`` takes something away."""

_NEAR_PX = 0.5  # formats round; one object of two files is hardly ever closer to another
_ROUNDED_PX = 1e-3


@dataclass(frozen=True)
class Drawn:
    """What stands on an image before an import: how many shapes, by whom, and whether by hand."""

    author: str
    shapes: int
    by_hand: bool


def same_content(one: Sequence[Shape], other: Sequence[Shape]) -> bool:
    """Tell whether two annotations show the same, but for the digits that a format rounds away.

    Ids of shapes count for nothing.

    >>> box = Shape(label="a", kind="box", points=((0, 0), (1, 1)))
    >>> same_content([box], [box.model_copy(update={"id": "s1"})]), same_content([box], [])
    (True, False)
    """
    return len(one) == len(other) and all(
        _key(first) == _key(second) and _is_near(first, second, within=_ROUNDED_PX)
        for first, second in zip(one, other, strict=True)
    )


def merged(
    drawn: Sequence[Shape], imported: Sequence[Shape], image_id: str, task: Task
) -> tuple[Shape, ...] | None:
    """Add what an import shows to what is drawn; the same object, within half a pixel, once.

    Returns:
        The shapes of both; None where they cannot stand together: two labels of a classified image,
        or more shapes than one image may have.
    """
    near: dict[Hashable, list[Shape]] = defaultdict(list)
    for shape in drawn:
        for place in _places(shape):
            near[place].append(shape)
    added = [
        _bare(shape)
        for shape in imported
        if not any(_is_near(shape, present) for present in near[(_key(shape), _cell(shape))])
    ]
    shapes = with_ids((*drawn, *added), image_id)
    too_many = len(shapes) > MAX_SHAPES or not spec_of(task).allows(len(shapes))
    return None if too_many or is_too_large(shapes) else shapes


def _bare(shape: Shape) -> Shape:
    return shape.model_copy(update={"id": "", "score": None})


def _cell(shape: Shape) -> tuple[int, int]:
    """The whole pixel of the first point."""
    x, y = shape.points[0] if shape.points else (0.0, 0.0)
    return math.floor(x), math.floor(y)


def _key(shape: Shape) -> Hashable:
    """What shapes that are near one another have alike; masks, which have no points, all of it."""
    code = (shape.rle.size, shape.rle.counts) if shape.rle else None
    return shape.label, shape.kind, code, shape.text, len(shape.points)


def _places(shape: Shape) -> Iterator[Hashable]:
    """Where the first point of a shape that is near this one may lie."""
    x, y = _cell(shape)
    around = (-1, 0, 1) if shape.points else (0,)
    yield from ((_key(shape), (x + right, y + down)) for right in around for down in around)


def _is_near(one: Shape, other: Shape, *, within: float = _NEAR_PX) -> bool:
    """Whether two shapes of one key are the same object."""
    if abs((one.angle or 0) - (other.angle or 0)) > within:
        return False
    pairs = zip(one.points, other.points, strict=True)
    return all(max(abs(ax - bx), abs(ay - by)) <= within for (ax, ay), (bx, by) in pairs)
