"""One operating point for two versions: the same number of false detections on the same images.

A confidence of 0.4 means one thing to one version and another to the next, and so does "the
threshold with the best F1": it trades misses for false alarms at another rate each time. What a
line pays for is the false alarm. Both versions therefore show as many detections as they can
without more false ones than the worse of the two makes at its own best threshold (free-response
operating characteristic: Bunch et al. 1977; Chakraborty 1989), and what they find then is compared.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Flags
from services.evaluator.domain.numbers.counts import Counts
from services.evaluator.domain.objects.comparison import Side, common_images
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matching import FALSE, IGNORED, Verdicts
from services.evaluator.domain.objects.operating_point import (
    best_threshold,
    counts_at,
    counts_on_grid,
)
from services.evaluator.domain.objects.replicates import truths_by_image

IOU = 0.5


@dataclass(frozen=True, slots=True)
class EqualAlarms:
    """Both versions at their thresholds, and the false detections that each may make.

    They are those on the ``images`` that both were judged on.
    """

    first: Side
    second: Side
    false_detections: int
    images: int

    @property
    def false_per_image(self) -> float:
        """False detections an image; nan without any image."""
        return self.false_detections / self.images if self.images else float("nan")


def equal_alarms(first: Evaluation, second: Evaluation) -> EqualAlarms:
    """Choose a threshold for each of two versions, so that they may be compared.

    Neither makes more than ``false_detections`` on their common images; one that never makes so
    many shows all it has.
    """
    names = set(common_images(first, second))
    pair = [(each, *_on(each, names)) for each in (first, second)]
    allowed = max(_false_at_best(*each) for each in pair)
    sides = [Side(each, _least(each, verdict, allowed)) for each, verdict, _ in pair]
    return EqualAlarms(sides[0], sides[1], allowed, len(names))


def _on(evaluation: Evaluation, names: set[str]) -> tuple[Verdicts, Flags]:
    """Verdicts ``(D,)``, ignored on other images, and which images ``(M,)`` count."""
    chosen = np.array([name in names for name in evaluation.samples.images.ids], np.bool_)
    verdict = evaluation.matches.verdict[evaluation.matches.at(IOU)]
    here = chosen[evaluation.arranged.det_image()]
    return np.where(here, verdict, np.uint8(IGNORED)), chosen


def _false_at_best(evaluation: Evaluation, verdict: Verdicts, chosen: Flags) -> int:
    """False detections at the threshold with the best mean F1; 0 where nothing is to be found."""
    arranged = evaluation.arranged
    truths = truths_by_image(arranged, ~arranged.truth_crowd)[chosen].sum(axis=0)
    grid = counts_on_grid(arranged, verdict)
    choice = best_threshold(Counts(grid.found, grid.wrong, truths[:, None] - grid.found))
    if np.isnan(choice.threshold):
        return 0
    return int(counts_at(arranged, verdict, choice.threshold).wrong.sum())


def _least(evaluation: Evaluation, verdict: Verdicts, allowed: int) -> float:
    """Least confidence that shows no more than ``allowed`` false detections.

    Detections of one confidence are shown together or not at all.
    """
    false = np.sort(evaluation.arranged.score[verdict == FALSE])[::-1]
    if false.size <= allowed:
        return 0.0
    return float(np.nextafter(false[allowed], np.inf))
