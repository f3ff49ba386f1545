"""What an instance segmentation model says about one image: boxes, and the pixels in each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.runtime.detections import Detections
from shared.runtime.tasks.spec import Drawn, DrawnMask
from shared.vision.boxes import Indices
from shared.vision.masks import Counts, from_dense, reframed, to_dense, to_text
from shared.vision.masks import united as united_codes
from shared.vision.tiles import Window

Pixels = NDArray[np.bool_]
MOST_DENSE_PX = 1 << 22  # above, a patch is only decoded where it is looked at


@dataclass(frozen=True, slots=True)
class Patch:
    """The pixels of one object, as a run-length code of the smallest part that holds them.

    Attributes:
        x, y: Of the part's top left corner, in pixels of the whole image.
        width, height: Of the part.
        code: COCO's runs of the part, column by column.
    """

    x: int
    y: int
    width: int
    height: int
    code: Counts

    @classmethod
    def of(cls, pixels: Pixels, x: int, y: int) -> "Patch | None":
        """The pixels ``(h, w)`` whose first one lies at ``x, y``; None where none is set.

        >>> patch = Patch.of(np.array([[False, False], [False, True]]), 5, 5)
        >>> patch.x, patch.y, patch.width, patch.height
        (6, 6, 1, 1)
        """
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if not len(rows):
            return None
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        code = from_dense(pixels[top:bottom, left:right])
        return cls(x + int(left), y + int(top), int(right - left), int(bottom - top), code)

    @property
    def pixels(self) -> Pixels:
        """The part's pixels, ``(height, width)``."""
        return to_dense(self.code, self.height, self.width)

    def meets(self, x: int, y: int, width: int, height: int) -> bool:
        """Whether the part overlaps another part of the image."""
        across = self.x < x + width and x < self.x + self.width
        return across and self.y < y + height and y < self.y + self.height

    def overlap(self, other: "Patch") -> float:
        """Intersection over union of the pixels, in [0, 1].

        >>> one, two = (Patch.of(np.ones((1, 2), np.bool_), x, 0) for x in (0, 1))
        >>> round(one.overlap(two), 3)
        0.333
        """
        there = (other.x, other.y, other.width, other.height)
        if not self.meets(*there):
            return 0.0
        both = int((self.within(*there) & other.pixels).sum())
        return both / (int(self.code[1::2].sum()) + int(other.code[1::2].sum()) - both)

    def within(self, x: int, y: int, width: int, height: int) -> Pixels:
        """The pixels inside another part of the image, ``(height, width)``."""
        found = np.zeros((height, width), np.bool_)
        if not self.meets(x, y, width, height):
            return found
        left, top = max(x, self.x), max(y, self.y)
        right, bottom = min(x + width, self.x + self.width), min(y + height, self.y + self.height)
        box = (left - self.x, top - self.y, right - left, bottom - top)
        found[top - y : bottom - y, left - x : right - x] = self._part(*box)
        return found

    def _part(self, x: int, y: int, width: int, height: int) -> Pixels:
        """The pixels of a part of the patch."""
        if self.width * self.height <= MOST_DENSE_PX:
            return self.pixels[y : y + height, x : x + width]
        size = (height, width)
        code = reframed(self.code, self.height, (x, y, width, height), at=(0, 0), size=size)
        return to_dense(code, *size)

    def code_in(self, x: int, y: int, width: int, height: int) -> Counts:
        """The code in a larger part of the image, in which the patch lies whole."""
        whole = (0, 0, self.width, self.height)
        at = (self.x - x, self.y - y)
        return reframed(self.code, self.height, whole, at=at, size=(height, width))


def united(patches: Sequence[Patch]) -> Patch:
    """All pixels of at least one patch; a chain of them may go across a very large image."""
    if len(patches) == 1:
        return patches[0]
    x, y = min(one.x for one in patches), min(one.y for one in patches)
    width = max(one.x + one.width for one in patches) - x
    height = max(one.y + one.height for one in patches) - y
    code = united_codes([one.code_in(x, y, width, height) for one in patches])
    return Patch(x, y, width, height, code)


@dataclass(frozen=True, slots=True)
class Instances:
    """Objects of one image, or of a window of it, in falling order of score.

    Attributes:
        found: Their boxes, scores and labels.
        patches: Their pixels, as many.
        frame: What was looked at: left, top, width and height in pixels of the whole image.
    """

    found: Detections
    patches: tuple[Patch, ...]
    frame: tuple[int, int, int, int]

    def __len__(self) -> int:
        return len(self.patches)

    def take(self, rows: Indices) -> "Instances":
        """The given rows in the given order."""
        patches = tuple(self.patches[row] for row in rows.tolist())
        return Instances(self.found.take(rows), patches, self.frame)

    def drawn(self) -> Iterator[Drawn]:
        """Each object as a mask, best first."""
        size = (self.frame[3], self.frame[2])
        for one, text in zip(self.found.drawn(), self._texts(), strict=True):
            yield Drawn(one.label_index, one.score, "mask", mask=DrawnMask(size, text))

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns ``label``, ``score``, ``box`` and ``rle`` of stored predictions."""
        texts = [text.encode("ascii") for text in self._texts()]
        lengths = np.array([len(text) for text in texts], np.int64)
        return {
            **self.found.columns(),
            "rle": np.frombuffer(b"".join(texts), np.uint8),
            "rle_starts": np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        }

    def _texts(self) -> Iterator[str]:
        for one in self.patches:
            yield to_text(one.code_in(*self.frame))


def frame_of(windows: Sequence[Window]) -> tuple[int, int, int, int]:
    """What some windows show together: left, top, width and height."""
    left, top = min(one.x for one in windows), min(one.y for one in windows)
    right = max(one.x + one.width for one in windows)
    bottom = max(one.y + one.height for one in windows)
    return left, top, right - left, bottom - top
