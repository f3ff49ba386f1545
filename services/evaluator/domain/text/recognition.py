"""OCR: where text is, and what it says. Lines are matched by place, then read by character.

Character error rate: edit distance (Levenshtein 1966) over the length of the true text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Floats, Ints
from services.evaluator.domain.numbers.counts import ratio
from services.evaluator.domain.numbers.draws import Draws, once
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.text.alignment import EXACT, align
from services.evaluator.domain.text.strictness import Strictness

COUNTED = ("located", "false", "missed", "written", "exact", "errors", "length", "lost_characters")


@dataclass(frozen=True, slots=True)
class Lines:
    """Line boxes under one label, matched, and what stands in them.

    ``truth_texts`` and ``found_texts`` are those of each true and each predicted line, in input
    order.

    Raises:
        BadSamples: The number of texts and of boxes differ.
    """

    evaluation: Evaluation
    truth_texts: Sequence[str]
    found_texts: Sequence[str]

    def __post_init__(self) -> None:
        """Refuse texts that belong to no line."""
        samples = self.evaluation.samples
        if len(self.truth_texts) != len(samples.truths) or len(self.found_texts) != len(
            samples.detections
        ):
            raise BadSamples("there must be one text for each line")

    def written(self, truth: int) -> str:
        """What is written in a true line, by its row in evaluation order."""
        return self.truth_texts[int(self.evaluation.arranged.truth_source[truth])]

    def read(self, detection: int) -> str:
        """What was read in a predicted line, by its row in evaluation order."""
        return self.found_texts[int(self.evaluation.arranged.det_source[detection])]


@dataclass(frozen=True, slots=True)
class Located:
    """What became of the lines at a threshold, as rows in evaluation order.

    ``found`` ``(N,)`` predicted lines and ``truth`` ``(N,)`` the true ones that they locate;
    ``false`` predicted lines on nothing, ``missed`` true ones that nobody located.
    """

    lines: Lines
    found: Ints
    truth: Ints
    false: Ints
    missed: Ints

    @classmethod
    def at(cls, lines: Lines, *, threshold: float, iou_threshold: float = 0.5) -> Self:
        """Look at lines from a confidence on; ``iou_threshold`` is the overlap that locates one."""
        evaluation = lines.evaluation
        result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
        matches, row = evaluation.matched_at(iou_threshold)
        found = np.flatnonzero(result.found)
        return cls(
            lines=lines,
            found=found,
            truth=matches.truth_of[row][found].astype(np.int64),
            false=np.flatnonzero(result.false | (result.mistaken_for >= 0)),
            missed=np.flatnonzero(result.missed),
        )


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


def text_figures(located: Located, strictness: Strictness = EXACT) -> TextFigures:
    """Read off all figures; ``strictness`` says what is a mistake of reading."""
    lines, arranged = located.lines, located.lines.evaluation.arranged
    pairs = [
        (lines.written(truth), lines.read(det))
        for det, truth in zip(located.found, located.truth, strict=True)
    ]
    aligned = [align(truth, read, strictness) if truth else [] for truth, read in pairs]
    counts = np.zeros((arranged.images, len(COUNTED)), np.int64)
    for image, line in zip(arranged.det_image()[located.found], aligned, strict=True):
        errors = sum(1 for one in line if one.wrong)
        length = sum(1 for one in line if one.truth)
        written = length > 0
        counts[image] += np.array([1, 0, 0, written, written and errors == 0, errors, length, 0])
    for truth in located.missed:
        lost = len(strictness.shown(lines.written(truth)))
        counts[arranged.truth_image()[truth]] += np.array([0, 0, 1, lost > 0, 0, 0, 0, lost])
    counts[:, 1] = np.bincount(arranged.det_image()[located.false], minlength=arranged.images)
    confusions = Counter((one.truth, one.read) for line in aligned for one in line if one.wrong)
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
