"""Every error of an evaluation as a row that can be filtered, sorted, shown and opened."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.ordering import group, rising_order
from services.evaluator.domain.objects.confusion import Outcomes
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matching import NOBODY, Matches

ErrorKind = Literal["false_detection", "miss", "wrong_label", "found"]
KINDS: tuple[ErrorKind, ...] = ("false_detection", "miss", "wrong_label", "found")
FALSE_DETECTION, MISS, WRONG_LABEL, FOUND = range(4)
COLOURS: dict[ErrorKind, str] = {
    "false_detection": "#e5484d",  # red
    "miss": "#f5a524",  # orange
    "wrong_label": "#8e4ec6",
    "found": "#30a46c",
}
Corners = tuple[float, float, float, float]
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


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error to look at: boxes are ``(x1, y1, x2, y2)`` in pixels, None where there is none."""

    kind: ErrorKind
    colour: str
    image_id: str
    true_label: str | None
    predicted_label: str | None
    score: float | None
    box: Corners | None
    truth_box: Corners | None
    shape_id: str | None
    size_px: float


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


def gallery(evaluation: Evaluation, index: ErrorIndex) -> tuple[ErrorRecord, ...]:
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
    errors = np.flatnonzero(index.kind != FOUND)
    errors = errors[rising_order(-value[errors])]
    cells = index.kind[errors] * arranged.labels + owner[errors]
    by_cell, start = group(cells, FOUND * arranged.labels)
    place = np.arange(by_cell.size) - np.repeat(start[:-1], np.diff(start))
    return records(evaluation, index, errors[by_cell[place < SHOWN_OF_EACH]])


def records(evaluation: Evaluation, index: ErrorIndex, rows: Ints) -> tuple[ErrorRecord, ...]:
    """The errors that stand in some rows."""
    arranged, samples = evaluation.arranged, evaluation.samples
    detection, truth = index.detection[rows], index.truth[rows]
    names = (*samples.labels, None)  # NONE is the last
    columns = zip(
        index.kind[rows].tolist(),
        index.image[rows].tolist(),
        _labels(arranged.truth_label, truth).tolist(),
        _labels(arranged.det_label, detection).tolist(),
        index.score[rows].tolist(),
        _corners(arranged.det_boxes, detection),
        _corners(arranged.truth_boxes, truth),
        _shape_ids(evaluation, truth),
        index.size_px[rows].tolist(),
        strict=True,
    )
    return tuple(
        ErrorRecord(
            kind=KINDS[kind],
            colour=COLOURS[KINDS[kind]],
            image_id=samples.images.ids[image],
            true_label=names[true],
            predicted_label=names[predicted],
            score=None if box is None else score,
            box=box,
            truth_box=truth_box,
            shape_id=shape_id,
            size_px=round(size_px, 2),
        )
        for kind, image, true, predicted, score, box, truth_box, shape_id, size_px in columns
    )


def counts_by_kind(index: ErrorIndex) -> dict[ErrorKind, int]:
    """How many rows of each kind."""
    counts = np.bincount(index.kind, minlength=len(KINDS))
    return {kind: int(count) for kind, count in zip(KINDS, counts, strict=True)}


def _labels(labels: Ints, rows: Ints) -> Ints:
    if not labels.size:
        return np.full(rows.size, NONE, np.int64)
    return np.where(rows == NONE, NONE, labels[rows])


def _corners(boxes_xywh: Floats, rows: Ints) -> list[Corners | None]:
    """Corners of each row's box, None where there is none."""
    there = np.flatnonzero(rows != NONE)
    boxes = boxes_xywh[rows[there]]
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).tolist()
    out: list[Corners | None] = [None] * rows.size
    for place, corner in zip(there.tolist(), corners, strict=True):
        out[place] = tuple(corner)
    return out


def _shape_ids(evaluation: Evaluation, truths: Ints) -> list[str | None]:
    ids, sources = evaluation.samples.truths.ids, evaluation.arranged.truth_source
    if not ids:
        return [None] * truths.size
    return [ids[sources[truth]] or None if truth != NONE else None for truth in truths.tolist()]
