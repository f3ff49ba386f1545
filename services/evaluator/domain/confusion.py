"""Which label is taken for which: a matrix with a row and a column for the background.

Within-label matches come first and fill the diagonal, exactly as they are counted everywhere else.
Then each remaining detection, best first, may take the remaining truth of another label that it
overlaps most: a wrong label. What is left over are false detections (background row) and misses
(background column). So row ``i`` adds up to the truths of label ``i``, column ``j`` to its
counted detections, and precision, recall and F1 read off the matrix are the ones shown.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from services.evaluator.domain.arrangement import Arranged
from services.evaluator.domain.matching import FALSE, NOBODY, TRUE, Choices, Verdicts
from services.evaluator.domain.overlaps import Overlaps
from services.evaluator.domain.samples import Columns, Flags, Ints


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
    arranged: Arranged,
    overlaps: Overlaps,
    *,
    truth_of: Choices,
    verdict: Verdicts,
    iou_threshold: float,
    threshold: float,
) -> Outcomes:
    """Resolve every detection and truth; ``truth_of`` and ``verdict`` ``(D,)`` of that IoU."""
    shown = arranged.score >= threshold
    found = shown & (verdict == TRUE)
    taken = arranged.truth_crowd.copy()
    taken[truth_of[found]] = True
    mistaken_for = _mistaken(
        (arranged.det_label, arranged.by_score, shown & (verdict == FALSE)),
        np.repeat(arranged.truth_start[:-1], np.diff(arranged.det_start)),
        (overlaps.start, overlaps.truth, overlaps.iou),
        arranged.truth_label,
        taken,
        min(iou_threshold, 1.0 - 1e-10),
    )
    false = shown & (verdict == FALSE) & (mistaken_for == NOBODY)
    return Outcomes(found, mistaken_for, false, ~taken)


def confusion_matrix(arranged: Arranged, result: Outcomes) -> Ints:
    """``(K + 1, K + 1)`` counts, rows truth, columns prediction, background last.

    No truths and no detections give zeros.
    """
    background = arranged.labels
    matrix = np.zeros((background + 1, background + 1), np.int64)
    diagonal = np.bincount(arranged.det_label[result.found], minlength=background)
    np.fill_diagonal(matrix[:background, :background], diagonal)
    wrong = np.flatnonzero(result.mistaken_for != NOBODY)
    truths = arranged.truth_label[result.mistaken_for[wrong]]
    np.add.at(matrix, (truths, arranged.det_label[wrong]), 1)
    matrix[background, :background] = np.bincount(
        arranged.det_label[result.false], minlength=background
    )
    matrix[:background, background] = np.bincount(
        arranged.truth_label[result.missed], minlength=background
    )
    return matrix


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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _mistaken(
    dets: Columns, first_truth: Ints, pairs: Columns, truth_label: Ints, taken: Flags, floor: float
) -> Ints:
    label, by_score, free = dets
    start, truth_of, iou_of = pairs
    out = np.full(label.size, NOBODY, np.int64)
    for det in by_score:
        if not free[det]:
            continue
        best = floor
        for pair in range(start[det], start[det + 1]):
            truth = first_truth[det] + truth_of[pair]
            if iou_of[pair] >= best and not taken[truth] and truth_label[truth] != label[det]:
                best, out[det] = iou_of[pair], truth
        if out[det] != NOBODY:
            taken[out[det]] = True
    return out
