"""The platform's own files in: a snapshot and the stored predictions of a version."""

from collections import Counter
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.objects.borrowed_engines import RotatedObjects
from services.evaluator.domain.objects.samples import (
    Detections,
    ImageList,
    Regions,
    Samples,
    Truths,
    check,
)
from services.evaluator.domain.readers import task_files
from services.evaluator.domain.readers.coco_records import Kind
from services.evaluator.domain.readers.platform_shapes import (
    found_box,
    found_mask,
    found_rotated_box,
    mask_table,
    outline,
    polygon,
    rotated_box,
    upright_box,
)
from services.evaluator.domain.readers.task_files import Pair
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
    Version,
)
from shared.contracts.predictions import Detection, StoredPredictions
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.vision.masks import areas, bounds_xywh
from shared.vision.tiles import TilePlan

M = TypeVar("M", bound=BaseModel)
Drawn = list[tuple[int, SnapshotImage, Shape]]
Found = list[tuple[int, SnapshotImage, Detection]]
JUDGES = "test"  # train teaches, val may teach; only these images judge


def read_version(snapshot: bytes, predictions: bytes) -> Version:
    """Put a snapshot and the predictions on it together, by the task of the snapshot.

    Raises:
        BadSamples: A file is damaged or of an unknown task, an image was predicted twice or is not
            in the snapshot, or what the task's reader refuses.
    """
    dataset = _parsed(Snapshot, snapshot, "the snapshot")
    stored = _parsed(StoredPredictions, predictions, "the predictions blob")
    known = {image.image_id: image for image in dataset.images}
    unknown = [p.image_id for p in stored.images if p.image_id not in known]
    if unknown:
        raise BadSamples(f"image {unknown[0]} was predicted but is not in the snapshot")
    pairs = [(known[predicted.image_id], predicted) for predicted in stored.images]
    judged = [pair for pair in pairs if pair[0].split == JUDGES]
    watched = [pair for pair in pairs if pair[0].split != JUDGES and pair[0].corrected]
    counts = Counter(shape.label for image in dataset.images for shape in image.shapes)
    facts: dict[str, Any] = {
        "version": stored.version,
        "snapshot": dataset,
        "image_ids": tuple(image.image_id for image, _ in judged),
        "annotation_counts": tuple(counts[label] for label in dataset.labels),
        "elapsed_ms": tuple(predicted.elapsed_ms for predicted in stored.images),
    }
    if dataset.task == "classification":
        return ClassifiedVersion(**facts, classified=task_files.classified(dataset.labels, judged))
    if dataset.task == "semantic_segmentation":
        return SegmentedVersion(**facts, tally=task_files.segmented(dataset.labels, judged))
    if dataset.task == "ocr":
        return ReadVersion(**facts, **_lines(judged))
    return JudgedVersion(**facts, **_objects(dataset, judged, watched))


def _parsed(model: type[M], data: bytes, what: str) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadSamples(f"{what} is damaged: {place}: {first['msg']}") from error


def _lines(judged: list[Pair]) -> dict[str, Any]:
    samples, truth_texts, found_texts = task_files.read_lines(judged)
    return {"samples": samples, "truth_texts": truth_texts, "found_texts": found_texts}


def _objects(dataset: Snapshot, judged: list[Pair], watched: list[Pair]) -> dict[str, Any]:
    kind: Kind = "mask" if dataset.task == "instance_segmentation" else "box"
    plan = dataset.tile_plan
    return {
        "samples": _samples(dataset.labels, judged, kind),
        "corrected": _samples(dataset.labels, watched, kind) if watched else None,
        "kind": kind,
        "tile_plan": None if plan is None else TilePlan(plan.grid, plan.tile_size, plan.overlap_px),
        "rotated": _rotated(dataset.labels, judged) if kind == "box" else None,
    }


def _samples(labels: tuple[str, ...], pairs: list[Pair], kind: Kind) -> Samples:
    index = {label: place for place, label in enumerate(labels)}
    regions = [
        (place, image, region.points)
        for place, (image, _) in enumerate(pairs)
        for region in image.ignore_regions
    ]
    region_masks = mask_table((image, polygon(points, image)) for _, image, points in regions)
    places = _column([place for place, _, _ in regions])
    samples = Samples(
        labels=labels,
        images=ImageList(
            ids=tuple(image.image_id for image, _ in pairs),
            widths=np.array([image.width for image, _ in pairs], np.int64),
            heights=np.array([image.height for image, _ in pairs], np.int64),
        ),
        truths=_truths(_drawn(pairs), index, kind),
        detections=_detections(_found(pairs), index, kind),
        regions=Regions(places, bounds_xywh(region_masks), region_masks) if regions else Regions(),
    )
    check(samples)
    return samples


def _drawn(pairs: list[Pair]) -> Drawn:
    return [
        (place, image, shape)
        for place, (image, _) in enumerate(pairs)
        for shape in image.shapes
        if shape.kind != "image"
    ]


def _found(pairs: list[Pair]) -> Found:
    return [
        (place, image, detection)
        for place, (image, predicted) in enumerate(pairs)
        for detection in predicted.detections
    ]


def _truths(rows: Drawn, index: dict[str, int], kind: Kind) -> Truths:
    masks = None
    if kind == "mask":
        masks = mask_table((image, outline(shape, image)) for _, image, shape in rows)
        boxes, area = bounds_xywh(masks), areas(masks)
    else:
        boxes = np.array([upright_box(shape, image) for _, image, shape in rows]).reshape(-1, 4)
        area = boxes[:, 2] * boxes[:, 3]
    return Truths(
        image=_column([place for place, _, _ in rows]),
        label=_column([index.get(shape.label, -1) for _, _, shape in rows]),
        boxes_xywh=boxes,
        area=area,
        crowd=np.zeros(len(rows), np.bool_),
        masks=masks,
        ids=tuple(shape.id for _, _, shape in rows),
    )


def _detections(rows: Found, index: dict[str, int], kind: Kind) -> Detections:
    boxes = np.array([found_box(found) for _, _, found in rows], np.float64).reshape(-1, 4)
    masks = None
    area = boxes[:, 2] * boxes[:, 3]
    if kind == "mask":
        masks = mask_table((image, found_mask(found, image)) for _, image, found in rows)
        boxes, area = bounds_xywh(masks), areas(masks)
    return Detections(
        image=_column([place for place, _, _ in rows]),
        label=_column([index.get(found.label, -1) for _, _, found in rows]),
        boxes_xywh=boxes,
        score=np.array([found.score for _, _, found in rows], np.float64),
        area=area,
        masks=masks,
    )


def _rotated(
    labels: tuple[str, ...], pairs: list[Pair]
) -> tuple[RotatedObjects, RotatedObjects] | None:
    """Truths and detections with their angles; None where no truth has one."""
    index = {label: place for place, label in enumerate(labels)}
    drawn, found = _drawn(pairs), _found(pairs)
    if not any(shape.kind == "rotated_box" for _, _, shape in drawn):
        return None
    truths = RotatedObjects(
        _column([place for place, _, _ in drawn]),
        _column([index[shape.label] for _, _, shape in drawn]),
        np.array([rotated_box(shape, image) for _, image, shape in drawn]).reshape(-1, 5),
    )
    detections = RotatedObjects(
        _column([place for place, _, _ in found]),
        _column([index[detection.label] for _, _, detection in found]),
        np.array([found_rotated_box(detection) for _, _, detection in found]).reshape(-1, 5),
        np.array([detection.score for _, _, detection in found], np.float64),
    )
    return truths, detections


def _column(values: list[int]) -> Ints:
    return np.array(values, np.int64)
