"""OCR: where text is, and what it says. Lines are matched by place, then read by character.

Character error rate: edit distance (Levenshtein 1966) over the length of the true text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Floats, Ints
from services.evaluator.domain.numbers.counts import ratio
from services.evaluator.domain.numbers.draws import Draws, once
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.text.alignment import NOTHING, align

COUNTED = ("located", "false", "missed", "written", "exact", "errors", "length", "lost_characters")


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Localisation and reading.

    ``cer`` is over lines that were located, ``cer_end_to_end`` over all lines, a missed one
    counting as all its characters; ``exact_match`` is the share of all true lines located and read
    without error. A true line without a text says that nobody can read it: it is to be located,
    and whatever is read there counts for nothing. nan where nothing defines a figure.
    ``confusions`` lists (true, read, times), "" for left out or inserted, most frequent first;
    ``by_image`` holds the counts :data:`COUNTED` of each image, ``(M, 8)``.
    """

    precision: float
    recall: float
    f1: float
    cer: float
    cer_end_to_end: float
    exact_match: float
    confusions: list[tuple[str, str, int]]
    by_image: Ints


def text_figures(
    evaluation: Evaluation,
    *,
    truth_texts: Sequence[str],
    found_texts: Sequence[str],
    threshold: float,
    iou_threshold: float = 0.5,
) -> TextFigures:
    """Read off all figures.

    Args:
        evaluation: Line boxes under one label, matched.
        truth_texts: Text of each true line, in input order.
        found_texts: Text of each predicted line, in input order.
        threshold: Least confidence of a predicted line.
        iou_threshold: Overlap from which a line is located.

    Raises:
        BadSamples: The number of texts and of boxes differ.
    """
    samples, arranged = evaluation.samples, evaluation.arranged
    if len(truth_texts) != len(samples.truths) or len(found_texts) != len(samples.detections):
        raise BadSamples("there must be one text for each line")
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
    matches, row = evaluation.matched_at(iou_threshold)
    found = np.flatnonzero(result.found)
    lines = zip(found, matches.truth_of[row][found], strict=True)
    pairs = [
        (truth_texts[arranged.truth_source[truth]], found_texts[arranged.det_source[det]])
        for det, truth in lines
    ]
    aligned = [align(truth, read) if truth else [] for truth, read in pairs]
    counts = np.zeros((arranged.images, len(COUNTED)), np.int64)
    for image, line in zip(arranged.det_image()[found], aligned, strict=True):
        errors = sum(1 for truth, read in line if truth != read)
        length = sum(1 for truth, _ in line if truth != NOTHING)
        written = length > 0
        counts[image] += np.array([1, 0, 0, written, written and errors == 0, errors, length, 0])
    for truth in np.flatnonzero(result.missed):
        lost = len(truth_texts[arranged.truth_source[truth]])
        counts[arranged.truth_image()[truth]] += np.array([0, 0, 1, lost > 0, 0, 0, 0, lost])
    wrong = result.false | (result.mistaken_for >= 0)
    counts[:, 1] = np.bincount(arranged.det_image()[wrong], minlength=arranged.images)
    confusions = Counter((a, b) for line in aligned for a, b in line if a != b)
    ordered = sorted(confusions.items(), key=lambda item: (-item[1], item[0]))
    figures = text_replicates(counts, once(arranged.images))
    return TextFigures(
        **{name: float(values[0]) for name, values in figures.items()},
        confusions=[(a, b, times) for (a, b), times in ordered],
        by_image=counts,
    )


def text_replicates(by_image: Ints, draws: Draws) -> dict[str, Floats]:
    """Figures of drawn images, ``(B,)`` each, from counts ``(M, 8)``."""
    located, false, missed, written, exact, errors, length, lost = draws.sums(by_image).T
    return {
        "precision": ratio(located, located + false),
        "recall": ratio(located, located + missed),
        "f1": ratio(2 * located, 2 * located + false + missed),
        "cer": ratio(errors, length),
        "cer_end_to_end": ratio(errors + lost, length + lost),
        "exact_match": ratio(exact, written),
    }
