"""What each export format holds of our shapes, and what becomes of the others."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.annotation.domain.formats.outlines import outlines_of
from services.annotation.domain.stored_size import MAX_STORED_BYTES, stored_bytes
from services.annotation.domain.task_shapes import as_box, as_outline
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.runtime.tasks.names import ShapeKind

ExportFormat = Literal[
    "labelme", "voc", "yolo", "yolo_seg", "yolo_obb", "dota", "coco", "createml", "datumaro"
]
Fate = Literal["same", "box", "outline", "corners", "nothing"]
"""``corners`` are those of the shape's box, turned as it is, as an outline of four points."""


@dataclass(frozen=True)
class Holds:
    """What a format holds.

    Attributes:
        becomes: What a shape of each kind is written as.
        kept: The kinds that an import reads back as they were.
        texts: Whether what is read there (OCR) is kept.
        ignore_regions: Whether ignore regions are.
    """

    becomes: Mapping[ShapeKind, Fate]
    kept: frozenset[ShapeKind]
    texts: bool = False
    ignore_regions: bool = False


def _holds(
    becomes: Sequence[Fate], kept: str, *, texts: bool = False, ignore_regions: bool = False
) -> Holds:
    kinds: tuple[ShapeKind, ...] = ("box", "rotated_box", "polygon", "mask", "image")
    found = frozenset(kind for kind in kinds if kind in kept.split())
    return Holds(dict(zip(kinds, becomes, strict=True)), found, texts, ignore_regions)


_BOXES = _holds(("same", "box", "box", "box", "nothing"), "box")
_TURNED = _holds(("corners", "corners", "corners", "corners", "nothing"), "box rotated_box")

HOLDS: dict[ExportFormat, Holds] = {
    "labelme": _holds(
        ("same",) * 5, "box rotated_box polygon mask image", texts=True, ignore_regions=True
    ),
    "voc": _BOXES,
    "yolo": _BOXES,
    "yolo_seg": _holds(("outline", "outline", "same", "outline", "nothing"), "polygon"),
    "yolo_obb": _TURNED,
    "dota": _TURNED,
    "coco": _holds(("same", "same", "same", "same", "nothing"), "box rotated_box polygon mask"),
    "createml": _BOXES,
    "datumaro": _holds(
        ("same", "corners", "same", "same", "same"),
        "box rotated_box polygon mask image",
        texts=True,
    ),
}


@dataclass(frozen=True)
class Loss:
    """What a format cannot hold, and what is written in its place.

    ``what`` is a kind of shape, or ``text``, ``ignore_region``, ``hole`` (of a mask) or ``part``
    (of a mask: each is an object of its own then) or ``whole_image`` (all that is on it).
    """

    what: str
    becomes: str


def held(
    wanted: ExportFormat, shapes: Iterable[Shape], regions: Sequence[IgnoreRegion] = ()
) -> tuple[tuple[Shape, ...], Counter[Loss]]:
    """Return shapes as a format holds them, and how often what was lost.

    A mask becomes its box where its outlines would take more room than an image has.

    >>> mark = Shape(label="a", kind="image")
    >>> held("voc", [mark])
    ((), Counter({Loss(what='image', becomes='nothing'): 1}))
    """
    holds, losses, kept = HOLDS[wanted], Counter[Loss](), list[Shape]()
    room = MAX_STORED_BYTES
    for shape in shapes:
        fate, parts = _written(shape, holds.becomes[shape.kind], room, losses)
        kept += parts
        room -= stored_bytes(parts)
        if shape.kind not in holds.kept:
            losses[Loss(shape.kind, "box" if fate == "corners" else fate)] += 1
        if shape.text and not (holds.texts and shape.kind != "image"):
            losses[Loss("text", "nothing")] += 1
    if regions and not holds.ignore_regions:
        losses[Loss("ignore_region", "nothing")] += len(regions)
    return tuple(kept), losses


def _written(
    shape: Shape, fate: Fate, room: int, losses: Counter[Loss]
) -> tuple[Fate, list[Shape]]:
    """What a shape is written as: as its fate says, or as the corners of a mask's box."""
    if fate != "outline" or shape.rle is None:
        return fate, _converted(shape, fate)
    parts = _outlined(shape, shape.rle, room, losses)
    return ("corners", _converted(shape, "corners")) if parts is None else (fate, parts)


def _converted(shape: Shape, fate: Fate) -> list[Shape]:
    if fate == "same":
        return [shape]
    if fate == "nothing":
        return []
    if fate == "outline" or (fate == "corners" and shape.kind in ("box", "rotated_box")):
        return [as_outline(shape)]
    boxed = as_box(as_outline(shape) if shape.kind == "rotated_box" else shape)
    if boxed is None:  # of an empty mask
        return []
    return [as_outline(boxed) if fate == "corners" else boxed]


def _outlined(shape: Shape, rle: Rle, room: int, losses: Counter[Loss]) -> list[Shape] | None:
    """A mask as the outlines of its parts; None where they would take more bytes than `room`."""
    found = outlines_of(rle)
    if found is None:
        return None
    changes = {"kind": "polygon", "rle": None}
    parts = [shape.model_copy(update={**changes, "points": ring}) for ring in found.rings]
    if stored_bytes(parts) > room:
        return None
    if found.holes:
        losses[Loss("hole", "filled")] += found.holes
    if len(parts) > 1:
        losses[Loss("part", "object")] += len(parts)
    return parts
