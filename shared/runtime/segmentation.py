"""What a semantic segmentation model says about one image: a label and a score for each pixel."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.runtime.tasks.spec import Drawn, DrawnMask
from shared.vision.boxes import Scores
from shared.vision.components import components
from shared.vision.masks import from_dense, from_part, to_text
from shared.vision.tiles import Window

LabelMap = NDArray[np.uint8]
ShareMap = NDArray[np.uint16]
MOST_LABELS = 254
_UNITS = 65535  # of a share of 1: two bytes a pixel are exact to 1e-5


@dataclass(frozen=True, slots=True)
class SegmentedObject:
    """A connected part (8 neighbours) of one label.

    Attributes:
        label_index: Its label.
        score: Mean of its pixels' scores, in [0, 1].
        x, y, width, height: Box around it, in pixels of the map.
    """

    label_index: int
    score: float
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The label of each pixel of an image or of a window of it.

    Attributes:
        labels: ``(H, W)`` label index + 1; 0 where nothing is.
        shares: ``(H, W)`` the winning label's score in units of 1/65535; 0 where nothing is.
        objects: The connected parts, in falling order of score; found by `select`.
    """

    labels: LabelMap
    shares: ShareMap
    objects: tuple[SegmentedObject, ...] = ()

    def __len__(self) -> int:
        return len(self.objects)

    @classmethod
    def of_scores(cls, scores: Iterable[Scores]) -> "Segmentation":
        """The likeliest of each pixel's labels, or nothing where that is likelier than each.

        Args:
            scores: ``(H, W)`` float32 in [0, 1] of each label, at least one; what they lack to 1
                is the background's. Only one of them is in memory at a time.

        >>> Segmentation.of_scores(np.array([[[0.2, 0.6]], [[0.3, 0.1]]], "f4")).labels.tolist()
        [[0, 1]]
        """
        one_by_one = iter(scores)
        best = next(one_by_one).copy()
        total = best.copy()
        labels = np.ones(best.shape, np.uint8)
        for value, score in enumerate(one_by_one, start=2):
            labels[score > best] = value
            np.maximum(best, score, out=best)
            total += score
        labels[best <= 1 - total] = 0
        best[labels == 0] = 0
        shares = np.rint(np.clip(best, 0, 1) * _UNITS).astype(np.uint16)
        return cls(labels, shares)

    def with_objects(self) -> "Segmentation":
        """The same with its connected parts."""
        found = [
            part for label in np.unique(self.labels) if label for part in self._parts(int(label))
        ]
        return replace(self, objects=tuple(sorted(found, key=lambda one: -one.score)))

    def _parts(self, label: int) -> Iterator[SegmentedObject]:
        found = components(self.labels == label)
        counts = np.bincount(found.parts.ravel(), minlength=len(found) + 1)
        sums = np.bincount(found.parts.ravel(), self.shares.ravel(), minlength=len(found) + 1)
        scores = sums[1:] / counts[1:] / _UNITS
        for score, box in zip(scores.tolist(), found.boxes_xywh.tolist(), strict=True):
            yield SegmentedObject(label - 1, score, *box)

    def keeping(self, kept: Sequence[SegmentedObject]) -> "Segmentation":
        """Some of its objects, in the given order; all other pixels are background."""
        gone = set(self.objects) - set(kept)
        if not gone:
            return replace(self, objects=tuple(kept))
        labels, shares = self.labels.copy(), self.shares.copy()
        for one in gone:
            box = np.s_[one.y : one.y + one.height, one.x : one.x + one.width]
            pixels = self.pixels_of(one)
            labels[box][pixels] = 0
            shares[box][pixels] = 0
        return Segmentation(labels, shares, tuple(kept))

    def pixels_of(self, one: SegmentedObject) -> NDArray[np.bool_]:
        """Pixels of an object inside its box, ``(height, width)``."""
        box = np.s_[one.y : one.y + one.height, one.x : one.x + one.width]
        found = components(self.labels[box] == one.label_index + 1)
        if len(found) == 1:
            return np.asarray(found.parts == 1)
        # Others of its label may reach into its box, but only one part can touch all four sides.
        whole = [0, 0, one.width, one.height]
        return np.asarray(found.parts == found.boxes_xywh.tolist().index(whole) + 1)

    def drawn(self) -> Iterator[Drawn]:
        """Each object as a mask, best first."""
        size = (self.labels.shape[0], self.labels.shape[1])
        for one in self.objects:
            code = from_part(self.pixels_of(one), (one.x, one.y), size)
            mask = DrawnMask(size, to_text(code))
            yield Drawn(one.label_index, one.score, "mask", mask=mask)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns ``label`` and ``rle`` of stored predictions: one row a label that occurs."""
        found = [int(label) for label in np.unique(self.labels) if label]
        texts = [to_text(from_dense(self.labels == label)).encode("ascii") for label in found]
        lengths = np.array([len(text) for text in texts], np.int64)
        return {
            "label": np.array(found, np.int64) - 1,
            "rle": np.frombuffer(b"".join(texts), np.uint8),
            "rle_starts": np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        }


def joined(parts: Sequence[Segmentation], windows: Sequence[Window]) -> Segmentation:
    """One map of all windows: where two overlap each says what lies on its side of the middle.

    A window knows least of what its edge cuts; in the middle of an overlap both are equally far.

    Args:
        parts: Maps of the windows, of their sizes.
        windows: A grid of windows without gaps, as long as ``parts``.
    """
    left, top = min(one.x for one in windows), min(one.y for one in windows)
    columns = _own({one.column: (one.x, one.x + one.width) for one in windows})
    rows = _own({one.row: (one.y, one.y + one.height) for one in windows})
    width = max(one.x + one.width for one in windows) - left
    height = max(one.y + one.height for one in windows) - top
    labels, shares = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint16)
    for part, window in zip(parts, windows, strict=True):
        (x1, x2), (y1, y2) = columns[window.column], rows[window.row]
        there = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
        here = np.s_[y1 - window.y : y2 - window.y, x1 - window.x : x2 - window.x]
        labels[there], shares[there] = part.labels[here], part.shares[here]
    return Segmentation(labels, shares)


def _own(spans: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """What each of some spans in a row has for itself, cut in the middle of every overlap.

    >>> _own({0: (0, 10), 1: (6, 16)})
    {0: (0, 8), 1: (8, 16)}
    """
    places = sorted(spans)
    cuts = [(spans[before][1] + spans[after][0]) // 2 for before, after in pairwise(places)]
    starts, stops = [spans[places[0]][0], *cuts], [*cuts, spans[places[-1]][1]]
    return dict(zip(places, zip(starts, stops, strict=True), strict=True))
