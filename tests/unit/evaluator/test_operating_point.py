"""Recommended thresholds are the best ones: brute force over every threshold of two decimals."""

import numpy as np
import pytest
from scenes import random_samples, samples

from services.evaluator.domain.objects.average_precision import mean
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.objects.operating_point import (
    SCORE_GRID,
    best_threshold,
    best_threshold_per_label,
    counts_at,
    counts_on_grid,
)
from services.evaluator.domain.report.recommendations import recommend, totals

BOX = (10.0, 10.0, 20.0, 20.0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_the_best_threshold_beats_every_other(seed: int, beta: float) -> None:
    evaluation = evaluate(random_samples(seed=seed))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    has = evaluation.positives > 0

    def score(threshold: float) -> float:
        return mean(counts_at(arranged, verdict, threshold).f_score(beta)[has])

    best = best_threshold(counts_on_grid(arranged, verdict), beta=beta)
    assert best.score == pytest.approx(score(best.threshold))
    assert best.score == pytest.approx(max(score(s) for s in SCORE_GRID))


def test_each_label_has_its_own_threshold() -> None:
    evaluation = evaluate(random_samples(seed=2))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    for label, choice in enumerate(best_threshold_per_label(counts_on_grid(arranged, verdict))):
        best = max(counts_at(arranged, verdict, s).f_score()[label] for s in SCORE_GRID)
        assert choice.score == pytest.approx(best)


def test_answers_trade_precision_for_recall() -> None:
    evaluation = evaluate(random_samples(seed=5, images=200))
    grid = counts_on_grid(evaluation.arranged, evaluation.matches.verdict[0])
    precise, balanced, found = recommend(grid)
    assert [precise.answer, balanced.answer, found.answer] == ["precision", "balanced", "recall"]
    assert precise.threshold >= balanced.threshold >= found.threshold
    assert precise.precision >= found.precision
    assert precise.recall <= found.recall
    assert f"{precise.threshold:.2f}" in precise.words["en"]


def test_without_truths_nothing_is_recommended() -> None:
    evaluation = evaluate(samples([], [(0, 0, BOX, 0.9)]))
    grid = counts_on_grid(evaluation.arranged, evaluation.matches.verdict[0])
    assert recommend(grid) == ()
    per_label = best_threshold_per_label(grid)
    assert all(np.isnan(choice.threshold) for choice in per_label)


@pytest.mark.parametrize("seed", range(8))
def test_the_printed_threshold_gives_the_printed_figures(seed: int) -> None:
    """Rounded up, a threshold would hide the very detections that its figures count."""
    evaluation = evaluate(random_samples(seed=seed, labels=1))
    arranged, verdict = evaluation.arranged, evaluation.matches.verdict[0]
    for answer in recommend(counts_on_grid(arranged, verdict)):
        printed = float(f"{answer.threshold:.2f}")
        assert totals(counts_at(arranged, verdict, printed)) == (answer.precision, answer.recall)
        assert f"{printed:.2f}" in answer.words["zh-CN"]
