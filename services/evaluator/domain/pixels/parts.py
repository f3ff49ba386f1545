"""Connected parts of one label: the objects of a label map, and the errors worth looking at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Flags, Ints
from services.evaluator.domain.objects.error_gallery import Corners
from shared.contracts.shapes import Rle
from shared.vision.masks import from_part, to_text

FOUND_SHARE = 0.5  # an object is found when half of its pixels carry its label
MarkKind = Literal["false", "missed", "correct"]
MOST_IMAGES = 100  # with errors that are kept to be looked at
MOST_PARTS = 20  # of an image
MOST_TEXT = 1 << 14  # characters of a part's run-length code; a larger one is kept as a box


LabelMap = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Parts:
    """Connected parts (8 neighbours) of one label in one image.

    Attributes:
        pixels: ``(H, W)``, the number of each pixel's part from 1 on, 0 where there is none.
        boxes_xywh: ``(N, 4)`` in pixels.
        area: ``(N,)`` in pixels.
        covered: ``(N,)``, whether the other map carries the label on half of the part's pixels.
    """

    pixels: NDArray[np.int32]
    boxes_xywh: Ints
    area: Ints
    covered: Flags

    @classmethod
    def of(cls, mask: NDArray[np.uint8], other: NDArray[np.uint8]) -> "Parts":
        """The parts of a mask, held against the other map's mask of the same label."""
        count, pixels, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        shared = np.bincount(pixels[other > 0].ravel(), minlength=count)[1:]
        area = facts[1:, cv2.CC_STAT_AREA].astype(np.int64)
        boxes = facts[1:, : cv2.CC_STAT_AREA].astype(np.int64)
        return cls(np.asarray(pixels, np.int32), boxes, area, shared >= FOUND_SHARE * area)

    @classmethod
    def both(cls, truth: LabelMap, found: LabelMap, label: int) -> tuple["Parts", "Parts"]:
        """The parts of a label in the truth, and those in what was found."""
        masks = [(labels == label).astype(np.uint8) for labels in (truth, found)]
        return cls.of(masks[0], masks[1]), cls.of(masks[1], masks[0])


class SeenPart(NamedTuple):
    """A part by its row among the :class:`Parts` of its label; most are never drawn."""

    kind: MarkKind
    label: int
    area: int
    row: int


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """A part that is shown: found wrongly, missed or found rightly; ``label`` counts from 1 on."""

    kind: MarkKind
    label: int
    area: int
    box: Corners
    rle: Rle | None


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """An image with errors: its place among all, ``(height, width)``, its largest parts."""

    place: int
    size: tuple[int, int]
    parts: tuple[DrawnPart, ...]


@dataclass(slots=True)
class LargestErrors:
    """The images with the largest wrong or missed part; of others nothing stays in memory."""

    _kept: list[tuple[int, int, DrawnImage]] = field(init=False, default_factory=list)

    @property
    def images(self) -> tuple[DrawnImage, ...]:
        """The images, that with the largest error first."""
        return tuple(image for _, _, image in sorted(self._kept, reverse=True))

    def add(
        self, place: int, truth: LabelMap, found: LabelMap, *, parts: Sequence[SeenPart]
    ) -> None:
        """Look at one image: its place among all, its maps ``(H, W)``, and its parts."""
        largest = max((part.area for part in parts if part.kind != "correct"), default=0)
        if not largest:
            return
        is_full = len(self._kept) == MOST_IMAGES
        if is_full and (largest, -place) < self._kept[0][:2]:
            return
        size = truth.shape[0], truth.shape[1]
        shown = _drawn(truth, found, sorted(parts, key=_first)[:MOST_PARTS])
        kept = (largest, -place, DrawnImage(place, size, shown))
        if is_full:
            heappushpop(self._kept, kept)
        else:
            heappush(self._kept, kept)


def seen(label: int, truth: Parts, found: Parts) -> list[SeenPart]:
    """The largest parts of a label that were missed, found wrongly and found rightly."""
    rows: list[tuple[MarkKind, Parts, Ints]] = [
        ("missed", truth, np.flatnonzero(~truth.covered)),
        ("false", found, np.flatnonzero(~found.covered)),
        ("correct", found, np.flatnonzero(found.covered)),
    ]
    parts = [
        SeenPart(kind, label, int(there.area[row]), row)
        for kind, there, numbers in rows
        for row in numbers.tolist()
    ]
    return sorted(parts, key=_first)[:MOST_PARTS]


def _first(part: SeenPart) -> tuple[bool, int]:
    return part.kind == "correct", -part.area


def _drawn(truth: LabelMap, found: LabelMap, shown: Sequence[SeenPart]) -> tuple[DrawnPart, ...]:
    """Their pixels are looked for again: kept, those of all labels would be many times the maps."""
    made: dict[SeenPart, DrawnPart] = {}
    for label in {part.label for part in shown}:
        there, taken = Parts.both(truth, found, label)
        for part in shown:
            if part.label == label:
                made[part] = _part(part, there if part.kind == "missed" else taken)
    return tuple(made[part] for part in shown)


def _part(seen: SeenPart, parts: Parts) -> DrawnPart:
    kind, label, area, row = seen
    x, y, width, height = parts.boxes_xywh[row].tolist()
    pixels = parts.pixels[y : y + height, x : x + width] == row + 1
    size = (parts.pixels.shape[0], parts.pixels.shape[1])
    text = to_text(from_part(pixels, (x, y), size))
    rle = Rle(size=size, counts=text) if len(text) <= MOST_TEXT else None
    box = (float(x), float(y), float(x + width), float(y + height))
    return DrawnPart(kind, label, area, box, rle)
