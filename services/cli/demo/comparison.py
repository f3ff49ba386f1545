"""Which tested images are wrong: predictions against the truth that the demo happens to know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.vision.boxes import as_boxes, iou_matrix

MATCH_IOU = 0.5


@dataclass(frozen=True)
class Difference:
    """How a prediction differs from the truth: counts of objects."""

    found: int
    missed: int
    wrong: int

    @property
    def is_wrong(self) -> bool:
        """Return whether a person would correct the image."""
        return self.missed > 0 or self.wrong > 0


def compare(
    predicted: Sequence[dict[str, Any]],
    truth: Sequence[dict[str, Any]],
    *,
    match_iou: float = MATCH_IOU,
) -> Difference:
    """Match predicted shapes with true ones: same label, best score first, one to one.

    Args:
        predicted: Shapes with `label`, `points` (two corners) and `score`.
        truth: Shapes with `label` and `points`.
        match_iou: Overlap from which two boxes are the same object.

    Returns:
        The counts; two empty lists differ in nothing.

    >>> box = {"label": "pit", "points": [[0, 0], [9, 9]], "score": 0.9}
    >>> compare([box], [box, {**box, "label": "stain"}])
    Difference(found=1, missed=1, wrong=0)
    """
    overlap = iou_matrix(_boxes(predicted), _boxes(truth))
    labels = np.array([shape["label"] for shape in truth], dtype=object)
    free = np.ones(len(truth), np.bool_)
    found = 0
    for index in np.argsort([-(shape.get("score") or 0.0) for shape in predicted], kind="stable"):
        fits = free & (labels == predicted[index]["label"]) & (overlap[index] >= match_iou)
        if fits.any():
            free[np.argmax(np.where(fits, overlap[index], -1.0))] = False
            found += 1
    return Difference(found, len(truth) - found, len(predicted) - found)


def _boxes(shapes: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401  `Boxes`
    rows = []
    for shape in shapes:
        points = np.asarray(shape["points"], np.float64).reshape(-1, 2)
        rows.append([*points.min(0), *points.max(0)])
    return as_boxes(rows)
