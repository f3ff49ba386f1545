"""The report on an OCR version."""

from dataclasses import replace

import numpy as np

from services.evaluator.domain.numbers.figure import by_name
from services.evaluator.domain.numbers.intervals import bootstrap_interval
from services.evaluator.domain.objects.operating_point import best_threshold, counts_on_grid
from services.evaluator.domain.report.label_analysis import LOW_RATE
from services.evaluator.domain.report.opening import TaskOptions, draws_of, opening, speed
from services.evaluator.domain.report.recommendations import recommend
from services.evaluator.domain.report.tree.confusion import ConfusedCharacters
from services.evaluator.domain.report.tree.errors import StrictReading
from services.evaluator.domain.report.tree.overall import TextOverall
from services.evaluator.domain.report.tree.reports import TextReport, ThresholdQuestion
from services.evaluator.domain.report.words import Words, percent, say
from services.evaluator.domain.text.misread import misread_lines
from services.evaluator.domain.text.recognition import (
    Lines,
    Located,
    TextFigures,
    text_figures,
    text_replicates,
)
from services.evaluator.domain.text.strictness import EVERY, Strictness

DEFAULT_THRESHOLD = 0.5  # where no true line says which is best
FIGURES = ("precision", "recall", "f1", "cer", "cer_end_to_end", "exact_match")


def text_report(lines: Lines, options: TaskOptions, *, is_cased: bool = True) -> TextReport:
    """Report on where lines are and what they say, at the threshold with the best F1 of lines.

    Args:
        lines: Line boxes, matched, and their texts.
        options: What a report needs beside the figures.
        is_cased: Whether the case of letters can be judged; where not, it is no mistake.
    """
    evaluation = lines.evaluation
    matches, row = evaluation.matched_at(0.5)
    grid = counts_on_grid(evaluation.arranged, matches.verdict[row])
    best = best_threshold(grid).threshold
    threshold = DEFAULT_THRESHOLD if np.isnan(best) else best
    located = Located.at(lines, threshold=threshold)
    strictness = Strictness(case=is_cased)
    figures = text_figures(located, strictness)
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
    begun = opening(options, "ocr", images=images, rate=recall, threshold=threshold)
    if not is_cased:
        begun = replace(begun, notes=(*begun.notes, say("case_aside")))
    return TextReport(
        **by_name(begun),
        conclusion=_conclusion(figures),
        question=ThresholdQuestion(say("question"), recommend(grid)),
        overall=TextOverall(**overall, average_detection_rate=recall, fps=fps),
        intervals=intervals,
        character_confusions=tuple(
            ConfusedCharacters(truth, read, count) for truth, read, count in figures.confusions
        ),
        is_cased=is_cased,
        readings=tuple(_reading(located, one) for one in EVERY),
        lines=misread_lines(located, strictness, options.identity.image_names),
    )


def _reading(located: Located, strictness: Strictness) -> StrictReading:
    figures = text_figures(located, strictness)
    return StrictReading(
        case=strictness.case,
        spaces=strictness.spaces,
        cer=figures.cer,
        cer_end_to_end=figures.cer_end_to_end,
        exact_match=figures.exact_match,
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
