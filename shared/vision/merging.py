"""Merging of predictions that neighbouring tiles, or one model, gave twice: NMS and its kin.

All variants walk the boxes in falling score (ties: in the order given) and compare within a label
unless told otherwise. `NMS` keeps the best box and drops what overlaps it (Neubeck and Van Gool,
ICPR 2006). `GREEDYNMM` instead grows the best box over what overlaps it. `NMM` also passes the
merging on: what overlaps an absorbed box is absorbed too (Akyon et al., "SAHI", ICIP 2022).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shared.vision.kernels import group_by_first_overlap, union_of_groups

Boxes = NDArray[np.float32]
Scores = NDArray[np.float32]
Indices = NDArray[np.int64]


class MergeMethod(StrEnum):
    """What happens to boxes that overlap a better one."""

    NMS = "nms"
    NMM = "nmm"
    GREEDYNMM = "greedynmm"


class Overlap(StrEnum):
    """Intersection over union, or over the smaller of the two."""

    IOU = "iou"
    IOS = "ios"


@dataclass(frozen=True, slots=True)
class MergeRule:
    """How to merge; travels in the model's manifest.

    `threshold` in [0, 1]: boxes that overlap by this much or more are one target.
    """

    method: MergeMethod = MergeMethod.NMS
    overlap: Overlap = Overlap.IOU
    threshold: float = 0.5
    per_label: bool = True

    def __post_init__(self) -> None:
        """Refuse a threshold outside [0, 1].

        Raises:
            ValueError: the threshold is out of range or not a number.
        """
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError("the threshold lies in [0, 1]")


@dataclass(frozen=True, slots=True)
class Merged:
    """The standing boxes in falling score.

    Attributes:
        boxes_xyxy: `(K, 4)` float32, grown over their groups for the merging variants.
        kept: `(K,)` index of each standing box in the input.
        stands_for: `(N,)` index in the input of the box that stands for each input box.
    """

    boxes_xyxy: Boxes
    kept: Indices
    stands_for: Indices


def merge(
    boxes_xyxy: Boxes, scores: Scores, *, labels: Indices | None = None, rule: MergeRule
) -> Merged:
    """Merge boxes `(N, 4)` xyxy of one image with scores `(N,)` and label indices `(N,)`.

    Without `labels`, or with `rule.per_label` off, labels are not told apart. No boxes give no
    boxes. A box without area overlaps nothing. In O(N) for boxes of like sizes.

    Raises:
        ValueError: the arrays do not fit together, or a number is not finite.

    >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], dtype=np.float32)
    >>> scores = np.array([0.6, 0.9, 0.5], dtype=np.float32)
    >>> merge(boxes, scores, rule=MergeRule()).kept.tolist()
    [1, 2]
    >>> merge(boxes, scores, rule=MergeRule(MergeMethod.GREEDYNMM)).boxes_xyxy[0].tolist()
    [0.0, 0.0, 11.0, 10.0]
    """
    labels_used = labels if rule.per_label else None
    _check(boxes_xyxy, scores, labels_used)
    order = np.argsort(-scores, kind="stable")
    starts = np.array([0, len(order)], dtype=np.int64)
    if labels_used is not None:
        order = order[np.argsort(labels_used[order], kind="stable")]
        changes = np.flatnonzero(np.diff(labels_used[order])) + 1
        starts = np.concatenate([[0], changes, [len(order)]]).astype(np.int64)
    ordered = np.ascontiguousarray(boxes_xyxy[order], dtype=np.float64)
    roots = group_by_first_overlap(
        ordered,
        starts,
        float(rule.threshold),
        rule.overlap is Overlap.IOS,
        rule.method is MergeMethod.NMM,
    )
    if rule.method is not MergeMethod.NMS:
        ordered = union_of_groups(ordered, roots)
    return _merged(ordered, scores, order=order, roots=roots)


def _merged(
    ordered: NDArray[np.float64], scores: Scores, *, order: Indices, roots: Indices
) -> Merged:
    standing = np.flatnonzero(roots == np.arange(len(roots)))
    if len(standing):
        standing = standing[np.lexsort((order[standing], -scores[order[standing]]))]
    stands_for = np.empty(len(order), dtype=np.int64)
    stands_for[order] = order[roots]
    return Merged(ordered[standing].astype(np.float32), order[standing], stands_for)


def _check(boxes_xyxy: Boxes, scores: Scores, labels: Indices | None) -> None:
    count = len(scores)
    if boxes_xyxy.shape != (count, 4) or scores.ndim != 1:
        raise ValueError("boxes are (N, 4) and scores (N,)")
    if labels is not None and labels.shape != (count,):
        raise ValueError("labels are (N,)")
    if not (np.isfinite(boxes_xyxy).all() and np.isfinite(scores).all()):
        raise ValueError("boxes and scores are finite numbers")
