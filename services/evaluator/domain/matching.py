"""Greedy matching of detections to truths, once per IoU threshold, by the rules of COCO.

Within an image and a label, detections choose in falling score. Each takes the free truth it
overlaps most (the later of equals); only if none reaches the threshold may it be swallowed by an
ignored truth, and a crowd swallows any number. Because a detection never gives its truth back,
cutting the list at any confidence leaves the matches above it as they are: one matching serves
every confidence threshold.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.evaluator.domain.arrangement import Arranged
from services.evaluator.domain.overlaps import Overlaps
from services.evaluator.domain.samples import Columns, Flags, Floats, Ints

COCO_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
FALSE, TRUE, IGNORED = 0, 1, 2
NOBODY = -1

Verdicts = NDArray[np.uint8]
Choices = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Matches:
    """Outcome for ``T`` IoU thresholds.

    ``truth_of`` ``(T, D)`` is the truth a detection took (:data:`NOBODY` if none), ``verdict``
    ``(T, D)`` one of :data:`FALSE`, :data:`TRUE`, :data:`IGNORED`.
    """

    thresholds: tuple[float, ...]
    truth_of: Choices
    verdict: Verdicts

    def at(self, iou_threshold: float) -> int:
        """Return the row of a threshold; raise KeyError if it was not matched."""
        close = np.flatnonzero(np.abs(np.array(self.thresholds) - iou_threshold) < 1e-9)
        if not close.size:
            raise KeyError(iou_threshold)
        return int(close[0])


def match(
    arranged: Arranged,
    overlaps: Overlaps,
    thresholds: tuple[float, ...] = COCO_THRESHOLDS,
    *,
    area_range: tuple[float, float] | None = None,
) -> Matches:
    """Match at each IoU threshold.

    Args:
        arranged: Samples in evaluation order.
        overlaps: Their overlaps.
        thresholds: IoU thresholds, each at least ``overlaps.MIN_OVERLAP``.
        area_range: Count only truths of this area (both ends included); others are ignored, and so
            are unmatched detections of another area. ``None`` counts all.

    No detections give arrays of shape ``(T, 0)``.
    """
    ignored = arranged.truth_crowd
    outside = np.zeros(arranged.score.size, np.bool_)
    if area_range is not None:
        low, high = area_range
        ignored = ignored | (arranged.truth_area < low) | (arranged.truth_area > high)
        outside = (arranged.det_area < low) | (arranged.det_area > high)
    truth_of, verdict = _match_all(
        (arranged.det_start, arranged.det_label, outside),
        (arranged.truth_start, arranged.truth_label, arranged.truth_crowd, ignored),
        (overlaps.start, overlaps.truth, overlaps.iou),
        np.array(thresholds, np.float64),
    )
    return Matches(thresholds, truth_of, verdict)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _match_all(dets: Columns, truths: Columns, pairs: Columns, thresholds: Floats) -> Columns:
    det_start, det_label, outside = dets
    count = det_label.size
    truth_of = np.full((thresholds.size, count), NOBODY, np.int32)
    verdict = np.zeros((thresholds.size, count), np.uint8)
    kept = _own_pairs(det_start, det_label, truths, pairs, thresholds.min())
    taken = np.zeros(truths[1].size, np.bool_)
    for row in range(thresholds.size):
        taken[:] = False
        floor = min(thresholds[row], 1.0 - 1e-10)
        for det in range(count):
            chosen = NOBODY
            if kept[0][det] != kept[0][det + 1]:
                chosen = _choose(det, kept, truths, taken, floor)
            if chosen == NOBODY:
                if outside[det]:
                    verdict[row, det] = IGNORED
                continue
            taken[chosen] = True
            truth_of[row, det] = chosen
            verdict[row, det] = IGNORED if truths[3][chosen] else TRUE
    return truth_of, verdict


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _own_pairs(
    det_start: Ints, det_label: Ints, truths: Columns, pairs: Columns, lowest: float
) -> Columns:
    """Keep pairs of one label that some threshold can use; truths counted over all images."""
    start, truth_of, iou_of = pairs
    out_start = np.zeros(det_label.size + 1, np.int64)
    out_truth, out_iou = np.empty(truth_of.size, np.int64), np.empty(truth_of.size, np.float64)
    filled = 0
    for image in range(det_start.size - 1):
        first = truths[0][image]
        for det in range(det_start[image], det_start[image + 1]):
            for pair in range(start[det], start[det + 1]):
                truth = first + truth_of[pair]
                own = truths[1][truth] == det_label[det] or truths[1][truth] < 0
                if own and iou_of[pair] >= min(lowest, 1.0 - 1e-10):
                    out_truth[filled], out_iou[filled] = truth, iou_of[pair]
                    filled += 1
            out_start[det + 1] = filled
    return out_start, out_truth, out_iou


@njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _choose(det: int, pairs: Columns, truths: Columns, taken: Flags, floor: float) -> int:
    best, chosen, best_ignored, swallower = floor, NOBODY, floor, NOBODY
    for pair in range(pairs[0][det], pairs[0][det + 1]):
        truth, iou = pairs[1][pair], pairs[2][pair]
        if truths[3][truth]:
            if iou >= best_ignored and (truths[2][truth] or not taken[truth]):
                best_ignored, swallower = iou, truth
        elif iou >= best and not taken[truth]:
            best, chosen = iou, truth
    return swallower if chosen == NOBODY else chosen
