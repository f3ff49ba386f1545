"""Is one version better than another? Paired on the images both have seen.

The same images are drawn for both (paired bootstrap, Efron and Tibshirani 1993, ch. 16), so that
hard images do not count as a difference. A sign test over images is given beside it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.draws import Draws, draw_images, once
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import (
    Interval,
    bootstrap_interval,
    nan_mean,
)
from services.evaluator.domain.objects.drawn_precision import Ranking, ap_replicates
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.replicates import image_counts, rate_replicates

REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both versions, the difference (second - first), its interval and p-value."""

    first: Figure
    second: Figure
    difference: Figure
    interval: Interval
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences by figure; images on which the second version errs less, and more."""

    images: int
    figures: dict[str, Difference]
    images_better: int
    images_worse: int
    sign_test_p: float


@dataclass(frozen=True, slots=True)
class Side:
    """One version: its evaluation and the confidence threshold it is judged at."""

    evaluation: Evaluation
    threshold: float


def compare(
    first: Side,
    second: Side,
    *,
    iou_threshold: float = 0.5,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Compare on the common images; none in common gives nan figures and p-values of 1."""
    common = common_images(first.evaluation, second.evaluation)
    draws = draw_images(len(common), replicates, seed=seed)
    drawn = [_replicates(side, common, draws, iou_threshold) for side in (first, second)]
    whole = once(len(common))
    plain = [_replicates(side, common, whole, iou_threshold) for side in (first, second)]
    figures = {
        name: differing(
            float(plain[0][name][0]),
            float(plain[1][name][0]),
            drawn[1][name] - drawn[0][name],
            draws.drawn,
        )
        for name in plain[0]
    }
    errors = [_errors(side, common, iou_threshold) for side in (first, second)]
    better, worse = int((errors[1] < errors[0]).sum()), int((errors[1] > errors[0]).sum())
    return Comparison(len(common), figures, better, worse, sign_test(better, worse))


def sign_test(better: int, worse: int) -> float:
    """Two-sided p-value of the sign test (Conover 1999, ch. 3.4); without a difference 1.

    >>> round(sign_test(1, 5), 6)
    0.21875
    """
    return min(1.0, 2 * float(bdtr(min(better, worse), better + worse, 0.5)))


def p_value(difference: float, replicates: Floats) -> float:
    """Two-sided bootstrap p-value of "no difference"; undefined replicates are left out.

    The replicates are centred on the difference, as those of its interval are.

    >>> p_value(0.0, np.zeros(99))
    1.0
    """
    known = replicates[~np.isnan(replicates)]
    if not known.size:
        return 1.0
    centred = known - known.mean() + difference
    below, above = int((centred <= 0).sum()), int((centred >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (known.size + 1))


def differing(
    first: float,
    second: float,
    replicates: Floats,
    drawn: int,
    *,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Difference:
    """Difference of a figure, from its values in paired draws ``(B,)`` of ``drawn`` images."""
    interval = bootstrap_interval(second - first, replicates, drawn, bounds=bounds)
    chance = p_value(second - first, replicates)
    return Difference(first, second, second - first, interval, chance)


def common_images(first: Evaluation, second: Evaluation) -> list[str]:
    """Images that both versions were judged on."""
    return sorted(set(first.samples.images.ids) & set(second.samples.images.ids))


def _replicates(
    side: Side, common: list[str], draws: Draws, iou_threshold: float
) -> dict[str, Floats]:
    evaluation = side.evaluation
    place = {name: index for index, name in enumerate(side.evaluation.samples.images.ids)}
    columns = np.array([place[name] for name in common], np.int64)
    spread = draws.of_some(columns, len(place))
    matches, row = evaluation.matched_at(iou_threshold)
    counts = image_counts(evaluation.arranged, matches.verdict[row], side.threshold)
    rates = rate_replicates(counts, spread)
    truths = counts.found + counts.missed
    has = truths[columns].sum(axis=0) > 0
    ap = ap_replicates(evaluation.matches.verdict, Ranking.of(evaluation.arranged), truths, spread)
    return {
        "average_detection_rate": rates.detection_rate,
        "precision": rates.micro_precision,
        "f1": nan_mean(rates.f1, has),
        "map": nan_mean(ap.mean(axis=0), has),
        "map_50": nan_mean(ap[evaluation.matches.at(0.5)], has),
    }


def _errors(side: Side, common: list[str], iou_threshold: float) -> Ints:
    matches, row = side.evaluation.matched_at(iou_threshold)
    counts = image_counts(side.evaluation.arranged, matches.verdict[row], side.threshold)
    errors: Ints = counts.wrong.sum(axis=1) + counts.missed.sum(axis=1)
    place = {name: index for index, name in enumerate(side.evaluation.samples.images.ids)}
    return errors[np.array([place[name] for name in common], np.int64)]
