"""How well found objects are outlined, counted and timed: beyond right or wrong."""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.numbers.counts import ratio
from services.evaluator.domain.numbers.figure import Figure
from services.evaluator.domain.numbers.intervals import Interval, wilson
from services.evaluator.domain.objects.average_precision import AREA_RANGES
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import NOBODY
from services.evaluator.domain.objects.operating_view import OperatingView
from shared.vision.tiles import TilePlan


def outline_measures(view: OperatingView) -> Floats:
    """IoU, tightness and coverage of right detections with the truths they took, ``(N, 3)``.

    Tightness is the part of the predicted area that is truth (1: never looser), coverage the part
    of the truth that is predicted. Masks are measured on their pixels and have three columns more:
    see :class:`outlines.Outlines`.
    """
    evaluation = view.evaluation
    found, truth = view.pairs
    if evaluation.kind == "mask":
        return evaluation.outlines.of(found, truth)
    arranged = evaluation.arranged
    iou = _pair_iou(evaluation, found, truth)
    own = arranged.det_boxes[found, 2] * arranged.det_boxes[found, 3]
    other = arranged.truth_boxes[truth, 2] * arranged.truth_boxes[truth, 3]
    shared = iou * (own + other) / (1 + iou)
    parts = np.stack([iou, ratio(shared, own), ratio(shared, other)], axis=1)
    return np.minimum(parts, 1.0)  # rounding


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


def count_differences(view: OperatingView) -> Ints:
    """Predicted minus labelled objects of each image, ``(M,)``; ignored detections do not count."""
    arranged = view.evaluation.arranged
    predicted = np.bincount(arranged.det_image()[view.shown], minlength=arranged.images)
    counted = arranged.truth_image()[~arranged.truth_crowd]
    return predicted - np.bincount(counted, minlength=arranged.images)


@dataclass(frozen=True, slots=True)
class GroupRate:
    """Detection rate of a group of truths, undefined for an empty one, and its Wilson interval."""

    name: str
    truths: int
    found: int
    rate: Figure
    interval: Interval


def rate_by_size(arranged: Arranged, taken: Flags) -> tuple[GroupRate, ...]:
    """Detection rate of small, medium and large truths (COCO's limits), ``taken`` ``(G,)``."""
    area = arranged.truth_area
    return tuple(
        _group_rate(name, (area >= low) & (area < high), taken, arranged.truth_crowd)
        for name, (low, high) in AREA_RANGES.items()
    )


def rate_by_tile_edge(
    evaluation: Evaluation, taken: Flags, plan: TilePlan
) -> tuple[GroupRate, ...]:
    """Detection rate of truths that a tile edge cuts, and of the others."""
    cut = tile_edge_flags(evaluation, plan)
    crowd = evaluation.arranged.truth_crowd
    return (
        _group_rate("tile_edge", cut, taken, crowd),
        _group_rate("inside_tile", ~cut, taken, crowd),
    )


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
    rate = found / truths if truths else float("nan")
    return GroupRate(name, truths, found, rate, wilson(found, truths))


def frames_per_second(elapsed_ms: Floats) -> float:
    """Images a second from the time each took; nan without times."""
    known = elapsed_ms[elapsed_ms > 0]
    return float(1000 / known.mean()) if known.size else float("nan")
