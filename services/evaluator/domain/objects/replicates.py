"""Figures of drawn images, so that nothing is matched or sorted again."""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.objects.average_precision import RECALL_POINTS
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, IGNORED, TRUE, Verdicts
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


def rate_replicates(counts: ImageCounts, weights: Floats) -> RateReplicates:
    """Rates of each label, and over all objects, in each replicate."""
    columns = np.concatenate([counts.found, counts.wrong, counts.missed], axis=1)
    found, wrong, missed = np.split(weights @ columns.astype(np.float64), 3, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = found.sum(axis=1)
        return RateReplicates(
            precision=found / (found + wrong),
            recall=found / (found + missed),
            f1=2 * found / (2 * found + wrong + missed),
            micro_precision=total / (total + wrong.sum(axis=1)),
            detection_rate=total / (total + missed.sum(axis=1)),
        )


def ap_replicates(
    arranged: Arranged, verdict: Verdicts, truths_per_image: Ints, weights: Floats
) -> Floats:
    """AP of each label in each replicate, ``(B, K)``; nan where a label has no truth drawn.

    Args:
        arranged: Samples in evaluation order.
        verdict: ``(D,)`` at one IoU threshold.
        truths_per_image: ``(M, K)``.
        weights: ``(B, M)`` of :func:`draw_weights`.
    """
    return ranked_ap_replicates(
        verdict,
        (arranged.by_label, arranged.label_start, arranged.det_image()),
        truths_per_image,
        weights,
    )


def ranked_ap_replicates(
    verdict: Verdicts,
    ranked: tuple[Ints, Ints, Ints],
    truths_per_image: Ints,
    weights: Floats,
) -> Floats:
    """The same for any ranking: rows by label, where a label begins, and the image of each row."""
    drawn = np.ascontiguousarray(weights, np.float64)
    positives = drawn @ truths_per_image.astype(np.float64)
    out: Floats = _weighted_ap(verdict, *ranked, drawn, positives, RECALL_POINTS)
    return out


@compiled
def _weighted_ap(
    verdict: Verdicts,
    by_label: Ints,
    label_start: Ints,
    image: Ints,
    weights: Floats,
    positives: Floats,
    points: Floats,
) -> Floats:
    labels = label_start.size - 1
    out = np.full((weights.shape[0], labels), np.nan)
    recall, envelope = np.empty(by_label.size), np.empty(by_label.size)
    for label in range(labels):
        ranked = by_label[label_start[label] : label_start[label + 1]]
        ranked = ranked[verdict[ranked] != IGNORED]
        for draw in range(weights.shape[0]):
            if positives[draw, label] == 0:
                continue
            corners = _weighted_corners(
                verdict, ranked, image, weights[draw], positives[draw, label], recall, envelope
            )
            total, place = 0.0, 0
            for point in points:
                while place < corners and recall[place] < point:
                    place += 1
                if place == corners:
                    break
                total += envelope[place]
            out[draw, label] = total / points.size
    return out


@compiled
def _weighted_corners(
    verdict: Verdicts,
    ranked: Ints,
    image: Ints,
    weights: Floats,
    positives: float,
    recall: Floats,
    envelope: Floats,
) -> int:
    """Write recall and falling precision at each right detection drawn; return how many."""
    found, wrong, corners = 0.0, 0.0, 0
    for det in ranked:
        weight = weights[image[det]]
        if weight == 0.0:
            continue
        if verdict[det] == TRUE:
            found += weight
            recall[corners] = found / positives
            envelope[corners] = found / (found + wrong)
            corners += 1
        else:
            wrong += weight
    for place in range(corners - 2, -1, -1):
        envelope[place] = max(envelope[place], envelope[place + 1])
    return corners
