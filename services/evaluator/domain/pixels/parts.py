"""Connected parts of one label: the objects of a label map, and the errors worth looking at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Literal

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

    def add(self, place: int, size: tuple[int, int], parts: Sequence[DrawnPart]) -> None:
        """Look at one image of ``size`` (height, width), its place among all, and its parts."""
        largest = max((part.area for part in parts if part.kind != "correct"), default=0)
        if not largest:
            return
        shown = tuple(sorted(parts, key=_first)[:MOST_PARTS])
        kept = (largest, -place, DrawnImage(place, size, shown))
        if len(self._kept) < MOST_IMAGES:
            heappush(self._kept, kept)
        else:
            heappushpop(self._kept, kept)


def drawn(label: int, truth: Parts, found: Parts) -> list[DrawnPart]:
    """The largest parts of a label that were missed, found wrongly and found rightly."""
    rows: list[tuple[MarkKind, Parts, int]] = [
        *(("missed", truth, row) for row in np.flatnonzero(~truth.covered).tolist()),
        *(("false", found, row) for row in np.flatnonzero(~found.covered).tolist()),
        *(("correct", found, row) for row in np.flatnonzero(found.covered).tolist()),
    ]
    rows.sort(key=lambda one: (one[0] == "correct", -int(one[1].area[one[2]])))
    return [_part(kind, label, parts, row) for kind, parts, row in rows[:MOST_PARTS]]


def _first(part: DrawnPart) -> tuple[bool, int]:
    return part.kind == "correct", -part.area


def _part(kind: MarkKind, label: int, parts: Parts, row: int) -> DrawnPart:
    x, y, width, height = parts.boxes_xywh[row].tolist()
    pixels = parts.pixels[y : y + height, x : x + width] == row + 1
    size = (parts.pixels.shape[0], parts.pixels.shape[1])
    text = to_text(from_part(pixels, (x, y), size))
    rle = Rle(size=size, counts=text) if len(text) <= MOST_TEXT else None
    box = (float(x), float(y), float(x + width), float(y + height))
    return DrawnPart(kind, label, int(parts.area[row]), box, rle)
