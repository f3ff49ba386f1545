"""Intervals cover what they promise: 95 ± 2 % on simulated data of known truth."""

from typing import Any

import numpy as np
import pytest
from scenes import random_samples, samples
from scipy.stats import binom

from services.evaluator.domain.numbers import draws as draws_of_images
from services.evaluator.domain.numbers.draws import Draws, draw_images, once
from services.evaluator.domain.numbers.intervals import bootstrap_interval, nan_mean, wilson
from services.evaluator.domain.objects.average_precision import mean
from services.evaluator.domain.objects.drawn_precision import Ranking, ap_replicates
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.matching import FALSE, TRUE
from services.evaluator.domain.objects.replicates import (
    ImageCounts,
    image_counts,
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
    covered = dict.fromkeys(truth, 0)
    for place in range(SIMULATIONS):
        counts = simulated(r)
        draws = draw_images(IMAGES, REPLICATES, seed=place)
        replicates, figures = rate_replicates(counts, draws), rate_replicates(counts, once(IMAGES))
        for name, value in truth.items():
            figure = float(getattr(figures, name)[0, 0])
            interval = bootstrap_interval(figure, getattr(replicates, name)[:, 0], draws.drawn)
            covered[name] += interval.low <= value <= interval.high
    for name, hits in covered.items():
        assert 0.93 <= hits / SIMULATIONS <= 0.97, name


LABELS = 3
SMALL_SET = 60


def drawn_set(r: np.random.Generator, size: int) -> tuple[np.ndarray, Ranking, ImageCounts]:
    """One test set: verdicts, their ranking by label, and counts at a threshold."""
    truths = r.poisson(4 / LABELS, (size, LABELS))
    ease = np.clip(r.normal(0.8, 0.15, size), 0, 1)
    parts = r.binomial(truths, ease[:, None]), r.poisson(0.6 / LABELS, (size, LABELS))
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
    ranking = Ranking(order, start, image[order])
    return verdict, ranking, ImageCounts(found, wrong, truths - found)


def set_figures(drawn: Any, draws: Draws) -> dict[str, np.ndarray]:
    verdict, ranking, counts = drawn
    everything = np.ones(LABELS, bool)
    (ap,) = ap_replicates(verdict[None], ranking, counts.found + counts.missed, draws)
    rates = rate_replicates(counts, draws)
    return {"map_50": nan_mean(ap, everything), "f1": nan_mean(rates.f1, everything)}


@pytest.mark.parametrize(
    ("size", "groups"),
    [(SMALL_SET, SMALL_SET), (5 * SMALL_SET, SMALL_SET)],
    ids=["images are drawn", "groups of five images are drawn"],
)
def test_intervals_of_map_and_macro_f1_cover_95_percent(
    size: int, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the values that test sets of this size have on average, see ``intervals``."""
    monkeypatch.setattr(draws_of_images, "MOST_ALONE", SMALL_SET)
    monkeypatch.setattr(draws_of_images, "GROUPS", groups)
    r = np.random.default_rng(4)
    many = [set_figures(drawn_set(r, size), once(size)) for _ in range(3000)]
    truth = {name: float(np.mean([one[name][0] for one in many])) for name in many[0]}
    covered = dict.fromkeys(truth, 0)
    for place in range(SIMULATIONS):
        drawn = drawn_set(r, size)
        draws = draw_images(size, REPLICATES, seed=place)
        assert draws.drawn == groups
        figures, replicates = set_figures(drawn, once(size)), set_figures(drawn, draws)
        for name, value in truth.items():
            found = bootstrap_interval(float(figures[name][0]), replicates[name], draws.drawn)
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
    whole = once(arranged.images)
    counts = image_counts(arranged, verdict, 0.0)
    truths = counts.found + counts.missed
    ap = ap_replicates(evaluation.matches.verdict, Ranking.of(arranged), truths, whole)
    np.testing.assert_allclose(ap[:, 0], evaluation.precisions.ap, atol=1e-12)
    rates = rate_replicates(image_counts(arranged, verdict, 0.4), whole)
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
    times = np.random.default_rng(0).integers(0, 3, (1, 20))
    counts = image_counts(arranged, verdict, 0.0)
    draws = Draws(np.arange(20), times.astype(np.float64), 20)
    truths = counts.found + counts.missed
    drawn = ap_replicates(verdict[None], Ranking.of(arranged), truths, draws)[0, 0]
    again = evaluate(drawn_samples(evaluation.samples, times[0])).precisions.ap[0]
    np.testing.assert_allclose(drawn, again, atol=1e-12)
    assert mean(drawn) != pytest.approx(mean(evaluation.precisions.ap[0]), abs=1e-6)


def test_nothing_gives_no_interval() -> None:
    assert np.isnan(wilson(0, 0).low)
    assert np.isnan(bootstrap_interval(0.5, np.array([np.nan, np.nan]), 9).high)
    assert np.isnan(bootstrap_interval(float("nan"), np.array([0.1, 0.2]), 9).high)
    assert np.isnan(bootstrap_interval(0.5, np.array([0.5, 0.5]), 1).low)
    assert len(draw_images(0, 5)) == 5
    assert np.isnan(bootstrap_interval(0.5, np.zeros(5), draw_images(0, 5).drawn).low)
