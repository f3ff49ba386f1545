"""Connected parts of a mask, numpy only: runs of rows, joined where they touch.

Runs instead of pixels, after Rosenfeld and Pfaltz, "Sequential operations in digital picture
processing", JACM 13(4), 1966; equivalences by pointer jumping (Shiloach and Vishkin, 1982).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Components:
    """The connected parts (8 neighbours) of a mask, numbered from 1 in order of reading.

    Attributes:
        parts: ``(H, W)`` number of each pixel's part; 0 outside the mask.
        boxes_xywh: ``(N, 4)`` box around each part, in whole pixels.
    """

    parts: NDArray[np.int32]
    boxes_xywh: Ints

    def __len__(self) -> int:
        return len(self.boxes_xywh)


def components(mask: NDArray[np.bool_]) -> Components:
    """The connected parts of a mask ``(H, W)``; pixels that meet at a corner are connected.

    >>> found = components(np.array([[True, False, True], [False, True, False]]))
    >>> found.parts.tolist(), found.boxes_xywh.tolist()
    ([[1, 0, 1], [0, 1, 0]], [[0, 0, 3, 2]])
    >>> len(components(np.zeros((2, 2), np.bool_)))
    0
    """
    height, width = mask.shape
    wide = width + 2  # a column of nothing on both sides keeps the rows apart
    framed = np.zeros((height, wide), np.int8)
    framed[:, 1:-1] = mask
    steps = np.diff(framed.ravel(), prepend=np.int8(0))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    roots = _joined(len(starts), *_touching(starts, stops, wide))
    firsts, numbers = np.unique(roots, return_inverse=True)
    rows, left, right = starts // wide, starts % wide - 1, stops % wide - 1
    low, high = np.full((len(firsts), 2), max(height, width)), np.zeros((len(firsts), 2), np.int64)
    np.minimum.at(low, numbers, np.stack([left, rows], axis=1))
    np.maximum.at(high, numbers, np.stack([right, rows + 1], axis=1))
    painted = np.zeros(height * wide, np.int32)
    painted[starts], painted[stops] = numbers + 1, -(numbers + 1)
    parts = np.cumsum(painted, dtype=np.int32).reshape(height, wide)[:, 1:-1]
    return Components(parts, np.concatenate([low, high - low], axis=1).astype(np.int64))


def _touching(starts: Ints, stops: Ints, wide: int) -> tuple[Ints, Ints]:
    """Pairs of runs of neighbouring rows that share a side or a corner."""
    first = np.searchsorted(stops, starts + wide, "left")
    last = np.searchsorted(starts, stops + wide, "right")
    counts = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(above)) - np.repeat(np.cumsum(counts) - counts, counts)
    return above, np.repeat(first, counts) + within


def _joined(count: int, ones: Ints, others: Ints) -> Ints:
    """The lowest run of each run's part."""
    roots = np.arange(count)
    while True:
        lower = np.minimum(roots[ones], roots[others])
        hooked = roots.copy()
        np.minimum.at(hooked, roots[ones], lower)
        np.minimum.at(hooked, roots[others], lower)
        while not np.array_equal(hooked, hooked[hooked]):
            hooked = hooked[hooked]
        if np.array_equal(hooked, roots):
            return roots
        roots = hooked
