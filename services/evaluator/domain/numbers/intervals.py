"""How far a figure can be trusted: Wilson intervals for rates, image bootstrap for the rest.

Sources: Wilson 1927 for rates; Efron 1979 for the bootstrap; Hesterberg 2015 for its small samples.
Images, not objects, are drawn, because the objects of an image share its light, focus and part;
drawing is done by weights, so that nothing is matched or sorted again.

A bootstrap interval is about the value that the figure has on average over test sets **of this
size**. For a rate that is the rate itself; an interpolated AP or a mean over labels lies a little
beside its value on endless data, and no test set can show that one. So the draws are centred on the
figure (their own mean carries the same offset a second time), spread by ``sqrt(n / (n - 1))`` and
cut at the quantiles of Student's t instead of the normal law. A simulation in the tests holds the
coverage to 95 ± 2 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numba import njit
from scipy.special import ndtr, stdtrit

from services.evaluator.domain.objects.average_precision import RECALL_POINTS
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, IGNORED, TRUE, Verdicts
from services.evaluator.domain.objects.samples import Flags, Floats, Ints

Z_95 = 1.959963984540054
RATE_BOUNDS = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval; both ends nan when nothing can be said."""

    low: float
    high: float


UNKNOWN = Interval(float("nan"), float("nan"))


def wilson(successes: int, trials: int, *, z: float = Z_95) -> Interval:
    """Wilson score interval of a rate; no trials give nan.

    >>> wilson(9, 10)
    Interval(low=0.5958499732047615, high=0.9821238217648736)
    """
    if trials == 0:
        return UNKNOWN
    rate, square = successes / trials, z * z / trials
    middle = rate + square / 2
    reach = z * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return Interval(max(0.0, low), min(1.0, high))


@lru_cache(maxsize=4)
def draw_weights(images: int, replicates: int, *, seed: int = 0) -> Floats:
    """How often each image is drawn in each replicate, ``(B, M)``; rows add up to ``M``.

    The last few draws are kept, read-only: every section of a report, and every place of its
    threshold slider, asks for the same ones.
    """
    generator = np.random.default_rng(seed)
    if images == 0:
        return np.zeros((replicates, 0))
    drawn = generator.integers(0, images, (replicates, images))
    drawn += np.arange(replicates)[:, None] * images
    counts = np.bincount(drawn.ravel(), minlength=replicates * images)
    weights = counts.reshape(replicates, images).astype(np.float64)
    weights.flags.writeable = False
    return weights


def bootstrap_interval(
    figure: float,
    replicates: Floats,
    images: int,
    *,
    bounds: tuple[float, float] = RATE_BOUNDS,
) -> Interval:
    """Interval of a figure from its bootstrap values ``(B,)`` over ``images`` drawn images.

    Undefined replicates are left out; an undefined figure, fewer than two images or fewer than two
    replicates give nan. ``bounds`` are the least and greatest value the figure can have.
    """
    known = replicates[~np.isnan(replicates)]
    if np.isnan(figure) or known.size < 2 or images < 2:
        return UNKNOWN
    spread = sqrt(images / (images - 1))
    tail = float(ndtr(stdtrit(images - 1, 0.025) * spread))
    low, high = np.quantile(known - known.mean(), [tail, 1 - tail]) + figure
    least, most = bounds
    return Interval(float(min(max(low, least), figure)), float(max(min(high, most), figure)))


def bootstrap_intervals(
    figures: Mapping[str, float], replicates: Mapping[str, Floats], images: int
) -> dict[str, Interval]:
    """Intervals of rates by name."""
    return {
        name: bootstrap_interval(figures[name], values, images)
        for name, values in replicates.items()
    }


def jackknife_interval(figure: float, without: Floats) -> Interval:
    """Interval of a rate from its values ``(G,)`` without one group of images each.

    For figures that cannot be weighted (Shao and Tu 1995, ch. 2.3: delete-a-group jackknife).
    An undefined figure or value, or fewer than two groups, gives nan.
    """
    groups = without.size
    if groups < 2 or np.isnan([figure, *without]).any():
        return UNKNOWN
    reach = float(-stdtrit(groups - 1, 0.025) * sqrt((groups - 1) * without.var()))
    return Interval(max(figure - reach, 0.0), min(figure + reach, 1.0))


def mean_replicates(sums: Floats, counts: Floats | Ints, weights: Floats) -> Floats:
    """Resampled ``sum / count`` of columns by image, ``(M,)`` or ``(M, C)``: ``(B,)``, ``(B, C)``.

    ``counts`` of one column serve all;
    nan where a replicate counts nothing.
    """
    drawn, whole = weights @ np.asarray(sums, np.float64), weights @ np.asarray(counts, np.float64)
    out: Floats = np.full(drawn.shape, np.nan)
    np.divide(drawn, whole, out=out, where=whole > 0)
    return out


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


def nan_mean(values: Floats, labels: Flags) -> Floats:
    """Mean over the chosen labels of each replicate, undefined ones left out, ``(B,)``."""
    chosen = values[:, labels]
    known = ~np.isnan(chosen)
    sums, sizes = np.where(known, chosen, 0.0).sum(axis=1), known.sum(axis=1)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)


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
        else:
            wrong += weight
    for place in range(corners - 2, -1, -1):
        envelope[place] = max(envelope[place], envelope[place + 1])
    return corners
