"""Every error of an evaluation as a row that can be filtered, sorted, shown and opened."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from services.evaluator.domain.confusion import Outcomes
from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.matching import NOBODY, Matches
from services.evaluator.domain.samples import Floats, Ints

ErrorKind = Literal["false_detection", "miss", "wrong_label", "found"]
KINDS: tuple[ErrorKind, ...] = ("false_detection", "miss", "wrong_label", "found")
FALSE_DETECTION, MISS, WRONG_LABEL, FOUND = range(4)
COLOURS = {
    "false_detection": "#e5484d",  # red
    "miss": "#f5a524",  # orange
    "wrong_label": "#8e4ec6",
    "found": "#30a46c",
}
NONE = -1
SHOWN_OF_EACH = 20


@dataclass(frozen=True, slots=True)
class ErrorIndex:
    """Columns ``(N,)``: kind code, image, detection and truth rows (-1 if none), score, size in px.

    The score of a miss is 0; the size is the square root of the area of the truth, or of the
    detection where there is no truth.
    """

    kind: Ints
    image: Ints
    detection: Ints
    truth: Ints
    score: Floats
    size_px: Floats


def error_index(evaluation: Evaluation, result: Outcomes, matches: Matches, row: int) -> ErrorIndex:
    """List false detections, misses, wrong labels and, last, what was found."""
    false = np.flatnonzero(result.false)
    missed = np.flatnonzero(result.missed)
    wrong = np.flatnonzero(result.mistaken_for != NOBODY)
    found = np.flatnonzero(result.found)
    sizes = [false.size, missed.size, wrong.size, found.size]
    nobody = np.full(max(sizes), NONE, np.int64)
    detection = np.concatenate([false, nobody[: missed.size], wrong, found])
    truth = np.concatenate(
        [
            nobody[: false.size],
            missed,
            result.mistaken_for[wrong],
            matches.truth_of[row][found].astype(np.int64),
        ]
    )
    arranged = evaluation.arranged
    has_detection, has_truth = detection != NONE, truth != NONE
    image, score = np.empty(detection.size, np.int64), np.zeros(detection.size)
    area = np.empty(detection.size)
    image[has_truth] = arranged.truth_image()[truth[has_truth]]
    image[has_detection] = arranged.det_image()[detection[has_detection]]
    area[has_detection] = arranged.det_area[detection[has_detection]]
    area[has_truth] = arranged.truth_area[truth[has_truth]]
    score[has_detection] = arranged.score[detection[has_detection]]
    kind = np.repeat(np.arange(4), sizes)
    return ErrorIndex(kind, image, detection, truth, score, np.sqrt(area))


def gallery(evaluation: Evaluation, index: ErrorIndex) -> list[dict[str, Any]]:
    """The errors worth looking at first: up to 20 of each kind and label.

    False detections and wrong labels stand in falling confidence, misses from the largest down; a
    miss belongs to the label of its truth, the others to the label that was predicted.
    """
    arranged = evaluation.arranged
    owner = np.where(
        index.kind == MISS,
        _labels(arranged.truth_label, index.truth),
        _labels(arranged.det_label, index.detection),
    )
    value = np.where(index.kind == MISS, index.size_px, index.score)
    order = np.lexsort((-value, owner, index.kind))
    order = order[index.kind[order] != FOUND]
    groups = np.stack([index.kind[order], owner[order]], axis=1)
    first = np.ones(order.size, np.bool_)
    first[1:] = (groups[1:] != groups[:-1]).any(axis=1)
    begins = np.flatnonzero(first)
    place = np.arange(order.size) - np.repeat(begins, np.diff([*begins, order.size]))
    return records(evaluation, index, order[place < SHOWN_OF_EACH])


def records(evaluation: Evaluation, index: ErrorIndex, rows: Ints) -> list[dict[str, Any]]:
    """JSON rows: kind, colour, image, labels, score and boxes ``[x1, y1, x2, y2]`` in pixels."""
    return [_record(evaluation, index, int(row)) for row in rows]


def counts_by_kind(index: ErrorIndex) -> dict[str, int]:
    """How many rows of each kind."""
    counts = np.bincount(index.kind, minlength=len(KINDS))
    return {kind: int(count) for kind, count in zip(KINDS, counts, strict=True)}


def _labels(labels: Ints, rows: Ints) -> Ints:
    if not labels.size:
        return np.full(rows.size, NONE, np.int64)
    return np.where(rows == NONE, NONE, labels[rows])


def _record(evaluation: Evaluation, index: ErrorIndex, row: int) -> dict[str, Any]:
    arranged, samples = evaluation.arranged, evaluation.samples
    detection, truth = int(index.detection[row]), int(index.truth[row])
    kind = KINDS[int(index.kind[row])]
    out: dict[str, Any] = {
        "kind": kind,
        "colour": COLOURS[kind],
        "image_id": samples.images.ids[int(index.image[row])],
        "true_label": None,
        "predicted_label": None,
        "score": None,
        "box": None,
        "truth_box": None,
        "shape_id": None,
        "size_px": round(float(index.size_px[row]), 2),
    }
    if detection != NONE:
        out["predicted_label"] = samples.labels[int(arranged.det_label[detection])]
        out["score"] = float(arranged.score[detection])
        out["box"] = _xyxy(arranged.det_boxes[detection])
    if truth != NONE:
        out["true_label"] = samples.labels[int(arranged.truth_label[truth])]
        out["truth_box"] = _xyxy(arranged.truth_boxes[truth])
        source = int(arranged.truth_source[truth])
        out["shape_id"] = (samples.truths.ids[source] or None) if samples.truths.ids else None
    return out


def _xyxy(box: Floats) -> list[float]:
    x, y, w, h = (float(value) for value in box)
    return [x, y, x + w, y + h]
