"""Which tested images are wrong: predictions against the truth that the demo happens to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.vision.boxes import Boxes, as_boxes, iou_matrix

MATCH_IOU = 0.5


@dataclass(frozen=True)
class Mistakes:
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
) -> Mistakes:
    """Match predicted shapes with true ones: same label, best score first, one to one.

    Args:
        predicted: Shapes with `label`, `points` (two corners) and `score`.
        truth: Shapes with `label` and `points`.
        match_iou: Overlap from which two boxes are the same object.

    Returns:
        The counts; two empty lists differ in nothing.

    >>> box = {"label": "pit", "points": [[0, 0], [9, 9]], "score": 0.9}
    >>> compare([box], [box, {**box, "label": "stain"}])
    Mistakes(found=1, missed=1, wrong=0)
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
    return Mistakes(found, len(truth) - found, len(predicted) - found)


@dataclass(frozen=True)
class DemoVerdict:
    """What a test says about the predictions of many images.

    Attributes:
        total: Objects over all images.
        images: How many images were compared.
        wrong: Predictions that a person would correct, the worst first; nothing else.
        doubtful: The right ones, the least certain first.
    """

    total: Mistakes
    images: int
    wrong: tuple[dict[str, Any], ...]
    doubtful: tuple[dict[str, Any], ...]


def judge(
    predictions: Sequence[dict[str, Any]], truth: Mapping[str, Sequence[dict[str, Any]]]
) -> DemoVerdict:
    """Compare predictions with the truth of their images; those of unknown truth are left out."""
    judged = [
        (compare(prediction["shapes"], truth[prediction["image_id"]]), prediction)
        for prediction in predictions
        if prediction["image_id"] in truth
    ]
    wrong = [pair for pair in judged if pair[0].is_wrong]
    wrong.sort(key=lambda pair: -(pair[0].missed + pair[0].wrong))
    right = [prediction for difference, prediction in judged if not difference.is_wrong]
    total = Mistakes(
        found=sum(difference.found for difference, _ in judged),
        missed=sum(difference.missed for difference, _ in judged),
        wrong=sum(difference.wrong for difference, _ in judged),
    )
    return DemoVerdict(
        total,
        len(judged),
        tuple(prediction for _, prediction in wrong),
        tuple(sorted(right, key=_least_score)),
    )


def _least_score(prediction: dict[str, Any]) -> float:
    return min((shape["score"] or 0.0 for shape in prediction["shapes"]), default=1.0)


def _boxes(shapes: Sequence[dict[str, Any]]) -> Boxes:
    rows = []
    for shape in shapes:
        points = np.asarray(shape["points"], np.float64).reshape(-1, 2)
        rows.append([*points.min(0), *points.max(0)])
    return as_boxes(rows)
