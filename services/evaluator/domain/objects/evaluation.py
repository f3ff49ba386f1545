"""The stored outcome of one evaluation: matched once, asked for ever after.

An :class:`Evaluation` holds what every figure of a report is computed from. Another confidence
threshold is a count over it; another IoU threshold is one more greedy pass over the stored
overlaps. Neither looks at a box, a mask or a model again.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.objects.average_precision import (
    Precisions,
    area_precisions,
    precisions,
)
from services.evaluator.domain.objects.confusion import Outcomes, outcomes
from services.evaluator.domain.objects.evaluation_order import Arranged, arrange, arranged_masks
from services.evaluator.domain.objects.matching import Matches, OwnPairs, match, own_pairs
from services.evaluator.domain.objects.neighbours import nearest_other_label
from services.evaluator.domain.objects.outlines import Outlines, measure_outlines
from services.evaluator.domain.objects.overlaps import (
    MIN_OVERLAP,
    Overlaps,
    box_overlaps,
    mask_overlaps,
)
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.coco_records import Kind
from shared.vision.masks import MaskTable


@dataclass(frozen=True)
class Evaluation:
    """Samples, their overlaps and their matches at COCO's ten IoU thresholds."""

    samples: Samples
    kind: Kind
    arranged: Arranged
    overlaps: Overlaps
    matches: Matches
    kept_outlines: Outlines | None = None
    kept_masks: tuple[MaskTable, MaskTable] | None = None

    @cached_property
    def positives(self) -> Ints:
        """Truths of each label that count, ``(K,)``."""
        return self.arranged.positives()

    def own_pairs(self) -> OwnPairs:
        """Overlaps within a label, found anew: they are as large as they are quick to find."""
        return own_pairs(self.arranged, self.overlaps)

    @cached_property
    def by_image(self) -> Ints:
        """Detections image by image, best first."""
        return self.arranged.by_image()

    @cached_property
    def precisions(self) -> Precisions:
        """AP, recall and P-R curves over all object sizes."""
        return precisions(self.arranged, self.matches.verdict, self.positives)

    @cached_property
    def by_area(self) -> dict[str, Precisions]:
        """AP and recall of small, medium and large objects."""
        return area_precisions(self.arranged, self.own_pairs())

    @cached_property
    def outlines(self) -> Outlines:
        """Outline figures of matched masks: the kept ones of a stored evaluation, else measured."""
        if self.kept_outlines is not None:
            return self.kept_outlines
        return measure_outlines(self.samples, self.arranged, self.matches)

    @cached_property
    def neighbours(self) -> tuple[Ints, Ints]:
        """Label of the nearest truth of another label, for truths and detections; K if none."""
        arranged = self.arranged
        truths = (arranged.truth_boxes, arranged.truth_label, arranged.truth_start)
        rows = (
            (arranged.truth_boxes, arranged.truth_label, arranged.truth_image()),
            (arranged.det_boxes, arranged.det_label, arranged.det_image()),
        )
        of_truths, of_detections = (
            nearest_other_label(one, truths, arranged.labels) for one in rows
        )
        return of_truths, of_detections

    @cached_property
    def masks(self) -> tuple[MaskTable, MaskTable] | None:
        """Masks of truths and of detections in evaluation order; None where boxes are compared."""
        if self.kind == "box" or self.kept_masks is not None:
            return self.kept_masks
        return arranged_masks(self.samples, self.arranged)

    def matched_at(self, iou_threshold: float) -> tuple[Matches, int]:
        """Matches that hold this IoU threshold with the truths taken, and its row in them.

        Raises:
            BadSamples: The threshold is below the least overlap kept, or above 1.
        """
        if not MIN_OVERLAP <= iou_threshold <= 1:
            raise BadSamples(f"the IoU threshold must be from {MIN_OVERLAP} to 1")
        with suppress(KeyError):
            row = self.matches.at(iou_threshold)
            if row < len(self.matches.truth_of):
                return self.matches, row
        return match(self.arranged, self.own_pairs(), (iou_threshold,)), 0

    def outcomes_at(self, *, threshold: float, iou_threshold: float) -> Outcomes:
        """Right, wrong-label, false and missed objects at a confidence and an IoU threshold."""
        matches, row = self.matched_at(iou_threshold)
        return outcomes(
            self.arranged,
            self.overlaps,
            matches.row(row),
            order=self.by_image,
            threshold=threshold,
        )


def evaluate(
    samples: Samples,
    *,
    kind: Kind = "box",
    max_detections: int = 100,
    given_away: bool = False,
) -> Evaluation:
    """Match checked samples once.

    Args:
        samples: Truths, detections and ignore regions; ``kind="mask"`` needs masks for all three.
        kind: What is compared.
        max_detections: Detections kept per image and label, best first (100 in COCO).
        given_away: Whether the columns of the detections may be sorted where they stand, which
            takes half the memory; of boxes only, and by who has no other use for their order.

    Raises:
        BadSamples: Masks are missing or differ in size within an image.
    """
    arranged = arrange(
        samples, max_detections=max_detections, given_away=given_away and kind == "box"
    )
    try:
        overlaps = (
            box_overlaps(arranged, regions=samples.regions.masks)
            if kind == "box"
            else mask_overlaps(arranged, *arranged_masks(samples, arranged))
        )
    except ValueError as error:
        raise BadSamples(str(error)) from error
    pairs = own_pairs(arranged, overlaps)
    matches = match(arranged, pairs, whole=kind == "mask")  # outlines are of every threshold's
    return Evaluation(samples, kind, arranged, overlaps, matches)
