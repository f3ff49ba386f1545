"""Precision or recall? A threshold for each answer, and the conclusion in words."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np

from services.evaluator.domain.numbers.counts import Counts, ratio
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.objects.operating_point import (
    SCORE_GRID,
    best_threshold,
    best_threshold_per_label,
)
from services.evaluator.domain.report.label_analysis import LOW_RATE, LabelRow
from services.evaluator.domain.report.tree.labels import LabelThresholds
from services.evaluator.domain.report.words import Words, join, percent, say

Answer = Literal["precision", "balanced", "recall"]
BETAS: dict[Answer, float] = {"precision": 0.5, "balanced": 1.0, "recall": 2.0}
FEW_IMAGES = 100
NAMED_LABELS = 3


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A threshold for one answer, and the precision and recall over all objects it gives."""

    answer: Answer
    threshold: float
    precision: Figure
    recall: Figure
    words: Words


def totals(counts: Counts) -> tuple[float, float]:
    """Precision and recall over all objects (micro); nan where undefined."""
    found, wrong, missed = (
        np.array(part.sum()) for part in (counts.found, counts.wrong, counts.missed)
    )
    return float(ratio(found, found + wrong)), float(ratio(found, found + missed))


def recommend(grid: Counts) -> tuple[Recommendation, ...]:
    """Best F0.5 for precision, F1 for both, F2 for recall; none without truths.

    ``grid`` holds the counts of each label at every threshold of ``SCORE_GRID``.
    """
    out = []
    for answer, beta in BETAS.items():
        choice = best_threshold(grid, beta=beta)
        if isnan(choice.threshold):
            continue
        place = int(np.searchsorted(SCORE_GRID, choice.threshold))
        precision, recall = totals(
            Counts(grid.found[:, place], grid.wrong[:, place], grid.missed[:, place])
        )
        words = say(
            f"answer_{answer}",
            threshold=f"{choice.threshold:.2f}",
            precision=percent(precision),
            recall=percent(recall),
        )
        out.append(Recommendation(answer, choice.threshold, precision, recall, words))
    return tuple(out)


def recommend_per_label(grid: Counts) -> list[LabelThresholds]:
    """Thresholds of each label, ``K``; nan without truths."""
    of = [best_threshold_per_label(grid, beta=beta) for beta in BETAS.values()]
    return [
        LabelThresholds(
            precision=precision.threshold, balanced=balanced.threshold, recall=recall.threshold
        )
        for precision, balanced, recall in zip(*of, strict=True)
    ]


def conclusion(rate: float, precision: float, rows: list[LabelRow]) -> Words:
    """The basic conclusion: good only when detection rate and precision both are (C-099)."""
    if isnan(rate):
        return say("no_truth")
    good_rate, good_precision = rate >= LOW_RATE, precision >= LOW_RATE
    key = {
        (True, True): "good",
        (True, False): "imprecise",
        (False, True): "missing",
        (False, False): "poor",
    }[good_rate, good_precision]
    parts = [say(key, rate=percent(rate), precision=percent(precision))]
    worst = [row.figures.label for row in reversed(rows) if "rate" in row.warnings][:NAMED_LABELS]
    if worst:
        parts.append(say("worst_labels", labels=_listed(worst)))
    return join(parts)


def notes(
    rate: float, *, dataset_images: int, evaluated: int, pretrained: bool | None = None
) -> tuple[Words, ...]:
    """What must be read beside the figures: C-152, C-105, C-106, C-156.

    ``pretrained`` is False where the model began from random weights, None where nobody knows.
    """
    out = []
    if dataset_images < FEW_IMAGES:
        out.append(say("reference_only", images=dataset_images, evaluated=evaluated))
    if pretrained is False:
        out.append(say("not_pretrained"))
    out.append(say("caveat"))
    if not isnan(rate) and rate < LOW_RATE:
        out.append(say("gate"))
    out.append(say("batch_test"))
    return tuple(out)


def _listed(names: list[str]) -> dict[str, str]:
    return {"zh-CN": "、".join(names), "en": ", ".join(names)}
