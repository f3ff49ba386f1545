"""Counts, precision, recall and F1 at a confidence threshold, and the thresholds worth choosing.

A detection counts when its score is at least the threshold. Defined values: precision without
detections, recall without truths and F1 without either are nan (``null`` in JSON); F1 with truths
but no hit is 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.evaluator.domain.arrangement import Arranged
from services.evaluator.domain.matching import FALSE, IGNORED, TRUE, Verdicts
from services.evaluator.domain.samples import Columns, Floats, Ints

SCORE_GRID: Floats = np.arange(101) / 100.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Right (``found``), false (``wrong``) and missed objects of each label, ``(K,)`` or wider."""

    found: Ints
    wrong: Ints
    missed: Ints

    def precision(self) -> Floats:
        """Found / predicted."""
        return ratio(self.found, self.found + self.wrong)

    def recall(self) -> Floats:
        """Found / labelled: the detection rate."""
        return ratio(self.found, self.found + self.missed)

    def f_score(self, beta: float = 1.0) -> Floats:
        """F-beta; beta above 1 weighs recall, below 1 precision."""
        weight = beta * beta
        total = (1 + weight) * self.found + weight * self.missed + self.wrong
        return ratio((1 + weight) * self.found, total)


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Divide, nan where the whole is 0.

    >>> ratio(np.array([1, 0]), np.array([2, 0])).tolist()
    [0.5, nan]
    """
    out: Floats = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out


def harmonic_mean(precision: float, recall: float) -> float:
    """F1 of a precision and a recall; 0 when both are 0, nan when either is undefined.

    >>> harmonic_mean(0.5, 1.0)
    0.6666666666666666
    """
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)


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
class Choice:
    """A recommended threshold and the F-score it reaches; nan where nothing can be chosen."""

    threshold: float
    score: float


def best_threshold(arranged: Arranged, verdict: Verdicts, *, beta: float = 1.0) -> Choice:
    """Threshold with the best mean F-beta over the labels that have truths.

    Every score that occurs is tried; of equals the highest threshold wins.
    """
    positives = arranged.positives()
    everything = np.flatnonzero(positives > 0)
    return _best(arranged, verdict, everything, positives, beta=beta)


def best_threshold_per_label(
    arranged: Arranged, verdict: Verdicts, *, beta: float = 1.0
) -> list[Choice]:
    """The same for each label by itself, ``K`` choices; nan for labels without truths."""
    positives = arranged.positives()
    return [
        _best(arranged, verdict, np.array([label]), positives, beta=beta)
        if positives[label]
        else Choice(float("nan"), float("nan"))
        for label in range(arranged.labels)
    ]


def _best(
    arranged: Arranged, verdict: Verdicts, labels: Ints, positives: Ints, *, beta: float
) -> Choice:
    if not labels.size:
        return Choice(float("nan"), float("nan"))
    order = arranged.by_score
    if labels.size == 1:
        start, stop = arranged.label_start[labels[0]], arranged.label_start[labels[0] + 1]
        order = arranged.by_label[start:stop]
    threshold, score = _sweep(
        verdict, order, arranged.det_label, arranged.score, positives, beta * beta
    )
    return Choice(float(threshold), float(score) / labels.size)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count(verdict: Verdicts, label: Ints, score: Floats, threshold: float, labels: int) -> Columns:
    found, wrong = np.zeros(labels, np.int64), np.zeros(labels, np.int64)
    for det in range(verdict.size):
        if score[det] >= threshold:
            if verdict[det] == TRUE:
                found[label[det]] += 1
            elif verdict[det] == FALSE:
                wrong[label[det]] += 1
    return found, wrong


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sweep(
    verdict: Verdicts, order: Ints, label: Ints, score: Floats, positives: Ints, weight: float
) -> Columns:
    """Walk down the scores, keeping the sum of F over labels up to date."""
    found, wrong = np.zeros(positives.size, np.int64), np.zeros(positives.size, np.int64)
    total, best, threshold = 0.0, 0.0, 1.0
    for place in range(order.size):
        det = order[place]
        own = label[det]
        if verdict[det] != IGNORED and positives[own] > 0:
            before = (1 + weight) * found[own] / (found[own] + wrong[own] + weight * positives[own])
            if verdict[det] == TRUE:
                found[own] += 1
            else:
                wrong[own] += 1
            after = (1 + weight) * found[own] / (found[own] + wrong[own] + weight * positives[own])
            total += after - before
        last = place == order.size - 1
        if (last or score[order[place + 1]] < score[det]) and total > best + 1e-12:
            best, threshold = total, score[det]
    return threshold, best
