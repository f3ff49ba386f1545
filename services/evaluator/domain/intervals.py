"""How far a figure can be trusted: Wilson intervals for rates, image bootstrap for the rest.

Sources: Wilson 1927 for rates; Efron 1979 for the bootstrap. Images, not objects, are drawn,
because the objects of an image share its light, focus and part; drawing is done by weights, so that
nothing is matched or sorted again.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit

from services.evaluator.domain.arrangement import Arranged
from services.evaluator.domain.average_precision import RECALL_POINTS
from services.evaluator.domain.matching import FALSE, TRUE, Verdicts
from services.evaluator.domain.samples import Floats, Ints

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; both ends nan when nothing can be said."""

    low: float
    high: float


def wilson(successes: int, trials: int, *, z: float = Z_95) -> Interval:
    """Wilson score interval of a rate; no trials give nan.

    >>> wilson(9, 10)
    Interval(low=0.5958499732047615, high=0.9821238217648736)
    """
    if trials == 0:
        return Interval(float("nan"), float("nan"))
    rate, square = successes / trials, z * z / trials
    middle = rate + square / 2
    reach = z * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return Interval(max(0.0, low), min(1.0, high))


def draw_weights(images: int, replicates: int, *, seed: int = 0) -> Ints:
    """How often each image is drawn in each replicate, ``(B, M)``; rows add up to ``M``."""
    generator = np.random.default_rng(seed)
    if images == 0:
        return np.zeros((replicates, 0), np.int64)
    return generator.multinomial(images, np.full(images, 1 / images), size=replicates)


def percentile_interval(replicates: Floats) -> Interval:
    """Middle 95 % of bootstrap values, ``(B,)``; undefined values are left out."""
    known = replicates[~np.isnan(replicates)]
    if known.size < 2:
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(float(low), float(high))


@dataclass(frozen=True, slots=True)
class ImageCounts:
    """Found, wrong and missed objects per image and label, ``(M, K)`` each."""

    found: Ints
    wrong: Ints
    missed: Ints


def image_counts(arranged: Arranged, verdict: Verdicts, threshold: float) -> ImageCounts:
    """Count by image, so that resampled totals are one matrix product away."""
    shape = (arranged.images, arranged.labels)
    cell = arranged.det_image() * arranged.labels + arranged.det_label
    shown = arranged.score >= threshold
    size = shape[0] * shape[1]
    found = np.bincount(cell[shown & (verdict == TRUE)], minlength=size).reshape(shape)
    wrong = np.bincount(cell[shown & (verdict == FALSE)], minlength=size).reshape(shape)
    counted = ~arranged.truth_crowd
    truth_cell = arranged.truth_image()[counted] * arranged.labels + arranged.truth_label[counted]
    truths = np.bincount(truth_cell, minlength=size).reshape(shape)
    return ImageCounts(found, wrong, truths - found)


@dataclass(frozen=True, slots=True)
class RateReplicates:
    """Resampled rates, ``(B, K)`` per label; nan where a replicate defines none."""

    precision: Floats
    recall: Floats
    f1: Floats
    detection_rate: Floats


def rate_replicates(counts: ImageCounts, weights: Ints) -> RateReplicates:
    """Precision, recall and F1 of each label, and the average detection rate ``(B,)``."""
    drawn = weights.astype(np.float64)
    found, wrong, missed = (drawn @ part for part in (counts.found, counts.wrong, counts.missed))
    with np.errstate(invalid="ignore", divide="ignore"):
        total = found.sum(axis=1)
        return RateReplicates(
            precision=found / (found + wrong),
            recall=found / (found + missed),
            f1=2 * found / (2 * found + wrong + missed),
            detection_rate=total / (total + missed.sum(axis=1)),
        )


def ap_replicates(
    arranged: Arranged, verdict: Verdicts, truths_per_image: Ints, weights: Ints
) -> Floats:
    """AP of each label in each replicate, ``(B, K)``; nan where a label has no truth drawn.

    Args:
        arranged: Samples in evaluation order.
        verdict: ``(D,)`` at one IoU threshold.
        truths_per_image: ``(M, K)``.
        weights: ``(B, M)`` of :func:`draw_weights`.
    """
    out: Floats = _weighted_ap(
        verdict,
        arranged.by_label,
        arranged.label_start,
        arranged.det_image(),
        weights.astype(np.float64),
        weights.astype(np.float64) @ truths_per_image,
        RECALL_POINTS,
    )
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
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
        for draw in range(weights.shape[0]):
            if positives[draw, label] == 0:
                continue
            ranked = by_label[label_start[label] : label_start[label + 1]]
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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
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
        elif verdict[det] == FALSE:
            wrong += weight
    for place in range(corners - 2, -1, -1):
        envelope[place] = max(envelope[place], envelope[place + 1])
    return corners
