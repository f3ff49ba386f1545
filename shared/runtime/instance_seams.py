"""Makes one list of the windows' objects: what two windows show of one object becomes one.

Two windows that overlap show the same pixels twice: objects whose pixels agree there are one.
Windows that only meet share no pixel: there the lines on both sides of the seam are compared.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from shared.runtime.cuts import REACH, Part
from shared.runtime.detections import Detections
from shared.runtime.instances import Instances, Patch, frame_of, united
from shared.vision.boxes import Indices
from shared.vision.tiles import Window

SAME_IOU = 0.5  # of two objects' pixels where both windows look
SCORE_RATIO = 0.5  # a piece belongs only to one at least this share as sure as itself


def merge_windows(parts: Sequence[Instances], windows: Sequence[Window]) -> Instances:
    """All objects of one image, in falling order of score, not limited in number.

    Args:
        parts: Objects of each window, in pixels of the whole image.
        windows: The windows, as long as ``parts``.
    """
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    roots = list(range(int(starts[-1])))
    for first, second in combinations(range(len(parts)), 2):
        if not _near(windows[first], windows[second]):
            continue
        for mine, other in _same(parts[first], parts[second], windows[first], windows[second]):
            low, high = sorted(
                (_root(roots, int(starts[first]) + mine), _root(roots, int(starts[second]) + other))
            )
            roots[high] = low
    groups = np.array([_root(roots, place) for place in range(len(roots))], np.int64)
    everything = Detections.join([part.found for part in parts])
    patches = [patch for part in parts for patch in part.patches]
    return _one_a_group(everything, patches, groups, frame_of(windows))


def _near(first: Window, second: Window) -> bool:
    return abs(first.row - second.row) <= REACH and abs(first.column - second.column) <= REACH


def _root(roots: list[int], place: int) -> int:
    while roots[place] != place:
        roots[place] = roots[roots[place]]
        place = roots[place]
    return place


def _same(
    first: Instances, second: Instances, one: Window, other: Window
) -> Iterator[tuple[int, int]]:
    """Pairs of objects of two windows that are one."""
    shared = _shared(one, other)
    if shared is None:
        return
    mine, theirs = _showing(first, shared[0]), _showing(second, shared[1])
    for row, seen in mine.items():
        for column, found in theirs.items():
            scores = (float(first.found.scores[row]), float(second.found.scores[column]))
            alike = first.found.label_indices[row] == second.found.label_indices[column]
            sure = min(scores) >= SCORE_RATIO * max(scores)
            if alike and sure and seen.overlap(found) >= SAME_IOU:
                yield row, column


def _showing(part: Instances, where: Part) -> dict[int, Patch]:
    """Objects that have any pixels in a part of the image: those, as seen from its corner."""
    found = {}
    for row, patch in enumerate(part.patches):
        if patch.meets(*where):
            seen = Patch.of(patch.within(*where), 0, 0)
            if seen is not None:
                found[row] = seen
    return found


def _shared(one: Window, other: Window) -> tuple[Part, Part] | None:
    """The pixels that both windows show, or the lines where they meet; None where neither is."""
    across = _along(one.x, one.width, other.x, other.width)
    down = _along(one.y, one.height, other.y, other.height)
    if across is None or down is None or (across[2] == 0 and down[2] == 0):
        return None
    (left, left_other, width), (top, top_other, height) = across, down
    width, height = max(width, 1), max(height, 1)
    return (left, top, width, height), (left_other, top_other, width, height)


def _along(start: int, length: int, other: int, other_length: int) -> tuple[int, int, int] | None:
    """What two spans share: where it begins for each, and how long it is; 0 where they only meet.

    >>> _along(0, 10, 6, 10), _along(0, 10, 10, 10), _along(0, 10, 11, 10)
    ((6, 6, 4), (9, 10, 0), None)
    """
    first, last = max(start, other), min(start + length, other + other_length)
    if last < first:
        return None
    if last > first:
        return first, first, last - first
    return (first - 1, first, 0) if start < other else (first, first - 1, 0)


def _one_a_group(
    found: Detections, patches: Sequence[Patch], groups: Indices, frame: Part
) -> Instances:
    """One object a group: all pixels and the box around them, the best one's score."""
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(place)
    rows = list(members.values())
    boxes = [
        np.concatenate(
            [found.boxes_xyxy[row, :2].min(axis=0), found.boxes_xyxy[row, 2:].max(axis=0)]
        )
        for row in rows
    ]
    scores = np.array([found.scores[row].max() for row in rows], np.float32)
    order = np.argsort(-scores, kind="stable")
    together = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        scores,
        found.label_indices[[row[0] for row in rows]].astype(np.int64),
    )
    whole = tuple(united([patches[place] for place in row]) for row in rows)
    return Instances(together, whole, frame).take(order)
