"""Seeded detections of many images, as arrays and as COCO JSON, for the evaluation benchmarks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from services.evaluator.domain.objects.samples import (
    Detections,
    ImageList,
    Samples,
    Truths,
    detections_from,
    truths_from,
)
from shared.vision.masks import areas, bounds_xywh, from_polygons, table, to_text

WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True)
class Work:
    """How much: images, labels, truths and detections per image."""

    name: str
    images: int
    labels: int
    truths: float
    detections: float
    masks: bool = False


WORKS = {
    work.name: work
    for work in (
        Work("boxes-large", 5000, 80, 7, 50),
        Work("boxes-industrial", 2000, 9, 12, 60),
        Work("masks", 1000, 80, 7, 20, masks=True),
        Work("masks-industrial", 1000, 9, 12, 30, masks=True),
    )
}


def draw(work: Work, *, seed: int = 0) -> Samples:
    """Most detections are moved truths, some of a wrong label; the rest lie anywhere."""
    r = np.random.default_rng(seed)
    per_image = r.poisson(work.truths, work.images)
    image, count = np.repeat(np.arange(work.images), per_image), int(per_image.sum())
    label = r.integers(0, work.labels, count)
    boxes = np.concatenate(
        [r.uniform(0, [WIDTH - 120, HEIGHT - 120], (count, 2)), r.uniform(8, 110, (count, 2))], 1
    )
    found_per_image = r.poisson(work.detections, work.images)
    found_image, found = np.repeat(np.arange(work.images), found_per_image), found_per_image.sum()
    first = np.concatenate([[0], np.cumsum(per_image)])
    some = np.maximum(per_image[found_image], 1)
    target = np.minimum(first[found_image] + (r.random(found) * some).astype(int), count - 1)
    near = (r.random(found) < 0.6) & (per_image[found_image] > 0)
    anywhere = np.concatenate(
        [r.uniform(0, [WIDTH - 120, HEIGHT - 120], (found, 2)), r.uniform(8, 110, (found, 2))], 1
    )
    moved = np.where(near[:, None], boxes[target] + r.normal(0, 4, (found, 4)), anywhere)
    moved[:, :2] = np.clip(moved[:, :2], 0, [WIDTH - 2, HEIGHT - 2])
    moved[:, 2:] = np.clip(moved[:, 2:], 1, [WIDTH, HEIGHT] - moved[:, :2])
    right = near & (r.random(found) < 0.9)
    found_label = np.where(right, label[target], r.integers(0, work.labels, found))
    score = np.round(np.where(near, r.beta(4, 2, found), r.beta(2, 4, found)), 4)
    truths = truths_from(image, label, boxes)
    detections = detections_from(found_image, found_label, moved, score=score)
    if work.masks:
        truths, detections = _with_masks(truths, r), _with_masks(detections, r)
    return Samples(
        labels=tuple(f"label {k}" for k in range(work.labels)),
        images=ImageList(
            tuple(str(k + 1) for k in range(work.images)),
            np.full(work.images, WIDTH),
            np.full(work.images, HEIGHT),
        ),
        truths=truths,
        detections=detections,
    )


def _with_masks(rows: Any, r: np.random.Generator) -> Any:
    """Give each box a blob of twelve corners that fills most of it."""
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    codes = []
    for x, y, w, h in rows.boxes_xywh.tolist():
        radius = r.uniform(0.8, 1.0, 12)
        xs = x + w / 2 * (1 + radius * np.cos(angle))
        ys = y + h / 2 * (1 + radius * np.sin(angle))
        codes.append(from_polygons([np.stack([xs, ys], 1).ravel().tolist()], HEIGHT, WIDTH))
    masks = table(codes, [(HEIGHT, WIDTH)] * len(codes))
    kept = {"image": rows.image, "label": rows.label, "boxes_xywh": bounds_xywh(masks)}
    if isinstance(rows, Truths):
        return Truths(**kept, area=areas(masks), crowd=rows.crowd, masks=masks)
    return Detections(**kept, score=rows.score, area=areas(masks), masks=masks)


def scored(detections: Detections) -> list[dict[str, Any]]:
    """Detections as a COCO results list."""
    rows = zip(records(detections), detections.score.tolist(), strict=True)
    return [record | {"score": score} for record, score in rows]


def write_coco(samples: Samples, folder: Path) -> tuple[Path, Path]:
    """Write COCO truth and results files."""
    truth, found = folder / "truth.json", folder / "results.json"
    truths, detections = samples.truths, samples.detections
    annotations = [
        record | {"id": row + 1, "area": area, "iscrowd": 0}
        for row, (record, area) in enumerate(
            zip(records(truths), truths.area.tolist(), strict=True)
        )
    ]
    truth.write_bytes(orjson.dumps(dataset(samples) | {"annotations": annotations}))
    results = scored(detections)
    if detections.masks is not None:
        for record in results:
            del record["bbox"]
    found.write_bytes(orjson.dumps(results))
    return truth, found


def dataset(samples: Samples) -> dict[str, Any]:
    """Images and categories of a COCO file."""
    return {
        "info": {},
        "images": [
            {"id": k + 1, "width": WIDTH, "height": HEIGHT, "file_name": f"{k}.jpg"}
            for k in range(len(samples.images.ids))
        ],
        "categories": [{"id": k + 1, "name": name} for k, name in enumerate(samples.labels)],
    }


def records(rows: Any) -> list[dict[str, Any]]:
    """Boxes, and masks if there are any, as COCO records without ids and scores."""
    out = [
        {"image_id": image + 1, "category_id": label + 1, "bbox": box}
        for image, label, box in zip(
            rows.image.tolist(), rows.label.tolist(), rows.boxes_xywh.tolist(), strict=True
        )
    ]
    if rows.masks is not None:
        for row, record in enumerate(out):
            counts = to_text(rows.masks.code(row))
            record["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": counts}
    return out
