"""Counts, precision, recall and F1 at a confidence threshold, and the thresholds worth choosing.

A detection counts when its score is at least the threshold. Defined values: precision without
detections, recall without truths and F1 without either are nan (``null`` in JSON); F1 with truths
but no hit is 0.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Flags, Floats, Ints
from services.evaluator.domain.numbers.counts import Counts
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, TRUE, Verdicts
from shared.vision.compilation import compiled

SCORE_GRID: Floats = np.arange(101) / 100.0


def counts_at(arranged: Arranged, verdict: Verdicts, threshold: float) -> Counts:
    """Counts of each label at one confidence threshold; ``verdict`` ``(D,)`` of one IoU."""
    found, wrong = _count(verdict, arranged.det_label, arranged.score, threshold, arranged.labels)
    return Counts(found, wrong, arranged.positives() - found)


def counts_on_grid(arranged: Arranged, verdict: Verdicts, grid: Floats = SCORE_GRID) -> Counts:
    """Counts of each label at every threshold of a rising grid, ``(K, len(grid))``."""
    found, wrong = _count_grid(
        verdict, arranged.by_label, arranged.label_start, arranged.score, grid
    )
    return Counts(found, wrong, arranged.positives()[:, None] - found)


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A recommended threshold and the F-score it reaches; nan where nothing can be chosen."""

    threshold: float
    score: float


def best_threshold(grid: Counts, *, beta: float = 1.0) -> ThresholdChoice:
    """Threshold with the best mean F-beta over the labels that have truths.

    Args:
        grid: Counts at every threshold of :data:`SCORE_GRID`: what is recommended is a number with
            two decimals, and gives exactly the figures that stand beside it.
        beta: Above 1 weighs recall, below 1 precision.

    Of equals the highest threshold wins; no truths give nan.
    """
    return _highest_best(grid.f_score(beta)[_labelled(grid)])


def best_threshold_per_label(grid: Counts, *, beta: float = 1.0) -> list[ThresholdChoice]:
    """The same for each label by itself, ``K`` choices; nan for labels without truths."""
    scores, has = grid.f_score(beta), _labelled(grid)
    return [
        _highest_best(scores[label : label + 1][has[label : label + 1]])
        for label in range(has.size)
    ]


def _labelled(grid: Counts) -> Flags:
    return (grid.found + grid.missed)[:, 0] > 0


def _highest_best(scores: Floats) -> ThresholdChoice:
    if not scores.size:
        return ThresholdChoice(float("nan"), float("nan"))
    score = scores.mean(axis=0)
    place = int(np.flatnonzero(score > score.max() - 1e-12)[-1])
    return ThresholdChoice(float(SCORE_GRID[place]), float(score[place]))


@compiled
def _count(verdict: Verdicts, label: Ints, score: Floats, threshold: float, labels: int) -> Columns:
    found, wrong = np.zeros(labels, np.int64), np.zeros(labels, np.int64)
    for det in range(verdict.size):
        if score[det] >= threshold:
            if verdict[det] == TRUE:
                found[label[det]] += 1
            elif verdict[det] == FALSE:
                wrong[label[det]] += 1
    return found, wrong


@compiled
def _count_grid(
    verdict: Verdicts, by_label: Ints, label_start: Ints, score: Floats, grid: Floats
) -> Columns:
    labels = label_start.size - 1
    found = np.zeros((labels, grid.size), np.int64)
    wrong = np.zeros((labels, grid.size), np.int64)
    for label in range(labels):
        place, right, false = label_start[label], 0, 0
        for step in range(grid.size - 1, -1, -1):
            while place < label_start[label + 1] and score[by_label[place]] >= grid[step]:
                right += verdict[by_label[place]] == TRUE
                false += verdict[by_label[place]] == FALSE
                place += 1
            found[label, step], wrong[label, step] = right, false
    return found, wrong
