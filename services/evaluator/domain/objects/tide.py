"""Where the AP is lost: the six error kinds of TIDE and what mending each would bring.

Source: Bolya et al., TIDE, ECCV 2020, and its program ``tidecv`` (matching, order of the tests and
AP are its own, a little different from COCO's: the first of equals wins, 0.5 itself matches).
"""

from dataclasses import dataclass, field

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Flags, Floats, Ints
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import Interval, bootstrap_interval, nan_mean
from services.evaluator.domain.numbers.ordering import group
from services.evaluator.domain.objects.drawn_precision import Ranking, ap_replicates
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, TRUE
from services.evaluator.domain.objects.overlaps import MIN_OVERLAP, Overlaps
from services.evaluator.domain.objects.replicates import truths_by_image
from shared.vision.compilation import compiled

KINDS = ("cls", "loc", "both", "dupe", "bkg", "miss")
CLS, LOC, BOTH, DUPE, BKG, MISS = range(6)
FINE = -1
RECALLS: Floats = np.arange(101) / 100.0


@dataclass(frozen=True, slots=True)
class ErrorSplit:
    """``ap`` at IoU 0.5; of each kind the ``gain`` of AP if it were mended, and the ``count``.

    ``intervals`` are those of the gains; empty without draws.
    """

    ap: Figure
    gain: dict[str, Figure]
    count: dict[str, int]
    intervals: dict[str, Interval] = field(default_factory=dict)


def error_split(
    arranged: Arranged,
    overlaps: Overlaps,
    *,
    iou_threshold: float = 0.5,
    draws: Draws | None = None,
) -> ErrorSplit:
    """Sort every error into a kind and weigh the kinds.

    Args:
        arranged: Samples in evaluation order.
        overlaps: Their overlaps (all pairs of 0.1 and more).
        iou_threshold: Overlap from which a detection is right.
        draws: Draws of the images, for intervals of the gains.

    Labels with neither truths nor detections are left out of the mean; nothing at all gives nan.
    Detections inside an ignored place are not counted as errors.
    """
    kind, swallowed, heir_of, reachable = _classify(
        arranged.by_image(),
        (arranged.det_start, arranged.det_label, arranged.score),
        (arranged.truth_start, arranged.truth_label, arranged.truth_crowd),
        (overlaps.start, overlaps.truth, overlaps.iou),
        (iou_threshold, MIN_OVERLAP),
    )
    missed = ~arranged.truth_crowd & ~reachable
    curve = _Curve(arranged, kind, swallowed)
    truths = truths_by_image(arranged, ~arranged.truth_crowd)
    plain = curve.ranking(kind == FINE, ~swallowed, regrouped=False)
    ap = curve.mean_ap(plain, truths)
    base = None if draws is None or not len(draws) else curve.ap_draws(plain, truths, draws)
    gain: dict[str, float] = {}
    intervals: dict[str, Interval] = {}
    for code, name in enumerate(KINDS):  # one at a time: each is as long as the detections
        if code == MISS:
            world = curve.ranking(kind == FINE, ~swallowed)
            truths = truths - truths_by_image(arranged, missed)
        else:
            world = curve.mended(code, heir_of)
        gain[name] = float(_gain(np.array(curve.mean_ap(world, truths)), ap))
        if draws is not None and base is not None:
            gains = _gain(curve.ap_draws(world, truths, draws), base)
            intervals[name] = bootstrap_interval(gain[name], gains, draws.drawn)
    errors = kind[~swallowed]
    count = {name: int((errors == code).sum()) for code, name in enumerate(KINDS[:5])}
    return ErrorSplit(ap, gain, count | {"miss": int(missed.sum())}, intervals)


def _gain(mended: Floats, ap: Floats | float) -> Floats:
    """Gain of AP, never below 0; 0 too when mending leaves nothing to measure."""
    return np.where(mended > ap, mended - ap, 0.0)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Detections label by label in falling score; ``right`` and ``late`` of each, in that order.

    tidecv lists errors before right detections once it has mended something, which decides between
    equal scores: right ones are ``late`` then.
    """

    order: Ints
    start: Ints
    right: Flags
    late: Flags


@dataclass(frozen=True, slots=True)
class _Curve:
    arranged: Arranged
    kind: Ints
    swallowed: Flags

    def mended(self, code: int, heir_of: Ints) -> _Ranking:
        """Rank with one kind mended: the heir of a truth becomes right, the others vanish."""
        this = self.kind == code
        right = (self.kind == FINE) | (this & (heir_of >= 0))
        label = self.arranged.det_label
        if code == CLS:
            truths = self.arranged.truth_label
            meant = truths[heir_of] if truths.size else label
            label = np.where(this & (heir_of >= 0), meant, label)
        kept = np.where(this, heir_of >= 0, ~self.swallowed)
        return self.ranking(right, kept, label=label)

    def ranking(
        self, right: Flags, kept: Flags, *, label: Ints | None = None, regrouped: bool = True
    ) -> _Ranking:
        """Rank the kept detections under their labels."""
        arranged = self.arranged
        if label is None:
            order = arranged.by_label[kept[arranged.by_label]]
            label = arranged.det_label
        else:
            rows = arranged.by_score[kept[arranged.by_score]]
            order = rows[group(label[rows], arranged.labels)[0]]
        start = np.searchsorted(label[order], np.arange(arranged.labels + 1))
        return _Ranking(order, start, right[order], (self.kind[order] == FINE) & regrouped)

    def mean_ap(self, ranking: _Ranking, truths: Ints) -> float:
        """Mean over labels of the area under the curve, in [0, 1]; nan without any label.

        ``truths`` ``(M, K)`` counts those of each image and label.
        """
        positives = truths.sum(axis=0)
        seen = (positives > 0) | (np.diff(ranking.start) > 0)
        if not seen.any():
            return float("nan")
        ranked = (ranking.right, ranking.late, self.arranged.score[ranking.order])
        areas = _areas(ranked, ranking.start, positives, RECALLS)
        return float(areas[seen].mean())

    def ap_draws(self, ranking: _Ranking, truths: Ints, draws: Draws) -> Floats:
        """The same in each replicate, ``(B,)``; a label without a truth drawn is left out."""
        positives = truths.sum(axis=0)
        seen = (positives > 0) | (np.diff(ranking.start) > 0)
        verdict = np.full(self.arranged.score.size, FALSE, np.uint8)
        verdict[ranking.order[ranking.right]] = TRUE
        score = self.arranged.score[ranking.order]
        rows = _late_last(ranking.order, ranking.late, score, ranking.start)
        ranked = Ranking(rows, ranking.start, self.arranged.det_image()[rows])
        (areas,) = ap_replicates(verdict[None], ranked, truths, draws)
        areas[:, positives <= 0] = 0.0
        return nan_mean(areas, seen)


@compiled
def _classify(
    order: Ints, dets: Columns, truths: Columns, pairs: Columns, limits: Columns
) -> Columns:
    """Kind and swallowing of each detection, the truth it would mend, the truths in reach."""
    det_start, det_label, score = dets
    kind = np.full(det_label.size, BKG, np.int8)
    swallowed = np.zeros(det_label.size, np.bool_)
    used = np.zeros(truths[1].size, np.bool_)
    reachable = np.zeros(truths[1].size, np.bool_)
    heir = np.full(truths[1].size, -1, np.int64)
    for image in range(det_start.size - 1):
        first = truths[0][image]
        here = order[det_start[image] : det_start[image + 1]]
        for det in here:
            chosen, swallowed[det] = _claim(det, first, det_label, truths, pairs, used, limits[0])
            if chosen >= 0:
                used[chosen], kind[det] = True, FINE
        for det in here:
            if kind[det] == FINE:
                continue
            kind[det], truth = _error_kind(det, first, det_label, truths, pairs, used, limits)
            if truth >= 0 and not used[truth]:
                reachable[truth] = True
                if heir[truth] < 0 or score[heir[truth]] < score[det]:
                    heir[truth] = det
    heir_of = np.full(det_label.size, -1, np.int32)
    for truth in range(heir.size):
        if heir[truth] >= 0:
            heir_of[heir[truth]] = truth
    return kind, swallowed, heir_of, reachable | used


@compiled
def _claim(
    det: int,
    first: int,
    det_label: Ints,
    truths: Columns,
    pairs: Columns,
    used: Flags,
    positive: float,
) -> Columns:
    """Truth to take: the best free one of the own label; else whether an ignored one swallows."""
    best, chosen, swallowed = 0.0, -1, False
    for pair in range(pairs[0][det], pairs[0][det + 1]):
        truth = first + pairs[1][pair]
        own = truths[1][truth] == det_label[det] or truths[1][truth] < 0
        if truths[2][truth]:
            swallowed = swallowed or (own and pairs[2][pair] > positive)
        elif own and not used[truth] and pairs[2][pair] > best:
            best, chosen = pairs[2][pair], truth
    if best >= positive:
        return chosen, False
    return -1, swallowed


@compiled
def _error_kind(
    det: int,
    first: int,
    det_label: Ints,
    truths: Columns,
    pairs: Columns,
    used: Flags,
    limits: Columns,
) -> Columns:
    own, own_truth, other, other_truth, taken = 0.0, -1, 0.0, -1, 0.0
    for pair in range(pairs[0][det], pairs[0][det + 1]):
        truth, iou = first + pairs[1][pair], pairs[2][pair]
        if truths[2][truth]:
            continue
        if truths[1][truth] != det_label[det]:
            if iou > other:
                other, other_truth = iou, truth
            continue
        if iou > own:
            own, own_truth = iou, truth
        taken = max(taken, iou * used[truth])
    if limits[1] <= own <= limits[0]:
        return LOC, own_truth
    if other >= limits[0]:
        return CLS, other_truth
    if taken >= limits[0]:
        return DUPE, -1
    return (BKG if max(own, other) <= limits[1] else BOTH), -1


@compiled
def _areas(ranked: Columns, start: Ints, positives: Ints, points: Floats) -> Floats:
    out = np.zeros(start.size - 1)
    for label in range(start.size - 1):
        if positives[label] <= 0:
            continue
        corners, found = _corners(ranked, start[label], start[label + 1])
        place = 0
        for point in points:
            while place < found and (place + 1) / positives[label] < point:
                place += 1
            if place == found:
                break
            out[label] += corners[place] / points.size
    return out


@compiled
def _late_last(order: Ints, late: Flags, score: Floats, start: Ints) -> Ints:
    """The order in which, among equal scores of a label, the late ones come last."""
    out, filled = np.empty_like(order), 0
    for label in range(start.size - 1):
        begin = start[label]
        while begin < start[label + 1]:
            end = begin + 1
            while end < start[label + 1] and score[end] == score[begin]:
                end += 1
            for turn in (False, True):
                for place in range(begin, end):
                    if late[place] == turn:
                        out[filled] = order[place]
                        filled += 1
            begin = end
    return out


@compiled
def _corners(ranked: Columns, first: int, last: int) -> Columns:
    """Falling precision at each right detection; among equal scores the late ones come last."""
    right, late, score = ranked
    corners, found, shown = np.empty(last - first), 0, 0
    begin = first
    while begin < last:
        end = begin + 1
        while end < last and score[end] == score[begin]:
            end += 1
        for turn in (False, True):
            for place in range(begin, end):
                if late[place] != turn:
                    continue
                shown += 1
                if right[place]:
                    corners[found] = (found + 1) / shown
                    found += 1
        begin = end
    for place in range(found - 2, -1, -1):
        corners[place] = max(corners[place], corners[place + 1])
    return corners, found
