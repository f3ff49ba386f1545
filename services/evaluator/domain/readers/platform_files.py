"""The platform's own files in: a snapshot and the stored predictions of a version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.objects.borrowed_engines import RotatedObjects
from services.evaluator.domain.objects.samples import (
    Detections,
    Regions,
    Samples,
    Truths,
    check,
)
from services.evaluator.domain.readers import task_files
from services.evaluator.domain.readers.dataset import Shape, TruthImage, read_dataset
from services.evaluator.domain.readers.pairs import Pairs, pairs_of
from services.evaluator.domain.readers.platform_shapes import (
    around_turned,
    in_radians,
    mask_table,
    outline,
    polygon,
    rotated_rows,
    upright_boxes,
)
from services.evaluator.domain.readers.predictions import read_predictions
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
    TaskVersion,
)
from shared.contracts.shapes import Task
from shared.vision.masks import MaskTable, areas, bounds_xywh, joined

IMAGES_AT_ONCE = 500  # whose shapes stand in memory

Drawn = Sequence[tuple[TruthImage, Shape]]
Measures = TypeVar("Measures")


def read_version(snapshot: bytes, predictions: bytes) -> TaskVersion:
    """Put a snapshot and the predictions on it together, by the task of the snapshot.

    Raises:
        BadSamples: A file is damaged or of an unknown task, an image was predicted twice or is not
            in the snapshot, or what the task's reader refuses.
    """
    dataset = read_dataset(snapshot)
    found = read_predictions(predictions, dataset)
    predicted = [dataset.images[name] for name in found.header.image_ids]
    judged = pairs_of(dataset, found, [k for k, one in enumerate(predicted) if one.judges])
    facts: dict[str, Any] = {
        "version": found.header.version,
        "dataset": replace(dataset, drawn={}),  # what is drawn is in the samples by then
        "image_ids": judged.found.header.image_ids,
        "elapsed_ms": tuple(found.elapsed_ms.tolist()),
    }
    watched = [k for k, one in enumerate(predicted) if one.corrected and not one.judges]
    corrected = pairs_of(dataset, found, watched) if watched else None
    return READERS[dataset.task](facts, judged, corrected)


def _classified(facts: dict[str, Any], judged: Pairs, _: Pairs | None) -> TaskVersion:
    return ClassifiedVersion(**facts, classified=task_files.classified(judged))


def _segmented(facts: dict[str, Any], judged: Pairs, _: Pairs | None) -> TaskVersion:
    return SegmentedVersion(**facts, tally=task_files.segmented(judged))


def _read(facts: dict[str, Any], judged: Pairs, _: Pairs | None) -> TaskVersion:
    samples, truth_texts, found_texts = task_files.read_lines(judged)
    return ReadVersion(**facts, samples=samples, truth_texts=truth_texts, found_texts=found_texts)


def _boxed(facts: dict[str, Any], judged: Pairs, watched: Pairs | None) -> TaskVersion:
    samples, rotated = _box_samples(judged)
    return JudgedVersion(
        **facts,
        samples=samples,
        corrected=None if watched is None else _box_samples(watched)[0],
        kind="box",
        rotated=rotated,
    )


def _outlined(facts: dict[str, Any], judged: Pairs, watched: Pairs | None) -> TaskVersion:
    return JudgedVersion(
        **facts,
        samples=_mask_samples(judged),
        corrected=None if watched is None else _mask_samples(watched),
        kind="mask",
        rotated=None,
    )


READERS: dict[Task, Callable[[dict[str, Any], Pairs, Pairs | None], TaskVersion]] = {
    "classification": _classified,
    "detection": _boxed,
    "instance_segmentation": _outlined,
    "semantic_segmentation": _segmented,
    "ocr": _read,
}


@dataclass(frozen=True, slots=True)
class _Truths:
    """What is drawn on some images: columns that boxes and masks share."""

    image: Ints
    label: Ints
    ids: tuple[str, ...]
    any_rotated: bool


def _box_samples(pairs: Pairs) -> tuple[Samples, tuple[RotatedObjects, RotatedObjects] | None]:
    """Boxes around shapes and predictions; both with their angles where a truth has one."""
    known, parts, regions = _drawn(pairs, _boxes)
    boxes, turned_boxes = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = pairs.found.columns
    angles = (
        found["angle"].astype(np.float64)
        if "angle" in found
        else np.full(len(found["box"]), np.nan)
    )
    around = _upright(found["box"], angles)
    columns = _found_columns(pairs)
    samples = Samples(
        labels=pairs.dataset.labels,
        images=pairs.images(),
        truths=Truths(
            image=known.image,
            label=known.label,
            boxes_xywh=boxes,
            area=boxes[:, 2] * boxes[:, 3],
            crowd=np.zeros(len(boxes), np.bool_),
            ids=known.ids,
        ),
        detections=Detections(**columns, boxes_xywh=around, area=around[:, 2] * around[:, 3]),
        regions=regions,
    )
    check(samples)
    if not known.any_rotated:
        return samples, None
    turned = in_radians(found["box"].astype(np.float64), np.nan_to_num(angles))
    return samples, (
        RotatedObjects(known.image, known.label, turned_boxes),
        RotatedObjects(columns["image"], columns["label"], turned, columns["score"]),
    )


def _upright(corners_xyxy: Floats, angles_deg: Floats) -> Floats:
    out = corners_xyxy.astype(np.float64)
    turned = ~np.isnan(angles_deg)
    out[turned] = around_turned(out[turned], angles_deg[turned])
    out[:, 2:] -= out[:, :2]
    return out


def _mask_samples(pairs: Pairs) -> Samples:
    """Outlines of shapes and predictions."""
    known, parts, regions = _drawn(pairs, _outlines)
    drawn = joined(parts)
    found = pairs.masks()
    samples = Samples(
        labels=pairs.dataset.labels,
        images=pairs.images(),
        truths=Truths(
            image=known.image,
            label=known.label,
            boxes_xywh=bounds_xywh(drawn),
            area=areas(drawn),
            crowd=np.zeros(len(drawn), np.bool_),
            masks=drawn,
            ids=known.ids,
        ),
        detections=Detections(
            **_found_columns(pairs), boxes_xywh=bounds_xywh(found), area=areas(found), masks=found
        ),
        regions=regions,
    )
    check(samples)
    return samples


def _found_columns(pairs: Pairs) -> dict[str, Any]:
    return {
        "image": pairs.found.row_image(),
        "label": pairs.found_labels(),
        "score": pairs.found.columns["score"].astype(np.float64),
    }


def _boxes(rows: Drawn) -> tuple[Floats, Floats]:
    upright = upright_boxes(rows)
    return upright, rotated_rows(rows, upright)


def _outlines(rows: Drawn) -> MaskTable:
    return mask_table([(image, outline(shape, image)) for image, shape in rows])


def _drawn(
    pairs: Pairs, measure: Callable[[Drawn], Measures]
) -> tuple[_Truths, list[Measures], Regions]:
    """What is drawn, measured some images at a time, and where nothing counts.

    All shapes at once would leave Python's memory in pieces, a hundred megabytes of 200,000.
    """
    index = {label: place for place, label in enumerate(pairs.dataset.labels)}
    measures: list[Measures] = []
    places: list[int] = []
    labels: list[int] = []
    ids: list[str] = []
    any_rotated = False
    regions: list[tuple[TruthImage, Any]] = []
    of_region: list[int] = []
    for first in range(0, max(len(pairs.chosen), 1), IMAGES_AT_ONCE):
        rows: list[tuple[TruthImage, Shape]] = []
        for place, known in enumerate(pairs.chosen[first : first + IMAGES_AT_ONCE], start=first):
            image = pairs.dataset.read(known.image_id)
            shapes = [shape for shape in image.shapes if shape.kind != "image"]
            rows += [(image, shape) for shape in shapes]
            places += [place] * len(shapes)
            regions += [(image, polygon(region.points, image)) for region in image.ignore_regions]
            of_region += [place] * len(image.ignore_regions)
        labels += [index.get(shape.label, -1) for _, shape in rows]
        ids += [shape.id for _, shape in rows]
        any_rotated = any_rotated or any(shape.kind == "rotated_box" for _, shape in rows)
        measures.append(measure(rows))
    truths = _Truths(
        np.array(places, np.int64), np.array(labels, np.int64), tuple(ids), any_rotated
    )
    if not regions:
        return truths, measures, Regions()
    masks = mask_table(regions)
    return truths, measures, Regions(np.array(of_region, np.int64), bounds_xywh(masks), masks)
