"""How well found objects are outlined, counted and timed: beyond right or wrong."""

from dataclasses import dataclass
from math import ceil, hypot

import cv2
import numpy as np

from services.evaluator.domain.arrangement import Arranged, arranged_masks
from services.evaluator.domain.average_precision import AREA_RANGES
from services.evaluator.domain.confusion import Outcomes
from services.evaluator.domain.engine import BOUNDARY_RATIO
from services.evaluator.domain.evaluation import Evaluation
from services.evaluator.domain.matching import NOBODY, Matches
from services.evaluator.domain.operating_point import ratio
from services.evaluator.domain.samples import Flags, Floats, Ints
from shared.vision.masks import MaskTable, bounds_xywh, window
from shared.vision.tiles import TilePlan


@dataclass(frozen=True, slots=True)
class BoxQuality:
    """Means over right detections; nan without any.

    ``iou``; ``tightness``: the part of the predicted area that is truth (1: never looser);
    ``coverage``: the part of the truth that is predicted.
    """

    iou: float
    tightness: float
    coverage: float


def box_quality(evaluation: Evaluation, result: Outcomes, matches: Matches, row: int) -> BoxQuality:
    """Overlap of right detections with the truths they took."""
    found = np.flatnonzero(result.found)
    if not found.size:
        return BoxQuality(*(float("nan"),) * 3)
    arranged = evaluation.arranged
    truth = matches.truth_of[row][found].astype(np.int64)
    iou = _pair_iou(evaluation, found, truth)
    own, other = arranged.det_area[found], arranged.truth_area[truth]
    if evaluation.kind == "box":
        other = arranged.truth_boxes[truth, 2] * arranged.truth_boxes[truth, 3]
    shared = iou * (own + other) / (1 + iou)
    return BoxQuality(
        float(iou.mean()), float(ratio(shared, own).mean()), float(ratio(shared, other).mean())
    )


def _pair_iou(evaluation: Evaluation, found: Ints, truth: Ints) -> Floats:
    """IoU of given pairs, looked up in the stored overlaps."""
    overlaps, arranged = evaluation.overlaps, evaluation.arranged
    first = np.repeat(arranged.truth_start[:-1], np.diff(arranged.det_start))
    owner = np.repeat(np.arange(arranged.score.size), np.diff(overlaps.start))
    wanted = np.full(arranged.score.size, NOBODY, np.int64)
    wanted[found] = truth
    hit = overlaps.truth + first[owner] == wanted[owner]
    out = np.zeros(arranged.score.size)
    out[owner[hit]] = overlaps.iou[hit]
    return out[found]


@dataclass(frozen=True, slots=True)
class CountError:
    """Predicted minus labelled objects per image: mean size, bias, and how often it is exact."""

    mean_absolute: float
    bias: float
    exact_rate: float


def count_error(arranged: Arranged, *, threshold: float, ignored: Flags) -> CountError:
    """Counting error over images; ignored detections do not count. No images give nan."""
    if not arranged.images:
        return CountError(*(float("nan"),) * 3)
    shown = (arranged.score >= threshold) & ~ignored
    predicted = np.bincount(arranged.det_image()[shown], minlength=arranged.images)
    counted = arranged.truth_image()[~arranged.truth_crowd]
    difference = predicted - np.bincount(counted, minlength=arranged.images)
    return CountError(
        float(np.abs(difference).mean()), float(difference.mean()), float((difference == 0).mean())
    )


@dataclass(frozen=True, slots=True)
class GroupRate:
    """Detection rate of a group of truths; nan for an empty group."""

    name: str
    truths: int
    found: int
    rate: float


def rate_by_size(arranged: Arranged, taken: Flags) -> list[GroupRate]:
    """Detection rate of small, medium and large truths (COCO's limits), ``taken`` ``(G,)``."""
    area = arranged.truth_area
    return [
        _group_rate(name, (area >= low) & (area < high), taken, arranged.truth_crowd)
        for name, (low, high) in AREA_RANGES.items()
    ]


def rate_by_tile_edge(evaluation: Evaluation, taken: Flags, plan: TilePlan) -> list[GroupRate]:
    """Detection rate of truths that a tile edge cuts, and of the others."""
    cut = tile_edge_flags(evaluation, plan)
    crowd = evaluation.arranged.truth_crowd
    return [
        _group_rate("tile_edge", cut, taken, crowd),
        _group_rate("inside_tile", ~cut, taken, crowd),
    ]


def taken_truths(arranged: Arranged, result: Outcomes, matches: Matches, row: int) -> Flags:
    """Truths with a right detection, ``(G,)``."""
    taken = np.zeros(arranged.truth_label.size, np.bool_)
    taken[matches.truth_of[row][result.found]] = True
    return taken


def tile_edge_flags(evaluation: Evaluation, plan: TilePlan) -> Flags:
    """Truths that no tile holds whole, ``(G,)``; images of unknown size have no edges."""
    arranged, images = evaluation.arranged, evaluation.samples.images
    boxes = arranged.truth_boxes
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    image_of = arranged.truth_image()
    out = np.zeros(len(boxes), np.bool_)
    windows: dict[tuple[int, int], Floats] = {}
    for image in np.unique(image_of):
        size = int(images.widths[image]), int(images.heights[image])
        if min(size) <= 0:
            continue
        if size not in windows:
            windows[size] = np.array([w.box_xyxy for w in plan.windows(*size)], np.float64)
        here, tiles = image_of == image, windows[size]
        low = (corners[here, None, :2] >= tiles[None, :, :2]).all(axis=2)
        high = (corners[here, None, 2:] <= tiles[None, :, 2:]).all(axis=2)
        out[here] = ~np.any(low & high, axis=1)
    return out


def _group_rate(name: str, members: Flags, taken: Flags, crowd: Flags) -> GroupRate:
    counted = members & ~crowd
    truths, found = int(counted.sum()), int((counted & taken).sum())
    return GroupRate(name, truths, found, found / truths if truths else float("nan"))


@dataclass(frozen=True, slots=True)
class MaskQuality:
    """Means over right detections; nan without any.

    ``boundary_iou``: IoU of the bands inside both outlines (Cheng et al. 2021); ``boundary_f``: F1
    of outline pixels within the band's width of the other outline; ``shape``: IoU once both
    centres lie on one another, so that only the form counts.
    """

    iou: float
    boundary_iou: float
    boundary_f: float
    shape: float


def mask_quality(
    evaluation: Evaluation, result: Outcomes, matches: Matches, row: int
) -> MaskQuality:
    """Outline quality of right detections; masks are unrolled one pair at a time, cropped.

    Raises:
        ValueError: The evaluation is not of masks.
    """
    found = np.flatnonzero(result.found)
    truths, detections = arranged_masks(evaluation.samples, evaluation.arranged)
    if not found.size:
        return MaskQuality(*(float("nan"),) * 4)
    boxes = bounds_xywh(truths), bounds_xywh(detections)
    rows = [
        _pair_quality((truths, int(truth), boxes[0]), (detections, int(det), boxes[1]))
        for det, truth in zip(found, matches.truth_of[row][found], strict=True)
    ]
    return MaskQuality(*(float(value) for value in np.mean(rows, axis=0)))


def _pair_quality(
    truth: tuple[MaskTable, int, Floats], found: tuple[MaskTable, int, Floats]
) -> tuple[float, float, float, float]:
    masks, index, _ = truth
    height, width = int(masks.heights[index]), int(masks.widths[index])
    reach = max(1, ceil(BOUNDARY_RATIO * hypot(height, width)))
    crop = _crop(truth[2][index], found[2][found[1]], reach, (width, height))
    pixels = [window(m.code(i), height, crop).astype(np.uint8) for m, i, _ in (truth, found)]
    padded = [np.pad(p, 1) for p in pixels]
    bands = [_band(p, reach) for p in padded]
    return (
        _iou(pixels[0], pixels[1]),
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


def frames_per_second(elapsed_ms: Floats) -> float:
    """Images a second from the time each took; nan without times."""
    known = elapsed_ms[elapsed_ms > 0]
    return float(1000 / known.mean()) if known.size else float("nan")
