"""From the raw tensors of one window to its detections: floor, best candidates, per-label NMS."""

import numpy as np
from numpy.typing import NDArray

from shared.runtime.detections import Detections
from shared.vision.boxes import Indices, has_area
from shared.vision.merging import MergeRule, merge

MAX_CANDIDATES = 1000


def candidates(
    boxes_xyxy: NDArray[np.float32], scores: NDArray[np.float32], *, score_floor: float
) -> Detections:
    """Every (anchor point, label) pair at or above the floor, the best `MAX_CANDIDATES` of them.

    Args:
        boxes_xyxy: ``(A, 4)``, one box an anchor point.
        scores: ``(A, C)``, one score a label.
        score_floor: The lowest score to keep.

    Returns:
        Candidates in falling order of score; ties in order of anchor and label.

    >>> len(candidates(np.zeros((3, 4), "f4"), np.full((3, 2), 0.5, "f4"), score_floor=0.6))
    0
    """
    anchors, labels = best_pairs(scores, score_floor)
    return Detections(boxes_xyxy[anchors], scores[anchors, labels], labels)


def best_pairs(scores: NDArray[np.float32], score_floor: float) -> tuple[Indices, Indices]:
    """Anchor points and labels of `candidates`, in their order."""
    anchors, labels = np.nonzero(scores >= np.float32(score_floor))
    best = np.argsort(-scores[anchors, labels], kind="stable")[:MAX_CANDIDATES]
    return anchors[best].astype(np.int64), labels[best].astype(np.int64)


def merge_overlapping(detections: Detections, rule: MergeRule) -> Detections:
    """Make one detection of those that overlap, by the manifest's rule; falling order of score.

    With NMS a weaker box never changes a stronger one, so that cutting the result at any threshold
    equals merging what is above that threshold. The merging variants grow boxes: there it does not.
    """
    merged = merge(
        detections.boxes_xyxy, detections.scores, labels=detections.label_indices, rule=rule
    )
    kept = detections.take(merged.kept)
    return Detections(merged.boxes_xyxy, kept.scores, kept.label_indices)


def drop_empty(detections: Detections) -> Detections:
    """Detections whose box has some width and height after clipping."""
    return detections.take(np.flatnonzero(has_area(detections.boxes_xyxy)))
