"""What `overlap_grid` does, with numpy alone: each box against all earlier ones of its label.

The same answers to the bit, in quadratic time: for programs that carry no compiler.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def group_by_first_overlap(
    boxes: Floats, starts: Ints, threshold: float, over_smaller: bool, transitive: bool
) -> Ints:
    """Give every box the index of the box that stands for it; see `overlap_grid`."""
    roots = np.arange(len(boxes), dtype=np.int64)
    for start, stop in pairwise(starts):
        group = boxes[start:stop]
        standing = np.empty(len(group), np.int64)  # those that may absorb, in falling score
        count = 0
        for box in range(len(group)):
            others = standing[:count]
            hits = _overlaps(group[others], group[box], threshold, over_smaller)
            first = int(hits.argmax()) if hits.any() else -1
            if first >= 0:
                roots[start + box] = roots[start + others[first]]
            if transitive or first < 0:
                standing[count] = box
                count += 1
    return roots


def union_of_groups(boxes: Floats, roots: Ints) -> Floats:
    """Grow each standing box to the extent of the boxes it stands for; `(N, 4)`."""
    merged = boxes.copy()
    np.minimum.at(merged[:, :2], roots, boxes[:, :2])
    np.maximum.at(merged[:, 2:], roots, boxes[:, 2:])
    return merged


def _overlaps(
    others: Floats, box: Floats, threshold: float, over_smaller: bool
) -> NDArray[np.bool_]:
    width = np.minimum(others[:, 2], box[2]) - np.maximum(others[:, 0], box[0])
    height = np.minimum(others[:, 3], box[3]) - np.maximum(others[:, 1], box[1])
    meets: NDArray[np.bool_] = (width > 0.0) & (height > 0.0)
    shared_area = width * height
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    whole = np.minimum(areas, area) if over_smaller else areas + area - shared_area
    share = np.divide(shared_area, whole, out=np.zeros_like(whole), where=meets)
    meets &= share >= threshold
    return meets
