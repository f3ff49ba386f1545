"""The two borrowed engines, behind one file: hotcoco for rotated boxes, vernier for boundary AP.

Both are young projects and pinned; why these two metrics and not the rest is in
``docs/decisions/0010-evaluation-engine.md``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import hotcoco
import numpy as np
import orjson
from vernier import instance

from services.evaluator.domain.samples import BadSamples, Flags, Floats, Ints, Samples
from shared.vision.masks import MaskTable, to_texts

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
    evaluator = instance.Evaluator(iou=instance.Boundary(ratio))
    summary = evaluator.evaluate(dataset_json(samples), results_json(samples))
    stats = [float(value) for value in summary.stats[:2]]
    return tuple(math.nan if value < 0 else value for value in stats)  # type: ignore[return-value]


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


def dataset_json(samples: Samples) -> bytes:
    """Truths with masks as a COCO dataset, ignore regions as crowds of every label."""
    rows = list(_mask_records(samples.truths.image, samples.truths.label, samples.truths.masks))
    for record, crowd, area, box in zip(
        rows,
        samples.truths.crowd.tolist(),
        samples.truths.area.tolist(),
        samples.truths.boxes_xywh.tolist(),
        strict=True,
    ):
        record |= {"iscrowd": int(crowd), "area": area, "bbox": box}
    rows.extend(_region_records(samples))
    sizes = zip(samples.images.widths.tolist(), samples.images.heights.tolist(), strict=True)
    return orjson.dumps(
        {
            "images": [{"id": i + 1, "width": w, "height": h} for i, (w, h) in enumerate(sizes)],
            "categories": [{"id": k + 1, "name": str(k)} for k in range(len(samples.labels))],
            "annotations": [record | {"id": row + 1} for row, record in enumerate(rows)],
        }
    )


def _region_records(samples: Samples) -> Iterable[dict[str, Any]]:
    regions = samples.regions
    if regions.masks is None:
        return
    for label in range(len(samples.labels)):
        labels = np.full(len(regions), label)
        for record, (x, y, w, h) in zip(
            _mask_records(regions.image, labels, regions.masks),
            regions.boxes_xywh.tolist(),
            strict=True,
        ):
            yield record | {"iscrowd": 1, "area": w * h, "bbox": [x, y, w, h]}


def results_json(samples: Samples) -> bytes:
    """Detections with masks as a COCO results list."""
    found = samples.detections
    rows = _mask_records(found.image, found.label, found.masks)
    scores, boxes = found.score.tolist(), found.boxes_xywh.tolist()
    return orjson.dumps(
        [
            record | {"score": score, "bbox": box}
            for record, score, box in zip(rows, scores, boxes, strict=True)
        ]
    )


def _mask_records(image: Ints, label: Ints, masks: MaskTable | None) -> Iterable[dict[str, Any]]:
    if masks is None:
        raise BadSamples("the samples carry no masks")
    sizes = np.stack([masks.heights, masks.widths], axis=1).tolist()
    columns = ((image + 1).tolist(), (label + 1).tolist(), sizes, to_texts(masks))
    for image_id, category_id, size, counts in zip(*columns, strict=True):
        yield {
            "image_id": image_id,
            "category_id": category_id,
            "segmentation": {"size": size, "counts": counts},
        }


def _mean_known(precision: Floats) -> float:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else math.nan
