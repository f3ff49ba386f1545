"""Which label is taken for which: a matrix with a row and a column for the background.

Within-label matches come first and fill the diagonal, exactly as they are counted everywhere else.
Then each remaining detection, best first, may take the remaining truth of another label that it
overlaps most: a wrong label. What is left over are false detections (background row) and misses
(background column). So row ``i`` adds up to the truths of label ``i``, column ``j`` to its
counted detections, and precision, recall and F1 read off the matrix are the ones shown.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Flags, Ints
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, NOBODY, TRUE, MatchRow
from services.evaluator.domain.objects.overlaps import Overlaps
from shared.vision.compilation import compiled


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Who ended up with whom at one confidence and IoU threshold.

    ``found`` ``(D,)`` right detections; ``mistaken_for`` ``(D,)`` the truth of another label that a
    detection took, else -1; ``false`` ``(D,)`` detections on nothing; ``missed`` ``(G,)`` truths
    nobody took (wrong-label truths are not among them).
    """

    found: Flags
    mistaken_for: Ints
    false: Flags
    missed: Flags


def outcomes(
    arranged: Arranged, overlaps: Overlaps, matched: MatchRow, *, order: Ints, threshold: float
) -> Outcomes:
    """Resolve every detection and truth.

    Args:
        arranged: Samples in evaluation order.
        overlaps: Their overlaps.
        matched: Their matches at one IoU threshold.
        order: Detections image by image, best first.
        threshold: Confidence from which a detection counts.
    """
    taken = arranged.truth_crowd.copy()
    found, mistaken_for, false = _resolve(
        (arranged.det_start, arranged.det_label, arranged.score, order),
        (arranged.truth_start, arranged.truth_label, taken),
        (overlaps.start, overlaps.truth, overlaps.iou),
        (matched.truth_of, matched.verdict),
        (threshold, min(matched.iou_threshold, 1.0 - 1e-10)),
    )
    return Outcomes(found, mistaken_for, false, ~taken)


def confusion_matrix(arranged: Arranged, result: Outcomes) -> Ints:
    """``(K + 1, K + 1)`` counts, rows truth, columns prediction, background last.

    No truths and no detections give zeros.
    """
    matrix = np.zeros((arranged.labels + 1, arranged.labels + 1), np.int64)
    _tally(
        matrix,
        (arranged.det_label, result.found, result.mistaken_for, result.false),
        (arranged.truth_label, result.missed),
    )
    return matrix


@compiled
def _tally(matrix: Ints, dets: Columns, truths: Columns) -> None:
    label, found, mistaken_for, false = dets
    background = matrix.shape[0] - 1
    for det in range(label.size):
        if found[det]:
            matrix[label[det], label[det]] += 1
        elif mistaken_for[det] != NOBODY:
            matrix[truths[0][mistaken_for[det]], label[det]] += 1
        elif false[det]:
            matrix[background, label[det]] += 1
    for truth in range(truths[0].size):
        if truths[1][truth]:
            matrix[truths[0][truth], background] += 1


def most_confused(matrix: Ints, *, limit: int = 10) -> list[tuple[int, int, int]]:
    """Label pairs (truth, prediction, count) most often taken for one another, worst first."""
    inner = matrix[:-1, :-1].copy()
    np.fill_diagonal(inner, 0)
    order = np.argsort(-inner, axis=None, kind="stable")[:limit]
    rows, columns = np.unravel_index(order, inner.shape)
    return [
        (int(r), int(c), int(inner[r, c]))
        for r, c in zip(rows, columns, strict=True)
        if inner[r, c]
    ]


@compiled
def _resolve(
    dets: Columns, truths: Columns, pairs: Columns, matched: Columns, limits: Columns
) -> Columns:
    """Which detections are right, mistaken for what, and false; truths they took are marked."""
    det_start, label, score, order = dets
    start, truth_of, iou_of = pairs
    found, false = np.zeros(label.size, np.bool_), np.zeros(label.size, np.bool_)
    mistaken_for = np.full(label.size, NOBODY, np.int64)
    for image in range(det_start.size - 1):
        first = truths[0][image]
        for det in range(det_start[image], det_start[image + 1]):
            if score[det] >= limits[0]:
                found[det], false[det] = matched[1][det] == TRUE, matched[1][det] == FALSE
            if found[det]:
                truths[2][matched[0][det]] = True
        for det in order[det_start[image] : det_start[image + 1]]:
            if not false[det]:
                continue
            best = limits[1]
            for pair in range(start[det], start[det + 1]):
                truth = first + truth_of[pair]
                free = not truths[2][truth] and truths[1][truth] != label[det]
                if free and iou_of[pair] >= best:
                    best, mistaken_for[det] = iou_of[pair], truth
            if mistaken_for[det] != NOBODY:
                false[det], truths[2][mistaken_for[det]] = False, True
    return found, mistaken_for, false
