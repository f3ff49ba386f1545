"""Intervals cover what they promise: 95 ± 2 % on simulated data of known truth."""

import numpy as np
import pytest
from scenes import random_samples
from scipy.stats import binom

from services.evaluator.domain.average_precision import mean
from services.evaluator.domain.evaluation import evaluate
from services.evaluator.domain.intervals import (
    ImageCounts,
    ap_replicates,
    draw_weights,
    image_counts,
    percentile_interval,
    rate_replicates,
    wilson,
)

SIMULATIONS = 1500
IMAGES = 150
REPLICATES = 400


def simulated(r: np.random.Generator) -> ImageCounts:
    """Images of different difficulty: objects of one image are found, or not, together."""
    objects = r.poisson(4, IMAGES)
    ease = np.clip(r.normal(0.8, 0.15, IMAGES), 0, 1)
    found = r.binomial(objects, ease)
    wrong = r.poisson(0.6, IMAGES)
    return ImageCounts(*(column[:, None] for column in (found, wrong, objects - found)))


def test_bootstrap_intervals_of_rates_cover_95_percent() -> None:
    r = np.random.default_rng(1)
    many = [simulated(r) for _ in range(400)]
    found, wrong, missed = (
        sum(int(getattr(c, name).sum()) for c in many) for name in ("found", "wrong", "missed")
    )
    truth = {
        "recall": found / (found + missed),
        "precision": found / (found + wrong),
        "f1": 2 * found / (2 * found + wrong + missed),
    }
    covered = dict.fromkeys(truth, 0)
    for place in range(SIMULATIONS):
        weights = draw_weights(IMAGES, REPLICATES, seed=place)
        replicates = rate_replicates(simulated(r), weights)
        for name, value in truth.items():
            interval = percentile_interval(getattr(replicates, name)[:, 0])
            covered[name] += interval.low <= value <= interval.high
    for name, hits in covered.items():
        assert 0.93 <= hits / SIMULATIONS <= 0.97, name


@pytest.mark.parametrize(("trials", "rate"), [(30, 0.9), (100, 0.5), (200, 0.95)])
def test_wilson_intervals_cover_about_95_percent(trials: int, rate: float) -> None:
    """Exact, over all outcomes; for a single rate coverage sways around the promise."""
    counts = np.arange(trials + 1)
    covers = [wilson(int(k), trials).low <= rate <= wilson(int(k), trials).high for k in counts]
    assert 0.93 <= float(binom.pmf(counts, trials, rate) @ covers) <= 0.98


def test_every_image_once_is_the_figure_itself() -> None:
    evaluation = evaluate(random_samples(seed=3))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    once = np.ones((1, arranged.images), np.int64)
    counts = image_counts(arranged, verdict, 0.0)
    ap = ap_replicates(arranged, verdict, counts.found + counts.missed, once)
    np.testing.assert_allclose(ap[0], evaluation.precisions.ap[0], atol=1e-12)
    rates = rate_replicates(image_counts(arranged, verdict, 0.4), once)
    result = evaluation.outcomes_at(threshold=0.4, iou_threshold=0.5)
    recall = result.found.sum() / evaluation.positives.sum()
    assert rates.detection_rate[0] == pytest.approx(recall)


def test_an_image_drawn_twice_counts_as_two_images() -> None:
    evaluation = evaluate(random_samples(seed=6, images=20))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    weights = np.random.default_rng(0).integers(0, 3, (1, 20))
    counts = image_counts(arranged, verdict, 0.0)
    drawn = ap_replicates(arranged, verdict, counts.found + counts.missed, weights)[0]
    doubled = 2 * weights
    again = ap_replicates(arranged, verdict, counts.found + counts.missed, doubled)[0]
    np.testing.assert_allclose(drawn, again, atol=1e-12)
    assert mean(drawn) != pytest.approx(mean(evaluation.precisions.ap[0]), abs=1e-6)


def test_nothing_gives_no_interval() -> None:
    assert np.isnan(wilson(0, 0).low)
    assert np.isnan(percentile_interval(np.array([np.nan, np.nan])).high)
    assert draw_weights(0, 5).shape == (5, 0)


def test_draws_are_repeatable_and_as_many_as_images() -> None:
    first, again = draw_weights(30, 50, seed=9), draw_weights(30, 50, seed=9)
    np.testing.assert_array_equal(first, again)
    assert (first.sum(axis=1) == 30).all()
