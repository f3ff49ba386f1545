"""How many targets of an image a detector found, and which images tell when it learns no more."""

from collections.abc import Sequence

import numpy as np

from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.training.validation_split import validating
from shared.contracts.snapshot import SnapshotImage
from shared.vision.boxes import Boxes, Indices, iou_matrix

LEAST_IOU = 0.5


def targets_found(truth: Truth, boxes_xyxy: Boxes, labels: Indices) -> int:
    """How many targets have a box of their label that overlaps them by `LEAST_IOU`, one each.

    Args:
        truth: The image's.
        boxes_xyxy: What was found, ``(N, 4)`` in falling order of score; the first takes first,
            of its label's free targets the one that it overlaps most.
        labels: ``(N,)``.

    >>> truth = Truth(np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), np.array([0, 1]))
    >>> found = np.array([[1, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]], np.float32)
    >>> targets_found(truth, found, np.array([0, 0, 0]))
    1
    """
    overlaps = np.where(
        truth.labels[None] == labels[:, None], iou_matrix(boxes_xyxy, truth.boxes_xyxy), 0.0
    )
    free = np.ones(len(truth.labels), np.bool_)
    for row in overlaps:
        open_to = np.where(free, row, 0.0)
        if len(open_to) and open_to.max() >= LEAST_IOU:
            free[int(open_to.argmax())] = False
    return int((~free).sum())


def held_back(images: Sequence[SnapshotImage], truths: Sequence[Truth]) -> list[SnapshotImage]:
    """The images that judge and do not teach, of all that might: those of ``val``, else a fifth.

    None where nothing would be left to learn, or where they show no target.
    """
    labels = [frozenset(truth.labels.tolist()) for truth in truths]
    out = validating(images, labels)
    sides = {taken for taken, there in zip(out, labels, strict=True) if there}
    if sides != {True, False}:
        return []
    return [image for image, taken in zip(images, out, strict=True) if taken]
