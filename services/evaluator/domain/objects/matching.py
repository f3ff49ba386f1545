"""Greedy matching of detections to truths, once per IoU threshold, by the rules of COCO.

Within an image and a label, detections choose in falling score. Each takes the free truth it
overlaps most (the later of equals); only if none reaches the threshold may it be swallowed by an
ignored truth, and a crowd swallows any number. Because a detection never gives its truth back,
cutting the list at any confidence leaves the matches above it as they are: one matching serves
every confidence threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Columns, Flags, Floats, Ints
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.overlaps import Overlaps
from shared.vision.compilation import compiled, inlined

COCO_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
FALSE, TRUE, IGNORED = 0, 1, 2
NOBODY = -1

Verdicts = NDArray[np.uint8]
Choices = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """The outcome for one IoU threshold: ``truth_of`` and ``verdict`` ``(D,)`` of a Matches."""

    iou_threshold: float
    truth_of: Choices
    verdict: Verdicts


@dataclass(frozen=True, slots=True)
class Matches:
    """Outcome for ``T`` IoU thresholds.

    ``verdict`` ``(T, D)`` is one of :data:`FALSE`, :data:`TRUE`, :data:`IGNORED`; ``truth_of``
    ``(R, D)``, of the first ``R`` thresholds, the truth a detection took (:data:`NOBODY` if none).
    """

    thresholds: tuple[float, ...]
    truth_of: Choices
    verdict: Verdicts

    def at(self, iou_threshold: float) -> int:
        """Return the row of a threshold's verdicts; raise KeyError if it was not matched."""
        close = np.flatnonzero(np.abs(np.array(self.thresholds) - iou_threshold) < 1e-9)
        if not close.size:
            raise KeyError(iou_threshold)
        return int(close[0])

    def row(self, index: int) -> MatchRow:
        """Return what holds at one of the first ``R`` thresholds."""
        return MatchRow(self.thresholds[index], self.truth_of[index], self.verdict[index])


@dataclass(frozen=True, slots=True)
class OwnPairs:
    """Pairs of one label: all that matching looks at, whatever the IoU threshold.

    Detection ``owners[n]`` has the pairs ``start[n]`` to ``start[n + 1]``, truths rising and
    counted over all images.
    """

    owners: Ints
    start: Ints
    truth: Ints
    iou: Floats


def own_pairs(arranged: Arranged, overlaps: Overlaps) -> OwnPairs:
    """Choose the pairs of one label; an ignore region is of every label."""
    return OwnPairs(
        *_own_pairs(
            (arranged.det_start, arranged.det_label),
            (arranged.truth_start, arranged.truth_label),
            (overlaps.start, overlaps.truth, overlaps.iou),
        )
    )


def match(
    arranged: Arranged,
    pairs: OwnPairs,
    thresholds: tuple[float, ...] = COCO_THRESHOLDS,
    *,
    whole: bool = True,
) -> Matches:
    """Match at each IoU threshold.

    Args:
        arranged: Samples in evaluation order.
        pairs: Their overlaps within a label.
        thresholds: IoU thresholds, each at least ``overlaps.MIN_OVERLAP``.
        whole: Whether to keep who took which truth at each threshold, or at the first alone.

    No detections give arrays of shape ``(T, 0)``.
    """
    shape = len(thresholds), arranged.score.size
    kept = len(thresholds) if whole else 1
    truth_of = np.full((kept, arranged.score.size), NOBODY, np.int32)
    verdict = np.full(shape, FALSE, np.uint8)
    ignored = arranged.truth_crowd
    _match_into(truth_of, verdict, pairs, np.array(thresholds), (ignored, ignored))
    return Matches(thresholds, truth_of, verdict)


def verdicts_by_area(
    arranged: Arranged, pairs: OwnPairs, area_range: tuple[float, float]
) -> Verdicts:
    """Verdicts ``(10, D)`` at COCO's thresholds when only objects of a size count.

    Truths of another area (both ends of the range are inside) are ignored, and so are unmatched
    detections of another area.
    """
    low, high = area_range
    ignored = (arranged.truth_area < low) | (arranged.truth_area > high) | arranged.truth_crowd
    outside = (arranged.det_area < low) | (arranged.det_area > high)
    alone = np.where(outside, np.uint8(IGNORED), np.uint8(FALSE))
    verdict = np.repeat(alone[None], len(COCO_THRESHOLDS), axis=0)
    nowhere = np.zeros((0, 0), np.int32)
    rules = (arranged.truth_crowd, ignored)
    _match_into(nowhere, verdict, pairs, np.array(COCO_THRESHOLDS), rules)
    return verdict


def _match_into(
    truth_of: Choices, verdict: Verdicts, pairs: OwnPairs, thresholds: Floats, rules: Columns
) -> None:
    """Write into ``verdict`` ``(T, D)`` what is matched, and its truths as far as there is room."""
    columns = (pairs.owners, pairs.start, pairs.truth, pairs.iou)
    _match_all(truth_of, verdict, columns, thresholds, rules)


@compiled
def _match_all(
    truth_of: Choices, verdict: Verdicts, pairs: Columns, thresholds: Floats, rules: Columns
) -> None:
    owners, start, truth, iou = pairs
    taken = np.zeros(rules[0].size, np.bool_)
    for row in range(thresholds.size):
        taken[:] = False
        floor = min(thresholds[row], 1.0 - 1e-10)
        for place in range(owners.size):
            own = (truth[start[place] : start[place + 1]], iou[start[place] : start[place + 1]])
            chosen = _choose(own, rules, taken, floor)
            if chosen == NOBODY:
                continue
            taken[chosen] = True
            verdict[row, owners[place]] = IGNORED if rules[1][chosen] else TRUE
            if row < truth_of.shape[0]:
                truth_of[row, owners[place]] = chosen


@compiled
def _own_pairs(dets: Columns, truths: Columns, pairs: Columns) -> Columns:
    det_start, det_label = dets
    start, truth_of, iou_of = pairs
    owners, out_start = np.empty(det_label.size, np.int64), np.zeros(det_label.size + 1, np.int64)
    out_truth, out_iou = np.empty(truth_of.size, np.int64), np.empty(truth_of.size, np.float64)
    filled, found = 0, 0
    for image in range(det_start.size - 1):
        first = truths[0][image]
        for det in range(det_start[image], det_start[image + 1]):
            for pair in range(start[det], start[det + 1]):
                truth = first + truth_of[pair]
                if truths[1][truth] == det_label[det] or truths[1][truth] < 0:
                    out_truth[filled], out_iou[filled] = truth, iou_of[pair]
                    filled += 1
            if filled > out_start[found]:
                owners[found] = det
                found += 1
                out_start[found] = filled
    return owners[:found], out_start[: found + 1], out_truth[:filled], out_iou[:filled]


@inlined
def _choose(pairs: Columns, rules: Columns, taken: Flags, floor: float) -> int:
    crowd, ignored = rules
    best, chosen, best_ignored, swallower = floor, NOBODY, floor, NOBODY
    for pair in range(pairs[0].size):
        truth, iou = pairs[0][pair], pairs[1][pair]
        if ignored[truth]:
            if iou >= best_ignored and (crowd[truth] or not taken[truth]):
                best_ignored, swallower = iou, truth
        elif iou >= best and not taken[truth]:
            best, chosen = iou, truth
    return swallower if chosen == NOBODY else chosen
