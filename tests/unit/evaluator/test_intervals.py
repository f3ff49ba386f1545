"""Intervals cover what they promise: 95 ± 2 % on simulated data of known truth."""

from typing import Any

import numpy as np
import pytest
from scenes import random_samples, samples
from scipy.stats import binom

from services.evaluator.domain.numbers.intervals import (
    bootstrap_interval,
    draw_weights,
    nan_mean,
    wilson,
)
from services.evaluator.domain.objects.average_precision import mean
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.matching import FALSE, TRUE
from services.evaluator.domain.objects.replicates import (
    ImageCounts,
    ap_replicates,
    image_counts,
    ranked_ap_replicates,
    rate_replicates,
)
from services.evaluator.domain.objects.samples import Samples

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
    once = np.ones((1, IMAGES), np.int64)
    covered = dict.fromkeys(truth, 0)
    for place in range(SIMULATIONS):
        counts = simulated(r)
        weights = draw_weights(IMAGES, REPLICATES, seed=place)
        replicates, figures = rate_replicates(counts, weights), rate_replicates(counts, once)
        for name, value in truth.items():
            figure = float(getattr(figures, name)[0, 0])
            interval = bootstrap_interval(figure, getattr(replicates, name)[:, 0], IMAGES)
            covered[name] += interval.low <= value <= interval.high
    for name, hits in covered.items():
        assert 0.93 <= hits / SIMULATIONS <= 0.97, name


LABELS = 3
SMALL_SET = 60


def drawn_set(r: np.random.Generator) -> tuple[np.ndarray, tuple[np.ndarray, ...], ImageCounts]:
    """One small test set: verdicts, their ranking by label, and counts at a threshold."""
    truths = r.poisson(4 / LABELS, (SMALL_SET, LABELS))
    ease = np.clip(r.normal(0.8, 0.15, SMALL_SET), 0, 1)
    parts = r.binomial(truths, ease[:, None]), r.poisson(0.6 / LABELS, (SMALL_SET, LABELS))
    cells = np.concatenate([np.repeat(np.arange(part.size), part.ravel()) for part in parts])
    verdict = np.repeat([TRUE, FALSE], [part.sum() for part in parts]).astype(np.uint8)
    score = np.where(verdict == TRUE, r.beta(5, 2, cells.size), r.beta(2, 4, cells.size))
    label, image = cells % LABELS, cells // LABELS
    order = np.lexsort((-score, label))
    shown = score >= 0.45
    found, wrong = (
        np.bincount(cells[shown & (verdict == v)], minlength=truths.size).reshape(truths.shape)
        for v in (TRUE, FALSE)
    )
    start = np.searchsorted(label[order], np.arange(LABELS + 1))
    return verdict, (order, start, image), ImageCounts(found, wrong, truths - found)


def small_set_figures(drawn: Any, weights: np.ndarray) -> dict[str, np.ndarray]:
    verdict, ranked, counts = drawn
    everything = np.ones(LABELS, bool)
    ap = ranked_ap_replicates(verdict, ranked, counts.found + counts.missed, weights)
    rates = rate_replicates(counts, weights)
    return {"map_50": nan_mean(ap, everything), "f1": nan_mean(rates.f1, everything)}


def test_intervals_of_map_and_macro_f1_cover_95_percent() -> None:
    """Of the values that test sets of this size have on average, see ``intervals``."""
    r = np.random.default_rng(4)
    once = np.ones((1, SMALL_SET), np.int64)
    many = [small_set_figures(drawn_set(r), once) for _ in range(3000)]
    truth = {name: float(np.mean([one[name][0] for one in many])) for name in many[0]}
    covered = dict.fromkeys(truth, 0)
    for place in range(SIMULATIONS):
        drawn = drawn_set(r)
        figures = small_set_figures(drawn, once)
        replicates = small_set_figures(drawn, draw_weights(SMALL_SET, REPLICATES, seed=place))
        for name, value in truth.items():
            found = bootstrap_interval(float(figures[name][0]), replicates[name], SMALL_SET)
            covered[name] += found.low <= value <= found.high
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


def drawn_samples(given: Samples, times: np.ndarray) -> Samples:
    """Each image as often as it was drawn, its copies beside one another."""
    sources = np.repeat(np.arange(times.size), times)
    truths, found = given.truths, given.detections
    return samples(
        [
            (copy, int(truths.label[row]), tuple(truths.boxes_xywh[row].tolist()))
            for copy, source in enumerate(sources)
            for row in np.flatnonzero(truths.image == source)
        ],
        [
            (copy, int(found.label[row]), tuple(found.boxes_xywh[row].tolist()), found.score[row])
            for copy, source in enumerate(sources)
            for row in np.flatnonzero(found.image == source)
        ],
        images=sources.size,
        labels=given.labels,
    )


def test_an_image_drawn_twice_counts_as_two_images() -> None:
    evaluation = evaluate(random_samples(seed=6, images=20))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    weights = np.random.default_rng(0).integers(0, 3, (1, 20))
    counts = image_counts(arranged, verdict, 0.0)
    drawn = ap_replicates(arranged, verdict, counts.found + counts.missed, weights)[0]
    again = evaluate(drawn_samples(evaluation.samples, weights[0])).precisions.ap[0]
    np.testing.assert_allclose(drawn, again, atol=1e-12)
    assert mean(drawn) != pytest.approx(mean(evaluation.precisions.ap[0]), abs=1e-6)


def test_nothing_gives_no_interval() -> None:
    assert np.isnan(wilson(0, 0).low)
    assert np.isnan(bootstrap_interval(0.5, np.array([np.nan, np.nan]), 9).high)
    assert np.isnan(bootstrap_interval(float("nan"), np.array([0.1, 0.2]), 9).high)
    assert np.isnan(bootstrap_interval(0.5, np.array([0.5, 0.5]), 1).low)
    assert draw_weights(0, 5).shape == (5, 0)


def test_draws_are_repeatable_and_as_many_as_images() -> None:
    first, again = draw_weights(30, 50, seed=9), draw_weights(30, 50, seed=9)
    np.testing.assert_array_equal(first, again)
    assert (first.sum(axis=1) == 30).all()
