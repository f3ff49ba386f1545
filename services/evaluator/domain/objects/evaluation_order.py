"""The one sort of an evaluation: image by image, label by label, best detection first."""

from dataclasses import dataclass, replace

import numpy as np

from services.evaluator.domain.numbers.columns import Flags, Floats, Ints
from services.evaluator.domain.numbers.ordering import group, rising_order
from services.evaluator.domain.objects.samples import Detections, Samples
from shared.vision.masks import MaskTable, joined

ANY_LABEL = -1  # label of an ignore region: it swallows detections of every label


@dataclass(frozen=True, slots=True)
class Arranged:
    """Columns in evaluation order.

    Truths (``G``, ignore regions included, label -1) and detections (``D``) are grouped by image;
    ``truth_start`` and ``det_start`` ``(M + 1,)`` say where an image begins. Within an image
    detections are grouped by label and fall in score; ``rank`` is the place in that group.
    ``source`` gives the row in the input (a region: its row after all truths).
    """

    labels: int
    truth_start: Ints
    truth_label: Ints
    truth_boxes: Floats
    truth_area: Floats
    truth_crowd: Flags
    truth_source: Ints
    det_start: Ints
    det_label: Ints
    det_boxes: Floats
    det_area: Floats
    score: Floats
    rank: Ints
    det_source: Ints
    by_score: Ints
    by_label: Ints
    label_start: Ints

    @property
    def images(self) -> int:
        """Return the number of images."""
        return int(self.det_start.size - 1)

    def det_image(self) -> Ints:
        """Image index of each detection, ``(D,)``."""
        return np.repeat(np.arange(self.images), np.diff(self.det_start))

    def truth_image(self) -> Ints:
        """Image index of each truth, ``(G,)``."""
        return np.repeat(np.arange(self.images), np.diff(self.truth_start))

    def by_image(self) -> Ints:
        """Detections image by image as :attr:`det_start` tells, best first, ties as given."""
        order, _ = group(self.det_image()[self.by_score], self.images)
        return self.by_score[order]

    def positives(self) -> Ints:
        """Truths of each label that can be missed, ``(K,)``: no crowd, no region."""
        counted = self.truth_label[~self.truth_crowd]
        return np.bincount(counted, minlength=self.labels).astype(np.int64)


def arrange(samples: Samples, *, max_detections: int = 100, given_away: bool = False) -> Arranged:
    """Sort the samples once for everything that follows.

    Args:
        samples: Checked samples.
        max_detections: Detections kept for each image and label, best first (COCO's maxDets).
        given_away: Whether the detections, boxes alone, may be put into evaluation order in the
            columns of the samples themselves: a million then stand in memory once.
    """
    truths, regions, found = samples.truths, samples.regions, samples.detections
    images, labels = len(samples.images.ids), len(samples.labels)
    truth_image = np.concatenate([truths.image, regions.image])
    truth_order, truth_start = group(truth_image, images)
    region_area = regions.boxes_xywh[:, 2] * regions.boxes_xywh[:, 3]
    swallows = np.ones(len(regions), np.bool_)
    order = _evaluation_order(samples, max_detections)
    if given_away and order.rows.size == len(found):
        for column in (found.image, found.label, found.boxes_xywh, found.score, found.area):
            column[:] = column[order.rows]
        order = replace(order, rows=np.arange(len(found)))
    else:
        found = _rows_of(found, order.rows)
    det_image, det_label = found.image, found.label
    _, det_start = group(det_image, images)
    by_score = order.by_score
    by_label, label_start = group(det_label[by_score], labels)
    return Arranged(
        labels=labels,
        truth_start=truth_start,
        truth_label=np.concatenate([truths.label, np.full(len(regions), ANY_LABEL)])[truth_order],
        truth_boxes=np.concatenate([truths.boxes_xywh, regions.boxes_xywh])[truth_order],
        truth_area=np.concatenate([truths.area, region_area])[truth_order],
        truth_crowd=np.concatenate([truths.crowd, swallows])[truth_order],
        truth_source=truth_order,
        det_start=det_start,
        det_label=det_label,
        det_boxes=found.boxes_xywh,
        det_area=found.area,
        score=found.score,
        rank=order.rank,
        det_source=order.rows,
        by_score=by_score,
        by_label=by_score[by_label],
        label_start=label_start,
    )


def _rows_of(found: Detections, rows: Ints) -> Detections:
    """Some detections, without their masks."""
    return Detections(
        image=found.image[rows],
        label=found.label[rows],
        boxes_xywh=found.boxes_xywh[rows],
        score=found.score[rows],
        area=found.area[rows],
    )


def arranged_masks(samples: Samples, arranged: Arranged) -> tuple[MaskTable, MaskTable]:
    """Masks of truths (regions included) and detections in evaluation order.

    Raises:
        ValueError: The samples carry no masks.
    """
    truths, regions, found = samples.truths.masks, samples.regions.masks, samples.detections.masks
    if truths is None or found is None or (len(samples.regions) and regions is None):
        raise ValueError("the samples carry no masks")
    if regions is not None and len(regions):
        truths = joined([truths, regions])
    return truths.take(arranged.truth_source), found.take(arranged.det_source)


@dataclass(frozen=True, slots=True)
class _Order:
    rows: Ints
    rank: Ints
    by_score: Ints


def _evaluation_order(samples: Samples, max_detections: int) -> _Order:
    """One sort by score gives both orders; ties stand by image, then as given, as in COCO."""
    found, labels = samples.detections, len(samples.labels)
    images = len(samples.images.ids)
    by_image, _ = group(found.image, images)
    falling = by_image[rising_order(-found.score[by_image])]
    by_cell, start = group((found.image * labels + found.label)[falling], images * labels)
    rank = np.arange(by_cell.size) - np.repeat(start[:-1], np.diff(start))
    kept = rank < max_detections
    place = np.full(by_cell.size, -1, np.int64)
    place[by_cell[kept]] = np.arange(int(kept.sum()))
    return _Order(falling[by_cell[kept]], rank[kept], place[place >= 0])
