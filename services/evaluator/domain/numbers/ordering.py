"""Stable orders of long columns, in compiled loops."""

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Floats, Ints
from shared.vision.compilation import compiled


def group(keys: Ints, groups: int) -> tuple[Ints, Ints]:
    """Stable order by key and where each key begins: ``(N,)`` and ``(groups + 1,)``.

    >>> [part.tolist() for part in group(np.array([1, 0, 1]), 2)]
    [[1, 0, 2], [0, 1, 3]]
    """
    order, start = _counting_sort(np.ascontiguousarray(keys, dtype=np.int64), groups)
    return order, start


def rising_order(values: Floats) -> Ints:
    """Stable order of finite numbers, several times as fast as numpy's.

    >>> rising_order(np.array([2.0, -1.0, 0.0, -0.0])).tolist()
    [1, 2, 3, 0]
    """
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    negative = bits >> np.uint64(63) == 1
    order: Ints = _radix_sort(np.where(negative, ~bits, bits | np.uint64(1 << 63)))
    return order


@compiled
def _counting_sort(keys: Ints, groups: int) -> tuple[Ints, Ints]:
    start = np.zeros(groups + 1, np.int64)
    for key in keys:
        start[key + 1] += 1
    for index in range(groups):
        start[index + 1] += start[index]
    place = start[:-1].copy()
    order = np.empty(keys.size, np.int64)
    for index in range(keys.size):
        key = keys[index]
        order[place[key]] = index
        place[key] += 1
    return order, start


@compiled
def _radix_sort(keys: NDArray[np.uint64]) -> Ints:
    """Order of the keys, eleven bits at a time from the low end (Knuth, vol. 3, 5.2.5)."""
    passes, width, low = 6, np.uint64(11), np.uint64(2047)
    counts = np.zeros((passes, 2048), np.int64)
    for key in keys:
        for turn in range(passes):
            counts[turn, key >> (width * np.uint64(turn)) & low] += 1
    order, moved = np.arange(keys.size), np.empty(keys.size, np.int64)
    for turn in range(passes):
        if counts[turn].max() == keys.size:
            continue  # the same eleven bits everywhere
        place = np.cumsum(counts[turn]) - counts[turn]
        shift = width * np.uint64(turn)
        for row in order:
            digit = keys[row] >> shift & low
            moved[place[digit]] = row
            place[digit] += 1
        order, moved = moved, order
    return order
