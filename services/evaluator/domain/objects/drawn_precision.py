"""Average precision of drawn images: one pass over the ranked detections serves all draws.

The pass counts the right and the wrong detections of each group of images up to each corner of a
label's curve; a product with the draws gives the same counts of every draw. A corner stands behind
each right detection. Where right detections are so many that groups times corners passes
:data:`MOST_CELLS`, a quarter of the corners stands behind the first ones, where the curve is steep,
and the others behind every n-th, never fewer than :data:`LEAST_CORNERS` in all. That moves the AP
of all draws alike, by less than the curve falls from one corner to the next, and an interval asks
for their spread alone. A test holds its width to the one of all corners.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.draws import Draws
from services.evaluator.domain.numbers.threads import side_by_side
from services.evaluator.domain.objects.average_precision import RECALL_POINTS
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import FALSE, IGNORED, TRUE, Verdicts
from shared.vision.compilation import compiled

MOST_CELLS = 256_000  # of counts, and as many of wrong ones: 2 MB
LEAST_CORNERS = 256

Numbers = NDArray[np.float32]  # counts: whole numbers up to 2^24 are exact


@dataclass(frozen=True, slots=True)
class Ranking:
    """Detections label by label, best first: ``rows`` ``(N,)`` and the ``image`` of each.

    ``start`` ``(K + 1,)`` says where a label begins.
    """

    rows: Ints
    start: Ints
    image: Ints

    @classmethod
    def of(cls, arranged: Arranged) -> "Ranking":
        """The ranking of samples in evaluation order."""
        image = arranged.det_image()[arranged.by_label]
        return cls(arranged.by_label, arranged.label_start, image)


def ap_replicates(
    verdicts: Verdicts,
    ranking: Ranking,
    truths: Ints,
    draws: Draws,
    *,
    most_cells: int = MOST_CELLS,
) -> Floats:
    """AP of each label in each replicate, ``(T, B, K)``; nan where a label has no truth drawn.

    Args:
        verdicts: At ``T`` IoU thresholds, ``(T, D)``.
        ranking: The order of the detections.
        truths: Those of each image and label, ``(M, K)``.
        draws: Draws of the images.
        most_cells: Groups of images times corners of a curve, whole curves as far as possible.
    """
    positives = draws.sums(truths)
    times, group = draws.times.astype(np.float32), draws.group[ranking.image]
    corners = max(LEAST_CORNERS, most_cells // max(times.shape[1], 1))

    def of(row: Verdicts) -> Floats:
        verdict, areas = row[ranking.rows], np.empty(positives.shape)
        for label, first in enumerate(ranking.start[:-1]):
            here = slice(first, ranking.start[label + 1])
            counts = _counts(verdict[here], group[here], times.shape[1], corners)
            drawn = times @ counts.reshape(len(counts), 2 * counts.shape[2])
            drawn = drawn.reshape(len(times), *counts.shape[1:])
            areas[:, label] = _areas(drawn, positives[:, label], RECALL_POINTS)
        return areas

    return np.array(side_by_side(of, verdicts)).reshape(-1, *positives.shape)


@compiled
def _counts(verdict: Verdicts, group: Ints, groups: int, most_corners: int) -> Numbers:
    """Wrong and right detections of each group between one corner and the next, ``(G, 2, C)``."""
    rights = np.sum(verdict == TRUE)
    head = rights if rights <= most_corners else most_corners // 4
    step = max(1, -(-(rights - head) // (most_corners - head)))
    out = np.zeros((groups, 2, head + -(-(rights - head) // step)), np.float32)
    right = 0
    for det in range(verdict.size):
        if right == rights:
            break
        kind = verdict[det]
        if kind != IGNORED:
            corner = right if right < head else head + (right - head) // step
            out[group[det], kind, corner] += 1
            right += kind == TRUE
    return out


@compiled
def _areas(drawn: Numbers, positives: Floats, points: Floats) -> Floats:
    """Area under the curve of each draw, ``(B,)``, from its counts ``(B, 2, C)``."""
    draws, _, corners = drawn.shape
    out = np.full(draws, np.nan)
    recall, envelope = np.empty(corners), np.empty(corners)
    for draw in range(draws):
        if positives[draw] == 0:
            continue
        _write_curve(recall, envelope, drawn[draw], positives[draw])
        total, place = 0.0, 0
        for point in points:
            while place < corners and recall[place] < point:
                place += 1
            if place == corners:
                break
            total += envelope[place]
        out[draw] = total / points.size
    return out


@compiled
def _write_curve(recall: Floats, envelope: Floats, counts: Numbers, positives: float) -> None:
    """Write recall and falling precision at each corner."""
    found, wrong = 0.0, 0.0
    for corner in range(recall.size):
        found += float(counts[TRUE, corner])
        wrong += float(counts[FALSE, corner])
        recall[corner] = found / positives
        envelope[corner] = found / max(found + wrong, 1.0)
    for corner in range(recall.size - 2, -1, -1):
        envelope[corner] = max(envelope[corner], envelope[corner + 1])
