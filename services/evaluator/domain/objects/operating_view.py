"""An evaluation seen at one confidence and one IoU threshold."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.evaluator.domain.numbers.columns import BadSamples, Flags, Ints
from services.evaluator.domain.numbers.counts import Counts
from services.evaluator.domain.objects.confusion import Outcomes
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matching import IGNORED, Matches, Verdicts
from services.evaluator.domain.objects.operating_point import counts_at


@dataclass(frozen=True)
class OperatingView:
    """Who found what at two thresholds; ``row`` is the IoU's row of ``matches``."""

    evaluation: Evaluation
    matches: Matches
    row: int
    result: Outcomes
    threshold: float

    @property
    def verdict(self) -> Verdicts:
        """Verdicts at this IoU, ``(D,)``."""
        row: Verdicts = self.matches.verdict[self.row]
        return row

    @cached_property
    def counts(self) -> Counts:
        """Counts of each label."""
        return counts_at(self.evaluation.arranged, self.verdict, self.threshold)

    @cached_property
    def shown(self) -> Flags:
        """Detections that count at this threshold, ``(D,)``."""
        counted: Flags = self.verdict != IGNORED
        return counted & (self.evaluation.arranged.score >= self.threshold)

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """Right detections and the truths they took."""
        found = np.flatnonzero(self.result.found)
        return found, self.matches.truth_of[self.row][found].astype(np.int64)

    @cached_property
    def taken(self) -> Flags:
        """Truths that were found, ``(G,)``."""
        out = np.zeros(self.evaluation.arranged.truth_label.size, np.bool_)
        out[self.pairs[1]] = True
        return out


def view_at(evaluation: Evaluation, *, threshold: float, iou_threshold: float) -> OperatingView:
    """Look at an evaluation at two thresholds.

    Raises:
        BadSamples: A threshold is out of its range.
    """
    if not 0 <= threshold <= 1:
        raise BadSamples("the threshold must be from 0 to 1")
    matches, row = evaluation.matched_at(iou_threshold)
    result = evaluation.outcomes_at(threshold=threshold, iou_threshold=iou_threshold)
    return OperatingView(evaluation, matches, row, result, threshold)
