"""Compiled search of the first overlapping box, on a grid of several cell sizes; never N × N.

Boxes arrive in falling score. Each one asks which earlier box it overlaps first, then takes its
place in the grid: in the single cell of its top-left corner, on the level whose cells are at least
as long as its longer side. A query on a level therefore looks at the cells of its own extent and
one more to the left and above, whatever the mixture of sizes.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.vision.compilation import compiled

NOBODY = -1
MAX_LEVELS = 48
CELLS_PER_BOX = 1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Grid(NamedTuple):
    """Cells of every level in one array; each cell and each level is a chain in falling score."""

    left: float
    top: float
    levels: int
    sides: Floats  # (levels,) cell side in px
    shape: Ints  # (levels, 2) columns, rows
    begin: Ints  # (levels + 1,) first cell of each level
    counts: Ints  # (levels,) boxes held
    cell_ends: Ints  # (cells, 2) first and last box
    cell_next: Ints  # (N,) next box of the same cell
    level_ends: Ints  # (levels, 2)
    level_next: Ints  # (N,)


@compiled
def group_by_first_overlap(
    boxes: Floats, starts: Ints, threshold: float, over_smaller: bool, transitive: bool
) -> Ints:
    """Give every box the index of the box that stands for it.

    Args:
        boxes: `(N, 4)` xyxy, sorted by group (label), within it by falling score.
        starts: `(groups + 1,)` where each group begins, ending with N.
        threshold: a box belongs to the first earlier one it overlaps by at least this.
        over_smaller: overlap is intersection over the smaller area (IoS), else over union (IoU).
        transitive: boxes that were absorbed absorb others too (NMM), else only standing ones do.

    Returns:
        `(N,)`; a box stands for itself when its own index is given.
    """
    roots = np.empty(len(boxes), np.int64)
    links = np.full((2, len(boxes)), NOBODY, np.int64)
    for group in range(len(starts) - 1):
        start, stop = starts[group], starts[group + 1]
        if start == stop:
            continue
        grid = _make_grid(boxes, start, stop, links)
        for box in range(start, stop):
            first = _first_overlap(grid, boxes, box, threshold, over_smaller)
            roots[box] = roots[first] if first < box else box
            if transitive or first == box:
                _insert(grid, boxes, box)
    return roots


@compiled
def union_of_groups(boxes: Floats, roots: Ints) -> Floats:
    """Grow each standing box to the extent of the boxes it stands for; `(N, 4)`."""
    merged = boxes.copy()
    for box in range(len(boxes)):
        root = roots[box]
        merged[root, 0] = min(merged[root, 0], boxes[box, 0])
        merged[root, 1] = min(merged[root, 1], boxes[box, 1])
        merged[root, 2] = max(merged[root, 2], boxes[box, 2])
        merged[root, 3] = max(merged[root, 3], boxes[box, 3])
    return merged


@compiled
def _longer_side(boxes: Floats, box: int) -> float:
    return float(max(boxes[box, 2] - boxes[box, 0], boxes[box, 3] - boxes[box, 1]))


@compiled
def _make_grid(boxes: Floats, start: int, stop: int, links: Ints) -> _Grid:
    left, top = boxes[start, 0], boxes[start, 1]
    right, bottom, total, longest = left, top, 0.0, 0.0
    for box in range(start, stop):
        left, top = min(left, boxes[box, 0]), min(top, boxes[box, 1])
        right, bottom = max(right, boxes[box, 0]), max(bottom, boxes[box, 1])
        total += _longer_side(boxes, box)
        longest = max(longest, _longer_side(boxes, box))
    width, height, cells = right - left, bottom - top, float(CELLS_PER_BOX * (stop - start))
    side = max(total / (stop - start), math.sqrt(width * height / cells))
    side = max(side, width / cells, height / cells)  # bounds the cells of thin extents
    side = side if side > 0.0 else 1.0
    sides = np.empty(MAX_LEVELS, np.float64)
    shape = np.empty((MAX_LEVELS, 2), np.int64)
    begin = np.zeros(MAX_LEVELS + 1, np.int64)
    levels = 0
    while levels < MAX_LEVELS:
        sides[levels] = side if levels < MAX_LEVELS - 1 else max(side, longest)
        shape[levels, 0], shape[levels, 1] = int(width / side) + 1, int(height / side) + 1
        begin[levels + 1] = begin[levels] + shape[levels, 0] * shape[levels, 1]
        levels += 1
        if side >= longest:
            break
        side *= 2.0
    cell_ends = np.full((begin[levels], 2), NOBODY, np.int64)
    level_ends = np.full((levels, 2), NOBODY, np.int64)
    counts = np.zeros(levels, np.int64)
    return _Grid(
        left, top, levels, sides, shape, begin, counts, cell_ends, links[0], level_ends, links[1]
    )


@compiled
def _first_overlap(
    grid: _Grid, boxes: Floats, box: int, threshold: float, over_smaller: bool
) -> int:
    best = box
    for level in range(grid.levels):
        if grid.counts[level] == 0:
            continue
        side = grid.sides[level]
        x_from = max(0, math.floor((boxes[box, 0] - grid.left) / side) - 1)
        y_from = max(0, math.floor((boxes[box, 1] - grid.top) / side) - 1)
        x_to = min(grid.shape[level, 0] - 1, int((boxes[box, 2] - grid.left) / side))
        y_to = min(grid.shape[level, 1] - 1, int((boxes[box, 3] - grid.top) / side))
        if (x_to - x_from + 1) * (y_to - y_from + 1) > grid.counts[level]:
            entry = grid.level_ends[level, 0]
            best = _chain(boxes, box, entry, grid.level_next, best, threshold, over_smaller)
            continue
        for y in range(y_from, y_to + 1):
            row = grid.begin[level] + y * grid.shape[level, 0]
            for x in range(x_from, x_to + 1):
                entry = grid.cell_ends[row + x, 0]
                best = _chain(boxes, box, entry, grid.cell_next, best, threshold, over_smaller)
    return best


@compiled
def _chain(  # compiled: plain arguments, not an object
    boxes: Floats,
    box: int,
    entry: int,
    following: Ints,
    best: int,
    threshold: float,
    over_smaller: bool,
) -> int:
    """Earliest box of one chain that overlaps `box` enough, or `best` when none is earlier."""
    while entry != NOBODY and entry < best:
        if _overlaps(boxes, entry, box, threshold, over_smaller):
            return entry
        entry = following[entry]
    return best


@compiled
def _overlaps(boxes: Floats, first: int, second: int, threshold: float, over_smaller: bool) -> bool:
    width = min(boxes[first, 2], boxes[second, 2]) - max(boxes[first, 0], boxes[second, 0])
    height = min(boxes[first, 3], boxes[second, 3]) - max(boxes[first, 1], boxes[second, 1])
    if width <= 0.0 or height <= 0.0:
        return False
    shared_area = width * height
    area_1 = (boxes[first, 2] - boxes[first, 0]) * (boxes[first, 3] - boxes[first, 1])
    area_2 = (boxes[second, 2] - boxes[second, 0]) * (boxes[second, 3] - boxes[second, 1])
    whole = min(area_1, area_2) if over_smaller else area_1 + area_2 - shared_area
    return bool(shared_area / whole >= threshold)


@compiled
def _insert(grid: _Grid, boxes: Floats, box: int) -> None:
    longer = _longer_side(boxes, box)
    level = 0
    while level < grid.levels - 1 and grid.sides[level] < longer:
        level += 1
    side = grid.sides[level]
    column = min(grid.shape[level, 0] - 1, int((boxes[box, 0] - grid.left) / side))
    row = min(grid.shape[level, 1] - 1, int((boxes[box, 1] - grid.top) / side))
    cell = grid.begin[level] + row * grid.shape[level, 0] + column
    _append(grid.cell_ends, grid.cell_next, cell, box)
    _append(grid.level_ends, grid.level_next, level, box)
    grid.counts[level] += 1


@compiled
def _append(ends: Ints, following: Ints, where: int, box: int) -> None:
    if ends[where, 0] == NOBODY:
        ends[where, 0] = box
    else:
        following[ends[where, 1]] = box
    ends[where, 1] = box
