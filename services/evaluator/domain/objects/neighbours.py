"""Which truth of another label is near an object: what it may be taken for, or hide behind."""

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Ints
from shared.vision.compilation import compiled

NEAR_FACTOR = 2.0  # "near" is within twice the larger object's own size


@compiled
def nearest_other_label(objects: Columns, truths: Columns, nobody: int) -> Ints:
    """Label of the nearest truth of another label within reach, ``nobody`` if there is none.

    Args:
        objects: Boxes ``(N, 4)`` as ``x, y, w, h``, labels and images ``(N,)``.
        truths: Boxes and labels in the order of images, and where each image begins ``(M + 1,)``.
        nobody: What stands for no truth.
    """
    boxes, labels, image = objects
    truth_boxes, truth_label, start = truths
    out = np.full(labels.size, nobody, np.int64)
    for row in range(labels.size):
        nearest = np.inf
        x, y = boxes[row, 0] + boxes[row, 2] / 2, boxes[row, 1] + boxes[row, 3] / 2
        own = max(boxes[row, 2], boxes[row, 3])
        for truth in range(start[image[row]], start[image[row] + 1]):
            if truth_label[truth] < 0 or truth_label[truth] == labels[row]:
                continue
            width, height = truth_boxes[truth, 2], truth_boxes[truth, 3]
            gap = np.hypot(
                truth_boxes[truth, 0] + width / 2 - x, truth_boxes[truth, 1] + height / 2 - y
            )
            if gap < nearest and gap <= NEAR_FACTOR * max(own, width, height):
                nearest, out[row] = gap, truth_label[truth]
    return out
