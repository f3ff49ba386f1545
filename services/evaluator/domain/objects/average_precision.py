"""Average precision and recall as COCO defines them: area under the interpolated P-R curve.

Source: ``COCOeval.accumulate`` of pycocotools; Lin et al. 2014; Everingham et al. 2010 for the
interpolation. AP is the mean of 101 precisions, each the best one at that recall or more.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Floats, Ints
from services.evaluator.domain.numbers.threads import side_by_side
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import (
    FALSE,
    TRUE,
    OwnPairs,
    Verdicts,
    verdicts_by_area,
)
from shared.vision.compilation import compiled

RECALL_POINTS: Floats = np.linspace(0.0, 1.0, 101)
AREA_RANGES: dict[str, tuple[float, float]] = {
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
MAX_RANKS = (1, 10, 100)


@dataclass(frozen=True, slots=True)
class Precisions:
    """``ap`` and ``recall`` ``(T, K)``, ``curve`` ``(T, K, 101)``; nan without truths."""

    ap: Floats
    recall: Floats
    curve: Floats


def precisions(arranged: Arranged, verdict: Verdicts, positives: Ints) -> Precisions:
    """AP, recall and P-R curve of every label at every matched IoU threshold.

    Args:
        arranged: Samples in evaluation order.
        verdict: Their verdicts at ``T`` thresholds, ``(T, D)``.
        positives: Truths of each label that count, ``(K,)``.
    """
    curve, recall = _curves(
        verdict, arranged.by_label, arranged.label_start, positives, RECALL_POINTS
    )
    return Precisions(curve.mean(axis=2), recall, curve)


def mean(values: Floats) -> float:
    """Mean over what is defined; nan if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def area_precisions(arranged: Arranged, pairs: OwnPairs) -> dict[str, Precisions]:
    """AP and recall by COCO's object sizes (areas up to 32², up to 96², above)."""

    def of(area_range: tuple[float, float]) -> Precisions:
        low, high = area_range
        verdict = verdicts_by_area(arranged, pairs, area_range)
        inside = (arranged.truth_area >= low) & (arranged.truth_area <= high)
        counted = arranged.truth_label[~arranged.truth_crowd & inside]
        positives = np.bincount(counted, minlength=arranged.labels).astype(np.int64)
        return precisions(arranged, verdict, positives)

    return dict(zip(AREA_RANGES, side_by_side(of, AREA_RANGES.values()), strict=True))


def recall_at_ranks(arranged: Arranged, verdict: Verdicts, positives: Ints) -> list[float]:
    """Mean recall over labels and IoU thresholds with 1, 10 and 100 detections an image and label.

    ``verdict`` ``(T, D)``; without truths nan.
    """
    found = _found_by_rank(
        verdict, arranged.det_label, arranged.rank, np.array(MAX_RANKS), arranged.labels
    )
    has = positives > 0
    return [mean(counts[:, has] / positives[has]) for counts in found]


@compiled
def _found_by_rank(verdict: Verdicts, label: Ints, rank: Ints, limits: Ints, labels: int) -> Ints:
    """Right detections of each label among the best of an image, ``(limits, T, K)``."""
    found = np.zeros((limits.size, verdict.shape[0], labels), np.int64)
    for row in range(verdict.shape[0]):
        for det in range(label.size):
            if verdict[row, det] != TRUE:
                continue
            for place in range(limits.size):
                found[place, row, label[det]] += rank[det] < limits[place]
    return found


@compiled
def _curves(
    verdict: Verdicts, by_label: Ints, label_start: Ints, positives: Ints, points: Floats
) -> Columns:
    labels = label_start.size - 1
    curve = np.full((verdict.shape[0], labels, points.size), np.nan)
    recall = np.full((verdict.shape[0], labels), np.nan)
    for row in range(verdict.shape[0]):
        for label in range(labels):
            if positives[label] == 0:
                continue
            ranked = by_label[label_start[label] : label_start[label + 1]]
            envelope, found = _envelope(verdict[row], ranked)
            recall[row, label] = found / positives[label]
            place = 0
            for point in range(points.size):
                while place < found and (place + 1) / positives[label] < points[point]:
                    place += 1
                curve[row, label, point] = envelope[place] if place < found else 0.0
    return curve, recall


@compiled
def _envelope(verdict: Verdicts, ranked: Ints) -> Columns:
    """Precision at each true detection, made to fall: only there can the curve have a corner."""
    envelope = np.empty(ranked.size, np.float64)
    found, wrong = 0, 0
    for det in ranked:
        if verdict[det] == TRUE:
            found += 1
            envelope[found - 1] = found / (wrong + found + 2.220446049250313e-16)
        elif verdict[det] == FALSE:
            wrong += 1
    for place in range(found - 2, -1, -1):
        envelope[place] = max(envelope[place], envelope[place + 1])
    return envelope, found
