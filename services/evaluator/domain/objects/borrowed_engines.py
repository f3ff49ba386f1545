"""The two borrowed engines, behind one file: hotcoco for rotated boxes, vernier for boundary AP.

Both are young projects and pinned; why these two metrics and not the rest is in
``docs/decisions/0010-evaluation-engine.md``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import config

from services.evaluator.domain.numbers.columns import BadSamples, Flags, Floats, Ints
from services.evaluator.domain.numbers.ordering import group
from services.evaluator.domain.objects.samples import Samples
from shared.vision.masks import MaskTable

if TYPE_CHECKING:
    from vernier import instance

BOUNDARY_RATIO = 0.02  # width of the band as part of the image diagonal (Cheng et al. 2021)


@dataclass(frozen=True, slots=True)
class RotatedObjects:
    """Rotated boxes ``cx, cy, w, h, angle`` ``(N, 5)``, angle in radians, clockwise."""

    image: Ints
    label: Ints
    boxes: Floats
    score: Floats | None = None


def on_images(rows: RotatedObjects, chosen: Flags) -> RotatedObjects:
    """The rotated boxes on some images only, ``(M,)``."""
    keep = chosen[rows.image]
    score = None if rows.score is None else rows.score[keep]
    return RotatedObjects(rows.image[keep], rows.label[keep], rows.boxes[keep], score)


def rotated_precision(
    truths: RotatedObjects, detections: RotatedObjects, *, images: int, labels: int
) -> tuple[float, float]:
    """Mean AP over IoU 0.50:0.95 and at 0.50 for rotated boxes; nan without truths.

    Raises:
        BadSamples: A number is not finite or a side is negative.
    """
    for rows in (truths, detections):
        if not np.isfinite(rows.boxes).all() or (rows.boxes[:, 2:4] < 0).any():
            raise BadSamples("a rotated box is not finite or has a negative side")
    if not truths.image.size:
        return math.nan, math.nan
    import hotcoco  # loaded with the first rotated box

    truth = hotcoco.COCO(
        {
            "images": [{"id": i + 1, "width": 0, "height": 0} for i in range(images)],
            "categories": [{"id": k + 1, "name": str(k)} for k in range(labels)],
            "annotations": [
                {**record, "id": row + 1, "iscrowd": 0}
                for row, record in enumerate(_rotated_records(truths))
            ],
        }
    )
    if not detections.image.size:
        return 0.0, 0.0
    found = truth.load_res(list(_rotated_records(detections)))
    evaluation = hotcoco.COCOeval(truth, found, "obb")
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray((evaluation.eval or {})["precision"])[:, :, :, 0, -1]
    return _mean_known(precision), _mean_known(precision[0])


def boundary_precision(samples: Samples, *, ratio: float = BOUNDARY_RATIO) -> tuple[float, float]:
    """Mean boundary AP over IoU 0.50:0.95 and at 0.50 (boundary IoU of Cheng et al. 2021).

    An ignore region counts as a crowd of every label.

    Raises:
        BadSamples: The samples carry no masks.
    """
    if samples.truths.masks is None or samples.detections.masks is None:
        raise BadSamples("boundary metrics need masks")
    if not len(samples.truths):
        return math.nan, math.nan
    if not len(samples.detections):
        return 0.0, 0.0
    from vernier import instance  # brings 25 MB, which upright boxes never need

    evaluator = instance.Evaluator(iou=instance.Boundary(ratio))
    summary = evaluator.evaluate(
        mask_dataset(samples), mask_results(samples), num_threads=config.NUMBA_NUM_THREADS
    )
    over_ious, at_half = (math.nan if value < 0 else float(value) for value in summary.stats[:2])
    return over_ious, at_half


def _rotated_records(rows: RotatedObjects) -> Iterable[dict[str, Any]]:
    for row, box in enumerate(rows.boxes.tolist()):
        cx, cy, w, h, _ = box
        record = {
            "image_id": int(rows.image[row]) + 1,
            "category_id": int(rows.label[row]) + 1,
            "obb": box,
            "bbox": [cx - w / 2, cy - h / 2, w, h],
            "area": w * h,
        }
        yield record if rows.score is None else record | {"score": float(rows.score[row])}


def mask_dataset(samples: Samples) -> "instance.CocoDataset":
    """Truths with masks, and ignore regions as crowds of every label."""
    from vernier import instance

    truths, regions, images = samples.truths, samples.regions, samples.images
    labels = len(samples.labels)
    again = np.tile(np.arange(len(regions)), labels)
    rows = len(truths) + again.size
    boxes = np.concatenate([truths.boxes_xywh, regions.boxes_xywh[again]])
    return instance.CocoDataset.from_arrays(
        images={
            "id": np.arange(1, len(images.ids) + 1),
            "width": images.widths.astype(np.int64),
            "height": images.heights.astype(np.int64),
        },
        annotations={
            "id": np.arange(1, rows + 1),
            "image_id": np.concatenate([truths.image, regions.image[again]]) + 1,
            "category_id": np.concatenate(
                [truths.label, np.repeat(np.arange(labels), len(regions))]
            )
            + 1,
            "bbox": boxes,
            "area": np.concatenate([truths.area, boxes[len(truths) :, 2:].prod(axis=1)]),
            "iscrowd": np.concatenate([truths.crowd, np.ones(again.size, np.bool_)]),
            "segmentation": _codes(truths.masks) + _codes(regions.masks) * labels,
        },
        categories=[{"id": k + 1, "name": str(k)} for k in range(labels)],
    )


def mask_results(samples: Samples) -> "list[instance.Detections]":
    """Detections with masks, image by image; those of an image keep their order."""
    found = samples.detections
    codes = _codes(found.masks)
    order, start = group(found.image, len(samples.images.ids))
    out: list[instance.Detections] = []
    for image, (first, last) in enumerate(pairwise(start.tolist())):
        rows = order[first:last]
        if rows.size:
            out.append(
                {
                    "image_id": image + 1,
                    "boxes": found.boxes_xywh[rows],
                    "scores": found.score[rows],
                    "labels": found.label[rows] + 1,
                    "rles": [codes[row] for row in rows.tolist()],
                }
            )
    return out


def _codes(masks: MaskTable | None) -> "list[instance.UncompressedRLE]":
    if masks is None:
        return []
    # One tuple a size: a tuple a mask would set off full garbage collections.
    known: dict[tuple[int, int], tuple[int, int]] = {}
    sizes = zip(masks.heights.tolist(), masks.widths.tolist(), strict=True)
    return [
        {"counts": masks.counts[first:last], "size": known.setdefault(size, size)}
        for (first, last), size in zip(pairwise(masks.starts.tolist()), sizes, strict=True)
    ]


def _mean_known(precision: Floats) -> float:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else math.nan
