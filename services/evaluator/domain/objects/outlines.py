"""How well the outline of each found mask fits: measured once, on pixels, for every matched pair.

A report at another threshold has no masks to look at, so the figures of a pair are kept. Pairs are
those that match at one of COCO's IoU thresholds: below IoU 0.5 outline figures are undefined.
"""

from dataclasses import dataclass
from math import ceil, hypot

import cv2
import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.interruption import look
from services.evaluator.domain.objects.borrowed_engines import BOUNDARY_RATIO
from services.evaluator.domain.objects.evaluation_order import Arranged, arranged_masks
from services.evaluator.domain.objects.matching import TRUE, Matches
from services.evaluator.domain.objects.samples import Samples
from shared.vision.masks import MaskTable, bounds_xywh, window

MEASURES = ("iou", "tightness", "coverage", "boundary_iou", "boundary_f", "shape")


@dataclass(frozen=True, slots=True)
class Outlines:
    """``P`` pairs, sorted: detection and truth rows ``(P,)``, and the :data:`MEASURES` ``(P, 6)``.

    ``tightness`` is the part of the predicted pixels that is truth, ``coverage`` the part of the
    truth that is predicted; ``boundary_iou`` the IoU of the bands inside both outlines (Cheng et
    al. 2021); ``boundary_f`` the F1 of outline pixels within the band's width of the other outline;
    ``shape`` the IoU once both centres lie on one another, so that only the form counts.
    """

    detection: Ints
    truth: Ints
    values: Floats

    def of(self, detection: Ints, truth: Ints) -> Floats:
        """Measures of given pairs, ``(N, 6)``; nan for pairs that were not kept."""
        width = int(max(self.truth.max(initial=-1), truth.max(initial=-1))) + 1
        kept, wanted = self.detection * width + self.truth, detection * width + truth
        place = np.minimum(np.searchsorted(kept, wanted), max(kept.size - 1, 0))
        out = np.full((wanted.size, len(MEASURES)), np.nan)
        if kept.size:
            known = kept[place] == wanted
            out[known] = self.values[place[known]]
        return out


def measure_outlines(samples: Samples, arranged: Arranged, matches: Matches) -> Outlines:
    """Measure every pair that matches at some threshold; masks are unrolled one pair at a time.

    Raises:
        ValueError: The samples carry no masks.
    """
    truths, found = arranged_masks(samples, arranged)
    rows, detections = np.nonzero(matches.verdict == TRUE)
    pairs = np.stack([detections, matches.truth_of[rows, detections].astype(np.int64)], axis=1)
    pairs = np.unique(pairs, axis=0) if len(pairs) else pairs
    boxes = bounds_xywh(truths), bounds_xywh(found)
    values = [
        _measures((truths, int(truth), boxes[0]), (found, int(detection), boxes[1]))
        for detection, truth in pairs
    ]
    return Outlines(pairs[:, 0], pairs[:, 1], np.array(values).reshape(-1, len(MEASURES)))


def _measures(
    truth: tuple[MaskTable, int, Floats], found: tuple[MaskTable, int, Floats]
) -> tuple[float, ...]:
    masks, index, _ = truth
    height, width = int(masks.heights[index]), int(masks.widths[index])
    reach = max(1, ceil(BOUNDARY_RATIO * hypot(height, width)))
    crop = _crop(truth[2][index], found[2][found[1]], reach, (width, height))
    pixels = [window(m.code(i), height, crop).astype(np.uint8) for m, i, _ in (truth, found)]
    padded = [np.pad(p, 1) for p in pixels]
    bands = [_band(p, reach) for p in padded]
    look()
    shared = int(np.count_nonzero(pixels[0] & pixels[1]))
    return (
        _iou(pixels[0], pixels[1]),
        shared / max(int(np.count_nonzero(pixels[1])), 1),
        shared / max(int(np.count_nonzero(pixels[0])), 1),
        _iou(bands[0], bands[1]),
        boundary_f(padded[0], padded[1], reach),
        _iou(_centred(pixels[0]), _centred(pixels[1])),
    )


def boundary_f(first: np.ndarray, second: np.ndarray, reach_px: int) -> float:
    """F1 of outline pixels that lie within ``reach_px`` of the other outline (Csurka et al. 2013).

    Both masks are uint8 with an empty border; two empty masks agree fully, one empty gives 0.
    """
    outlines = [_band(mask, 1) for mask in (first, second)]
    if not outlines[0].any() or not outlines[1].any():
        return 1.0 if not outlines[0].any() and not outlines[1].any() else 0.0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    near = [cv2.dilate(outline, kernel) for outline in outlines]
    precision = float((outlines[1] & near[0]).sum() / outlines[1].sum())
    recall = float((outlines[0] & near[1]).sum() / outlines[0].sum())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _band(mask: np.ndarray, reach: int) -> np.ndarray:
    """Pixels of the mask within ``reach`` of its outline."""
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=reach)
    return mask - inner


def _crop(
    first: Floats, second: Floats, reach: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    low = np.minimum(first[:2], second[:2]) - reach
    high = np.maximum(first[:2] + first[2:], second[:2] + second[2:]) + reach
    x, y = (int(v) for v in np.maximum(low, 0))
    right, bottom = (int(v) for v in np.minimum(high, size))
    return x, y, right - x, bottom - y


def _centred(mask: np.ndarray) -> np.ndarray:
    """Move the mask's centre of mass to the middle of a frame that always holds it."""
    frame = np.zeros((2 * mask.shape[0] + 1, 2 * mask.shape[1] + 1), np.uint8)
    rows, columns = np.nonzero(mask)
    if rows.size:
        shift = np.round([mask.shape[0] - rows.mean(), mask.shape[1] - columns.mean()]).astype(int)
        frame[rows + shift[0], columns + shift[1]] = 1
    return frame


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0
