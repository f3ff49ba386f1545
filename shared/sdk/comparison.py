"""How far two answers about one image lie apart: the measure of every certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vision.masks import from_text, intersection_px, table

Columns = Mapping[str, NDArray[Any]]
"""Results of one image as stored predictions have them (`shared.runtime.tasks`)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an exported model in float32 may lie from the reported one.

    Attributes:
        score: Largest difference of a score.
        box_px: Largest difference of a box's side, in pixels.
        mask_iou: Least intersection over union of a label's pixels.
    """

    score: float = 1e-4
    box_px: float = 0.1
    mask_iou: float = 0.999


@dataclass(frozen=True, slots=True)
class Difference:
    """Two answers about one image.

    Attributes:
        results: How many results there are.
        reported: How many there were.
        labels_differ: Whether a result has no partner of its label.
        score: Largest difference of partners' scores.
        box_px: Largest difference of partners' sides, in pixels.
        mask_iou: Least intersection over union of a label's pixels; 1 where there are none.
    """

    results: int
    reported: int
    labels_differ: bool = False
    score: float = 0.0
    box_px: float = 0.0
    mask_iou: float = 1.0

    def within(self, limits: Limits) -> bool:
        """Whether this is the same answer."""
        return (
            self.results == self.reported
            and not self.labels_differ
            and self.score <= limits.score
            and self.box_px <= limits.box_px
            and self.mask_iou >= limits.mask_iou
        )


def difference(found: Columns, reported: Columns, size: tuple[int, int]) -> Difference:
    """Compare the answers about one image of ``size`` (height, width), whatever the task."""
    if "scores" in reported:
        return _of_scores(found["scores"], reported["scores"])
    if "box" in reported:
        return _of_boxes(found, reported, size)
    return _of_masks(found, reported, size)


def _of_scores(found: NDArray[Any], reported: NDArray[Any]) -> Difference:
    if found.shape != reported.shape:
        return Difference(len(found), len(reported), labels_differ=True)
    apart = float(np.abs(found.astype(np.float64) - reported).max(initial=0.0))
    # Two labels that are equally likely may change places: their scores are no farther apart.
    best, said = int(found[0].argmax()), int(reported[0].argmax())
    differ = best != said and float(reported[0][said] - reported[0][best]) > 2 * apart
    return Difference(len(found), len(reported), labels_differ=differ, score=apart)


def _of_boxes(found: Columns, reported: Columns, size: tuple[int, int]) -> Difference:
    """Each reported object with the nearest one of its label that has no partner yet."""
    free = np.ones(len(found["label"]), bool)
    score = box_px = 0.0
    mask_iou = 1.0
    alone = 0
    boxes = reported["box"].astype(np.float64)
    for row, (label, said, box) in enumerate(
        zip(reported["label"], reported["score"], boxes, strict=True)
    ):
        rows = np.flatnonzero(free & (found["label"] == label))
        if not rows.size:
            alone += 1
            continue
        sides = np.abs(found["box"][rows].astype(np.float64) - box).max(axis=1)
        best = int(sides.argmin())
        free[rows[best]] = False
        box_px = max(box_px, float(sides[best]))
        score = max(score, abs(float(found["score"][rows[best]]) - float(said)))
        if "rle" in reported:
            mine, theirs = _code(found, int(rows[best])), _code(reported, row)
            mask_iou = min(mask_iou, _overlap(mine, theirs, size))
    counts = len(found["label"]), len(reported["label"])
    return Difference(
        *counts, labels_differ=alone > 0, score=score, box_px=box_px, mask_iou=mask_iou
    )


def _of_masks(found: Columns, reported: Columns, size: tuple[int, int]) -> Difference:
    mine, theirs = _masks_of(found), _masks_of(reported)
    both = mine.keys() & theirs.keys()
    least = min((_overlap(mine[label], theirs[label], size) for label in both), default=1.0)
    # A label that one of the two has and the other lacks is another answer, however few its pixels.
    differ = mine.keys() != theirs.keys()
    return Difference(len(mine), len(theirs), labels_differ=differ, mask_iou=least)


def _overlap(first: bytes, second: bytes, size: tuple[int, int]) -> float:
    """Intersection over union of two compressed masks; 1 where both are empty."""
    codes = [from_text(first), from_text(second)]
    pair = table(codes, [size, size])
    shared = intersection_px(pair, 0, pair, 1)
    union = sum(int(code[1::2].sum()) for code in codes) - shared
    return shared / union if union else 1.0


def _masks_of(columns: Columns) -> dict[int, bytes]:
    return {int(label): _code(columns, row) for row, label in enumerate(columns["label"])}


def _code(columns: Columns, row: int) -> bytes:
    starts = columns["rle_starts"]
    return columns["rle"][starts[row] : starts[row + 1]].tobytes()
