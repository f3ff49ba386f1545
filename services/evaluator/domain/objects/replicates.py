"""Figures of drawn images, so that nothing is matched or sorted again."""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Flags, Floats, Ints
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, TRUE, Verdicts
from shared.vision.compilation import compiled


@dataclass(frozen=True, slots=True)
class ImageCounts:
    """Found, wrong and missed objects per image and label, ``(M, K)`` each."""

    found: Ints
    wrong: Ints
    missed: Ints


def image_counts(arranged: Arranged, verdict: Verdicts, threshold: float) -> ImageCounts:
    """Count by image, so that resampled totals are one matrix product away."""
    shown = arranged.score >= threshold
    found = detections_by_image(arranged, shown & (verdict == TRUE))
    wrong = detections_by_image(arranged, shown & (verdict == FALSE))
    return ImageCounts(found, wrong, truths_by_image(arranged, ~arranged.truth_crowd) - found)


def detections_by_image(arranged: Arranged, chosen: Flags) -> Ints:
    """Chosen detections of each image and label, ``(M, K)``."""
    return _by_image(arranged, arranged.det_image()[chosen], arranged.det_label[chosen])


def truths_by_image(arranged: Arranged, chosen: Flags) -> Ints:
    """Chosen truths (no ignore regions) of each image and label, ``(M, K)``."""
    return _by_image(arranged, arranged.truth_image()[chosen], arranged.truth_label[chosen])


def _by_image(arranged: Arranged, image: Ints, label: Ints) -> Ints:
    shape = (arranged.images, arranged.labels)
    cells = image * arranged.labels + label
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


@dataclass(frozen=True, slots=True)
class RateReplicates:
    """Resampled rates, nan where a replicate defines none.

    ``precision``, ``recall`` and ``f1`` ``(B, K)`` are per label, ``micro_precision`` and
    ``detection_rate`` ``(B,)`` over all objects.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    micro_precision: Floats
    detection_rate: Floats


def rate_replicates(counts: ImageCounts, draws: Draws) -> RateReplicates:
    """Rates of each label, and over all objects, in each replicate."""
    columns = np.concatenate([counts.found, counts.wrong, counts.missed], axis=1)
    found, wrong, missed = np.split(draws.sums(columns), 3, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = found.sum(axis=1)
        return RateReplicates(
            precision=found / (found + wrong),
            recall=found / (found + missed),
            f1=2 * found / (2 * found + wrong + missed),
            micro_precision=total / (total + wrong.sum(axis=1)),
            detection_rate=total / (total + missed.sum(axis=1)),
        )


def mean_right_by_image(arranged: Arranged, verdicts: Verdicts, counted: Flags) -> Floats:
    """Right detections of each image and label, the mean of rows of ``verdicts``, ``(M, K)``.

    Args:
        arranged: Samples in evaluation order.
        verdicts: ``(T, D)``.
        counted: Detections that count, ``(D,)``.
    """
    right = np.zeros((arranged.images, arranged.labels), np.int64)
    _add_right(right, (arranged.det_start, arranged.det_label, counted), verdicts)
    return right / len(verdicts)


@compiled
def _add_right(out: Ints, dets: Columns, verdicts: Verdicts) -> None:
    start, label, counted = dets
    for row in range(verdicts.shape[0]):
        for image in range(start.size - 1):
            for det in range(start[image], start[image + 1]):
                out[image, label[det]] += counted[det] and verdicts[row, det] == TRUE
