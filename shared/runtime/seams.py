"""Makes one list of the windows' detections: pieces cut by a seam are joined, doubles dropped.

A window shows a target that lies across its edge only in part. With enough overlap the neighbour
shows it whole, and the piece is dropped; without (a plain grid, or a target longer than the
overlap) the pieces on both sides of the seam are joined to one box.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.runtime.detections import Detections
from shared.runtime.manifest import ModelManifest
from shared.runtime.postprocess import merge_overlapping
from shared.vision.boxes import coverage_matrix
from shared.vision.tiles import Window

EDGE_SHARE = 0.01  # of the window's side: nearer to an inner edge than this, a box is cut by it
MIN_EDGE_PX = 2.0
SAME_SPAN_IOU = 0.5  # of two pieces' extents along the seam
SCORE_RATIO = 0.5  # a piece follows only a box at least this share as sure as itself

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Part:
    """One window's detections and which inner edges cut them: left, top, right, bottom."""

    window: Window
    found: Detections
    cut: Flags  # (N, 4)


def merge_windows(
    parts: Sequence[Detections], windows: Sequence[Window], manifest: ModelManifest
) -> Detections:
    """All detections of one image, in falling order of score.

    Args:
        parts: Detections of each window, in full-image pixels.
        windows: The windows, as long as ``parts``.
        manifest: Gives the merge rule and threshold.

    Returns:
        Detections in full-image pixels, not yet limited in number.
    """
    grid = {
        (window.row, window.column): _Part(window, found, _cut_sides(found, window, windows))
        for found, window in zip(parts, windows, strict=True)
    }
    kept = {
        key: _take(part, ~_covered(part, grid, threshold=manifest.merge_ios_threshold))
        for key, part in grid.items()
    }
    joined = _join(kept)
    return merge_overlapping(joined, manifest.merge_rule)


def _cut_sides(found: Detections, window: Window, windows: Sequence[Window]) -> Flags:
    x1, y1, x2, y2 = window.box_xyxy
    left, top = min(other.x for other in windows), min(other.y for other in windows)
    right = max(other.x + other.width for other in windows)
    bottom = max(other.y + other.height for other in windows)
    near_x = max(MIN_EDGE_PX, EDGE_SHARE * window.width)
    near_y = max(MIN_EDGE_PX, EDGE_SHARE * window.height)
    boxes = found.boxes_xyxy
    return np.stack(
        [
            (boxes[:, 0] <= x1 + near_x) & (x1 > left),
            (boxes[:, 1] <= y1 + near_y) & (y1 > top),
            (boxes[:, 2] >= x2 - near_x) & (x2 < right),
            (boxes[:, 3] >= y2 - near_y) & (y2 < bottom),
        ],
        axis=1,
    )


def _take(part: _Part, mask: Flags) -> _Part:
    return _Part(part.window, part.found.take(np.flatnonzero(mask)), part.cut[mask])


def _covered(part: _Part, grid: dict[tuple[int, int], _Part], *, threshold: float) -> Flags:
    """Pieces that a neighbouring window shows whole."""
    pieces = np.flatnonzero(part.cut.any(axis=1))
    covered = np.zeros(len(part.found), np.bool_)
    if len(pieces) == 0:
        return covered
    piece = part.found.take(pieces)
    for other in _neighbours(part.window, grid):
        whole = other.found.take(np.flatnonzero(~other.cut.any(axis=1)))
        hits = (
            (coverage_matrix(piece.boxes_xyxy, whole.boxes_xyxy) >= threshold)
            & (piece.label_indices[:, None] == whole.label_indices[None, :])
            & (whole.scores[None, :] >= SCORE_RATIO * piece.scores[:, None])
        )
        covered[pieces] |= hits.any(axis=1)
    return covered


def _neighbours(window: Window, grid: dict[tuple[int, int], _Part]) -> Iterator[_Part]:
    for row in (window.row - 1, window.row, window.row + 1):
        for column in (window.column - 1, window.column, window.column + 1):
            key = (row, column)
            if key != (window.row, window.column) and key in grid:
                yield grid[key]


def _join(grid: dict[tuple[int, int], _Part]) -> Detections:
    """All detections, where pieces that meet at a seam are one box with the best piece's score."""
    offsets: dict[tuple[int, int], int] = {}
    total = 0
    for key, part in grid.items():
        offsets[key] = total
        total += len(part.found)
    everything = Detections.join([part.found for part in grid.values()])
    roots = np.arange(total)
    for key, part in grid.items():
        for step, sides in (((0, 1), (2, 0)), ((1, 0), (3, 1))):
            other_key = (key[0] + step[0], key[1] + step[1])
            if other_key not in grid:
                continue
            pairs = _meeting(part, grid[other_key], sides=sides)
            for first, second in pairs:
                _unite(roots, offsets[key] + int(first), offsets[other_key] + int(second))
    return _united(everything, np.array([_root(roots, index) for index in range(total)], np.int64))


def _meeting(first: _Part, second: _Part, *, sides: tuple[int, int]) -> NDArray[np.int64]:
    """Pairs of pieces, ``(P, 2)``, that face each other across the seam between two windows."""
    ours = np.flatnonzero(first.cut[:, sides[0]])
    theirs = np.flatnonzero(second.cut[:, sides[1]])
    a, b = first.found.take(ours), second.found.take(theirs)
    along = 1 if sides[0] == 2 else 0  # the axis along the seam: y beside a vertical one
    start_a, stop_a = a.boxes_xyxy[:, along, None], a.boxes_xyxy[:, along + 2, None]
    start_b, stop_b = b.boxes_xyxy[None, :, along], b.boxes_xyxy[None, :, along + 2]
    shared_px = np.maximum(np.minimum(stop_a, stop_b) - np.maximum(start_a, start_b), 0)
    span_px = np.maximum(stop_a, stop_b) - np.minimum(start_a, start_b)
    lower = np.minimum(a.scores[:, None], b.scores[None, :])
    upper = np.maximum(a.scores[:, None], b.scores[None, :])
    meets = (
        (shared_px >= SAME_SPAN_IOU * span_px)
        & (a.label_indices[:, None] == b.label_indices[None, :])
        & (lower >= SCORE_RATIO * upper)
    )
    rows, columns = np.nonzero(meets)
    return np.stack([ours[rows], theirs[columns]], axis=1)


def _root(roots: NDArray[np.int64], index: int) -> int:
    while roots[index] != index:
        roots[index] = roots[roots[index]]
        index = int(roots[index])
    return index


def _unite(roots: NDArray[np.int64], first: int, second: int) -> None:
    low, high = sorted((_root(roots, first), _root(roots, second)))
    roots[high] = low


def _united(found: Detections, groups: NDArray[np.int64]) -> Detections:
    """One detection a group: the box around its members, the best score."""
    if len(found) == 0:
        return found
    firsts, members = np.unique(groups, return_inverse=True)
    boxes = np.empty((len(firsts), 4), np.float32)
    scores = np.zeros(len(firsts), np.float32)
    boxes[:, :2], boxes[:, 2:] = np.inf, -np.inf
    np.minimum.at(boxes[:, :2], members, found.boxes_xyxy[:, :2])
    np.maximum.at(boxes[:, 2:], members, found.boxes_xyxy[:, 2:])
    np.maximum.at(scores, members, found.scores)
    return Detections(boxes, scores, found.label_indices[firsts])
