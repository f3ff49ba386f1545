"""Which detection overlaps which truth, and how much: found once, kept as a sparse list.

Only pairs that any later question can need are kept: overlap of at least :data:`MIN_OVERLAP`
(TIDE's background limit, and the lowest IoU a report can be asked for), same or other label. A
crowd truth is kept for its own label, an ignore region for every label; for these two the overlap
is measured over the detection alone, as in COCO.
"""

from dataclasses import dataclass

import numpy as np

from services.evaluator.domain.numbers.columns import Columns, Floats, Ints
from services.evaluator.domain.objects.evaluation_order import ANY_LABEL, Arranged
from shared.vision import mask_kernels
from shared.vision.compilation import compiled, inlined
from shared.vision.masks import MaskTable, areas, bounds_xywh, pixels_in_box

MIN_OVERLAP = 0.1


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of detection ``d``: ``start[d]`` to ``start[d + 1]``, truths rising.

    ``truth`` counts from the first truth of the image, so that the pairs of an image can be moved.
    """

    start: Ints
    truth: Ints
    iou: Floats


def box_overlaps(arranged: Arranged, *, regions: MaskTable | None = None) -> Overlaps:
    """Overlaps of boxes (``bbIou`` of COCO, to the bit).

    Args:
        arranged: Samples in evaluation order.
        regions: Exact outlines of the ignore regions, in input order; without them a region is
            its box.
    """
    overlaps = _overlaps(arranged, None)
    return overlaps if regions is None else _with_outlines(arranged, overlaps, regions)


def mask_overlaps(arranged: Arranged, truths: MaskTable, detections: MaskTable) -> Overlaps:
    """Overlaps of masks given in evaluation order (``rleIou`` of COCO, to the bit)."""
    return _overlaps(arranged, (truths, detections))


def _overlaps(arranged: Arranged, masks: tuple[MaskTable, MaskTable] | None) -> Overlaps:
    no_code, no_start = np.zeros(0, np.uint32), np.zeros(1, np.int64)
    codes = (no_code, no_start, no_code, no_start)
    truth_boxes, det_boxes = arranged.truth_boxes, arranged.det_boxes
    truth_area = truth_boxes[:, 2] * truth_boxes[:, 3]
    det_area = det_boxes[:, 2] * det_boxes[:, 3]
    if masks is not None:
        _same_sizes(arranged, *masks)
        truths, found = masks
        codes = (found.counts, found.starts, truths.counts, truths.starts)
        truth_boxes, det_boxes = bounds_xywh(truths), bounds_xywh(found)
        truth_area, det_area = areas(truths), areas(found)
    start, truth, iou = _all_pairs(
        (arranged.det_start, arranged.det_label, det_boxes, det_area),
        (arranged.truth_start, arranged.truth_label, truth_boxes, truth_area, arranged.truth_crowd),
        masks is not None,
        codes,
    )
    return Overlaps(start, truth, iou)


def _with_outlines(arranged: Arranged, overlaps: Overlaps, regions: MaskTable) -> Overlaps:
    """Measure each detection against the outline of a region instead of its box."""
    first_region = arranged.truth_source.size - len(regions)
    owner = np.repeat(np.arange(arranged.score.size), np.diff(overlaps.start))
    truth = (
        overlaps.truth + np.repeat(arranged.truth_start[:-1], np.diff(arranged.det_start))[owner]
    )
    iou = overlaps.iou.copy()
    for pair in np.flatnonzero(arranged.truth_label[truth] == ANY_LABEL):
        x, y, w, h = arranged.det_boxes[owner[pair]]
        row = int(arranged.truth_source[truth[pair]]) - first_region
        inside = pixels_in_box(regions, row, np.array([x, y, x + w, y + h]))
        iou[pair] = min(1.0, inside / (w * h))
    kept = iou >= MIN_OVERLAP
    start = np.concatenate([[0], np.cumsum(kept)])[overlaps.start]
    return Overlaps(start.astype(np.int64), overlaps.truth[kept], iou[kept])


def _same_sizes(arranged: Arranged, truths: MaskTable, detections: MaskTable) -> None:
    sizes = np.full((arranged.images, 2), -1, np.int64)
    for image, masks in ((arranged.truth_image(), truths), (arranged.det_image(), detections)):
        shape = np.stack([masks.heights, masks.widths], axis=1)
        known = sizes[image]
        if ((known >= 0) & (known != shape)).any():
            raise ValueError("masks of one image differ in size")
        sizes[image] = shape
        if (sizes[image] != shape).any():
            raise ValueError("masks of one image differ in size")


@inlined
def _box_intersection(first: Floats, i: int, second: Floats, j: int) -> float:
    width = min(first[i, 2] + first[i, 0], second[j, 2] + second[j, 0])
    width -= max(first[i, 0], second[j, 0])
    if width <= 0:
        return 0.0
    height = min(first[i, 3] + first[i, 1], second[j, 3] + second[j, 1])
    height -= max(first[i, 1], second[j, 1])
    if height <= 0:
        return 0.0
    return float(width * height)


@compiled
def _all_pairs(dets: Columns, truths: Columns, exact: bool, codes: Columns) -> Columns:
    det_start, det_label, det_boxes, det_area = dets
    truth_start, truth_label, truth_boxes, truth_area, crowd = truths
    start = np.zeros(det_label.size + 1, np.int64)
    truth_of = np.empty(max(16, 2 * det_label.size), np.int64)
    iou_of = np.empty(truth_of.size, np.float64)
    filled = 0
    for image in range(det_start.size - 1):
        first, last = truth_start[image], truth_start[image + 1]
        for det in range(det_start[image], det_start[image + 1]):
            for truth in range(first, last):
                shared = _box_intersection(det_boxes, det, truth_boxes, truth)
                foreign = truth_label[truth] >= 0 and truth_label[truth] != det_label[det]
                if shared <= 0.0 or (crowd[truth] and foreign):
                    continue
                own, other = det_area[det], 0.0 if crowd[truth] else truth_area[truth]
                if exact:
                    if not _can_reach(min(shared, truth_area[truth]), own, other):
                        continue
                    shared = _shared_pixels(det, truth, codes)
                whole = own + other - (0.0 if crowd[truth] else shared)
                if whole <= 0.0 or shared / whole < MIN_OVERLAP:
                    continue
                if filled == truth_of.size:
                    truth_of = np.concatenate((truth_of, np.empty_like(truth_of)))
                    iou_of = np.concatenate((iou_of, np.empty_like(iou_of)))
                truth_of[filled], iou_of[filled] = truth - first, shared / whole
                filled += 1
            start[det + 1] = filled
    return start, truth_of[:filled].copy(), iou_of[:filled].copy()


@compiled
def _shared_pixels(det: int, truth: int, codes: Columns) -> float:
    det_counts, det_start, truth_counts, truth_start = codes
    return float(
        mask_kernels.intersection(
            det_counts,
            det_start[det],
            det_start[det + 1],
            truth_counts,
            truth_start[truth],
            truth_start[truth + 1],
        )
    )


@inlined
def _can_reach(shared: float, det: float, truth: float) -> bool:
    """Tell from the boxes alone whether two masks can overlap enough (truth 0 for a crowd)."""
    most = min(shared, det)
    return most >= MIN_OVERLAP * (det + max(truth - most, 0.0))
