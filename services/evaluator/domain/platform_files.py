"""The platform's own files in: a snapshot and the stored predictions of a version."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from services.evaluator.domain.coco_records import Kind
from services.evaluator.domain.samples import (
    BadSamples,
    Detections,
    ImageList,
    Ints,
    Regions,
    Samples,
    Truths,
    check,
)
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.shapes import Rle, Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.vision import rotated_boxes
from shared.vision.masks import (
    MaskTable,
    areas,
    bounds_xywh,
    from_polygons,
    from_text,
    table,
)
from shared.vision.tiles import TilePlan

M = TypeVar("M", bound=BaseModel)
JUDGES = "test"  # train teaches, val may teach; only these images judge


@dataclass(frozen=True)
class JudgedVersion:
    """Samples of the held-out images, and what else a report wants to know.

    ``corrected`` holds the samples of corrected images that were predicted but teach: regression
    tests, not part of any figure. Counts are of the whole data set, per label.
    """

    version: str
    snapshot: Snapshot
    samples: Samples
    corrected: Samples | None
    kind: Kind
    annotation_counts: tuple[int, ...]
    elapsed_ms: tuple[float, ...]
    tile_plan: TilePlan | None


def read_version(snapshot: bytes, predictions: bytes) -> JudgedVersion:
    """Put a snapshot and the predictions on it together.

    Raises:
        BadSamples: A file is damaged, an image was predicted twice or is not in the snapshot, or
            what :func:`samples.check` refuses.
    """
    dataset = _parsed(Snapshot, snapshot, "the snapshot")
    stored = _parsed(StoredPredictions, predictions, "the predictions blob")
    known = {image.image_id: image for image in dataset.images}
    unknown = [p.image_id for p in stored.images if p.image_id not in known]
    if unknown:
        raise BadSamples(f"image {unknown[0]} was predicted but is not in the snapshot")
    kind: Kind = "mask" if dataset.task == "instance_segmentation" else "box"
    pairs = [(known[predicted.image_id], predicted) for predicted in stored.images]
    judged = [pair for pair in pairs if pair[0].split == JUDGES]
    watched = [pair for pair in pairs if pair[0].split != JUDGES and pair[0].corrected]
    counts = Counter(shape.label for image in dataset.images for shape in image.shapes)
    plan = stored.tile_plan
    return JudgedVersion(
        version=stored.version,
        snapshot=dataset,
        samples=_samples(dataset.labels, judged, kind),
        corrected=_samples(dataset.labels, watched, kind) if watched else None,
        kind=kind,
        annotation_counts=tuple(counts[label] for label in dataset.labels),
        elapsed_ms=tuple(predicted.elapsed_ms for predicted in stored.images),
        tile_plan=None if plan is None else TilePlan(plan.grid, plan.tile_size, plan.overlap_px),
    )


def _parsed(model: type[M], data: bytes, what: str) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadSamples(f"{what} is damaged: {place}: {first['msg']}") from error


def _samples(
    labels: tuple[str, ...], pairs: list[tuple[SnapshotImage, ImagePredictions]], kind: Kind
) -> Samples:
    index = {label: place for place, label in enumerate(labels)}
    shapes = [
        (place, image, shape)
        for place, (image, _) in enumerate(pairs)
        for shape in image.shapes
        if shape.kind != "image"
    ]
    found = [
        (place, image, detection)
        for place, (image, predicted) in enumerate(pairs)
        for detection in predicted.detections
    ]
    regions = [
        (place, image, region.points)
        for place, (image, _) in enumerate(pairs)
        for region in image.ignore_regions
    ]
    samples = Samples(
        labels=labels,
        images=ImageList(
            ids=tuple(image.image_id for image, _ in pairs),
            widths=np.array([image.width for image, _ in pairs], np.int64),
            heights=np.array([image.height for image, _ in pairs], np.int64),
        ),
        truths=_truths(shapes, index, kind),
        detections=_detections(found, index, kind),
        regions=_regions(regions),
    )
    check(samples)
    return samples


def _truths(
    rows: list[tuple[int, SnapshotImage, Shape]], index: dict[str, int], kind: Kind
) -> Truths:
    masks = None
    if kind == "mask":
        masks = _mask_table([(image, _outline(shape, image)) for _, image, shape in rows])
        boxes, area = bounds_xywh(masks), areas(masks)
    else:
        boxes = np.array([_box(shape, image) for _, image, shape in rows]).reshape(-1, 4)
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


def _detections(
    rows: list[tuple[int, SnapshotImage, Detection]], index: dict[str, int], kind: Kind
) -> Detections:
    corners = np.array([found.box for _, _, found in rows], np.float64).reshape(-1, 4)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    masks = None
    area = boxes[:, 2] * boxes[:, 3]
    if kind == "mask":
        masks = _mask_table([(image, _predicted(found, image)) for _, image, found in rows])
        boxes, area = bounds_xywh(masks), areas(masks)
    return Detections(
        image=_column([place for place, _, _ in rows]),
        label=_column([index.get(found.label, -1) for _, _, found in rows]),
        boxes_xywh=boxes,
        score=np.array([found.score for _, _, found in rows], np.float64),
        area=area,
        masks=masks,
    )


def _regions(rows: Sequence[tuple[int, SnapshotImage, Sequence[tuple[float, float]]]]) -> Regions:
    if not rows:
        return Regions()
    masks = _mask_table(
        [(image, _filled(list(chain.from_iterable(points)), image)) for _, image, points in rows]
    )
    return Regions(_column([place for place, _, _ in rows]), bounds_xywh(masks), masks)


def _mask_table(rows: list[tuple[SnapshotImage, NDArray[np.uint32]]]) -> MaskTable:
    try:
        return table([code for _, code in rows], [(image.height, image.width) for image, _ in rows])
    except ValueError as error:
        raise BadSamples(str(error)) from error


def _box(shape: Shape, image: SnapshotImage) -> list[float]:
    """Upright box ``x, y, w, h`` around a shape."""
    if shape.kind == "mask":
        mask = _mask_table([(image, _decoded(shape.rle, image))])
        around: list[float] = bounds_xywh(mask)[0].tolist()
        return around
    points = np.array(_corners(shape), np.float64).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]


def _corners(shape: Shape) -> list[float]:
    """Outline as ``[x1, y1, …]``; a box has its four corners."""
    if shape.kind in ("box", "rotated_box"):
        bounds = np.array([shape.bounds()])
        turned = rotated_boxes.from_wire(bounds, [shape.angle or 0.0])
        outline: list[float] = rotated_boxes.corners(turned)[0].ravel().tolist()
        return outline
    return list(chain.from_iterable(shape.points))


def _outline(shape: Shape, image: SnapshotImage) -> NDArray[np.uint32]:
    if shape.kind == "mask":
        return _decoded(shape.rle, image)
    return _filled(_corners(shape), image)


def _filled(outline: Sequence[float], image: SnapshotImage) -> NDArray[np.uint32]:
    try:
        return from_polygons([outline], image.height, image.width)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def _predicted(found: Detection, image: SnapshotImage) -> NDArray[np.uint32]:
    if found.rle is None:
        raise BadSamples("a predicted object carries no mask")
    return _decoded(found.rle, image)


def _decoded(rle: Rle | None, image: SnapshotImage) -> NDArray[np.uint32]:
    if rle is None or rle.size != (image.height, image.width):
        raise BadSamples(f"a mask and its image {image.image_id} differ in size")
    try:
        return from_text(rle.counts)
    except ValueError as error:
        raise BadSamples(f"image {image.image_id}: {error}") from error


def _column(values: list[int]) -> Ints:
    return np.array(values, np.int64)
