"""The report on an OCR version."""

import numpy as np

from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import bootstrap_interval
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.operating_point import best_threshold, counts_on_grid
from services.evaluator.domain.report.label_analysis import LOW_RATE
from services.evaluator.domain.report.opening import TaskOptions, draws_of, opening, speed
from services.evaluator.domain.report.recommendations import recommend
from services.evaluator.domain.report.tree.confusion import ConfusedCharacters
from services.evaluator.domain.report.tree.overall import TextOverall
from services.evaluator.domain.report.tree.reports import TextReport, ThresholdQuestion
from services.evaluator.domain.report.words import Words, percent, say
from services.evaluator.domain.text.recognition import (
    TextFigures,
    text_figures,
    text_replicates,
)

DEFAULT_THRESHOLD = 0.5  # where no true line says which is best
FIGURES = ("precision", "recall", "f1", "cer", "cer_end_to_end", "exact_match")


def text_report(
    evaluation: Evaluation,
    options: TaskOptions,
    *,
    truth_texts: tuple[str, ...],
    found_texts: tuple[str, ...],
) -> TextReport:
    """Report on where lines are and what they say, at the threshold with the best F1 of lines.

    Raises:
        BadSamples: The number of texts and of lines differ.
    """
    matches, row = evaluation.matched_at(0.5)
    grid = counts_on_grid(evaluation.arranged, matches.verdict[row])
    best = best_threshold(grid).threshold
    threshold = DEFAULT_THRESHOLD if np.isnan(best) else best
    figures = text_figures(
        evaluation, truth_texts=truth_texts, found_texts=found_texts, threshold=threshold
    )
    images, recall = evaluation.arranged.images, figures.recall
    draws = draws_of(options, images)
    drawn = text_replicates(figures.by_image, draws)
    fps, fps_interval = speed(options)
    overall = {name: float(getattr(figures, name)) for name in FIGURES}
    intervals = {
        name: bootstrap_interval(
            overall[name], drawn[name], draws.drawn, bounds=(0.0, np.inf if "cer" in name else 1.0)
        )
        for name in FIGURES
    } | {"fps": fps_interval}
    intervals["average_detection_rate"] = intervals["recall"]
    return TextReport(
        **by_name(opening(options, "ocr", images=images, rate=recall, threshold=threshold)),
        conclusion=_conclusion(figures),
        question=ThresholdQuestion(say("question"), recommend(grid)),
        overall=TextOverall(**overall, average_detection_rate=recall, fps=fps),
        intervals=intervals,
        character_confusions=tuple(
            ConfusedCharacters(truth, read, count) for truth, read, count in figures.confusions
        ),
    )


def _conclusion(figures: TextFigures) -> Words:
    """Good only when lines are found, nothing else is, and they are read without error."""
    if np.isnan(figures.recall):
        return say("no_truth")
    told = {"rate": figures.recall, "precision": figures.precision, "exact": figures.exact_match}
    good = all(rate >= LOW_RATE for rate in told.values())
    return say(
        "text_good" if good else "text_poor", **{name: percent(r) for name, r in told.items()}
    )
