"""An evaluation after some images changed: only these are compared and matched again.

Overlaps and matches are facts of one image, so those of the others are moved, not computed. The
result is the one of a full run, to the bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.evaluator.domain.arrangement import Arranged, arrange
from services.evaluator.domain.evaluation import Evaluation, evaluate
from services.evaluator.domain.matching import NOBODY, Choices, Matches
from services.evaluator.domain.overlaps import Overlaps
from services.evaluator.domain.samples import BadSamples, Flags, Ints, Samples, on_images


def evaluate_changed(
    previous: Evaluation, samples: Samples, changed: Flags, *, max_detections: int = 100
) -> Evaluation:
    """Evaluate samples that differ from those of an earlier evaluation on some images only.

    Args:
        previous: The earlier evaluation, of the same images and labels in the same order.
        samples: All checked samples; rows of an unchanged image stand in the order they had.
        changed: Images whose truths, regions or detections changed, ``(M,)``.
        max_detections: As in the earlier evaluation.

    Raises:
        BadSamples: Another image changed too, or the images or labels are others.
    """
    before = previous.samples
    if (samples.labels, samples.images.ids) != (before.labels, before.images.ids):
        raise BadSamples("the images or labels are not those of the earlier evaluation")
    arranged = arrange(samples, max_detections=max_detections)
    _same_elsewhere(previous.arranged, arranged, changed)
    part = evaluate(on_images(samples, changed), kind=previous.kind, max_detections=max_detections)
    runs = list(_runs(previous, part, arranged, changed))
    overlaps = Overlaps(
        start=np.concatenate([[0], np.cumsum(np.concatenate([run.pair_counts for run in runs]))]),
        truth=np.concatenate([run.source.overlaps.truth[run.pairs] for run in runs]),
        iou=np.concatenate([run.source.overlaps.iou[run.pairs] for run in runs]),
    )
    matches = Matches(
        previous.matches.thresholds,
        truth_of=np.concatenate([run.truth_of for run in runs], axis=1),
        verdict=np.concatenate([run.source.matches.verdict[:, run.dets] for run in runs], axis=1),
    )
    return Evaluation(samples, previous.kind, arranged, overlaps, matches)


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring images that come from one evaluation; truths are ``shift`` places on."""

    source: Evaluation
    dets: slice
    shift: int

    @property
    def pairs(self) -> slice:
        start = self.source.overlaps.start
        return slice(int(start[self.dets.start]), int(start[self.dets.stop]))

    @property
    def pair_counts(self) -> Ints:
        start = self.source.overlaps.start
        return np.diff(start[self.dets.start : self.dets.stop + 1])

    @property
    def truth_of(self) -> Choices:
        given = self.source.matches.truth_of[:, self.dets]
        return np.where(given == NOBODY, given, given + np.int32(self.shift))


def _runs(
    previous: Evaluation, part: Evaluation, arranged: Arranged, changed: Flags
) -> Iterator[_Run]:
    edges = [0, *(np.flatnonzero(changed[1:] != changed[:-1]) + 1), changed.size]
    for first, last in pairwise(edges):
        source = part if changed.size and changed[first] else previous
        start = source.arranged.det_start
        shift = arranged.truth_start[first] - source.arranged.truth_start[first]
        yield _Run(source, slice(int(start[first]), int(start[last])), int(shift))


def _same_elsewhere(before: Arranged, now: Arranged, changed: Flags) -> None:
    """Compare what overlaps and matches follow from, masks apart."""
    same = ~changed
    counts = np.array_equal(
        np.diff(before.det_start)[same], np.diff(now.det_start)[same]
    ) and np.array_equal(np.diff(before.truth_start)[same], np.diff(now.truth_start)[same])
    edges = np.flatnonzero(np.diff(same, prepend=False, append=False))
    if not counts or not all(
        _equal(before, now, int(first), int(last))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ):
        raise BadSamples("an image that is not among the changed ones has changed")


def _equal(before: Arranged, now: Arranged, first: int, last: int) -> bool:
    """Whether two arrangements agree on neighbouring images."""
    columns = {"det": ("det_label", "det_boxes", "score")}
    columns["truth"] = ("truth_label", "truth_boxes", "truth_crowd")
    for what, names in columns.items():
        one, other = (
            slice(*getattr(arranged, f"{what}_start")[[first, last]].tolist())
            for arranged in (before, now)
        )
        if not all(np.array_equal(getattr(before, n)[one], getattr(now, n)[other]) for n in names):
            return False
    return True
