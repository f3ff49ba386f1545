"""Builders of the evaluator's tests: samples, snapshots and predictions."""

from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from services.evaluator.domain.objects.samples import (
    ImageList,
    Samples,
    detections_from,
    truths_from,
)
from services.evaluator.domain.report.tree.reports import AnyReport, to_json
from shared.contracts.predictions import Detection, ImagePredictions, StoredPredictions
from shared.contracts.shapes import Shape
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.vision.masks import MaskTable, areas, bounds_xywh, from_dense, table

SIDE = 200


def read(report: AnyReport) -> dict[str, Any]:
    """A report as those read it who get its JSON."""
    document: dict[str, Any] = orjson.loads(to_json(report))
    return document


def samples(
    truths: list[tuple[int, int, tuple[float, ...]]],
    found: list[tuple[int, int, tuple[float, ...], float]],
    *,
    images: int = 1,
    labels: tuple[str, ...] = ("pit", "scratch"),
) -> Samples:
    """Samples from rows (image, label, (x, y, w, h)) and the same with a score."""
    return Samples(
        labels=labels,
        images=ImageList(
            tuple(f"i{k}" for k in range(images)), np.full(images, SIDE), np.full(images, SIDE)
        ),
        truths=truths_from(
            np.array([row[0] for row in truths], np.int64),
            np.array([row[1] for row in truths], np.int64),
            np.array([row[2] for row in truths], np.float64).reshape(-1, 4),
        ),
        detections=detections_from(
            np.array([row[0] for row in found], np.int64),
            np.array([row[1] for row in found], np.int64),
            np.array([row[2] for row in found], np.float64).reshape(-1, 4),
            score=np.array([row[3] for row in found], np.float64),
        ),
    )


def random_samples(
    *,
    seed: int = 0,
    images: int = 40,
    labels: int = 3,
    skill: float = 0.75,
    per_image: int = 5,
) -> Samples:
    """A model that finds a share ``skill`` of the truths, mixes up labels and invents objects."""
    r = np.random.default_rng(seed)
    truths: list[Any] = []
    found: list[Any] = []
    for image in range(images):
        for _ in range(int(r.integers(0, per_image + 1))):
            label = int(r.integers(labels))
            x, y, w, h = (float(v) for v in (*r.uniform(0, 150, 2), *r.uniform(10, 45, 2)))
            truths.append((image, label, (x, y, w, h)))
            if r.random() < skill:
                shown = label if r.random() < 0.9 else int(r.integers(labels))
                box = tuple(float(v) for v in np.array([x, y, w, h]) + r.normal(0, 1.5, 4))
                found.append((image, shown, (*box[:2], abs(box[2]), abs(box[3])), _score(r, 5, 2)))
        for _ in range(int(r.integers(0, 3))):
            box = (*r.uniform(0, 150, 2), *r.uniform(10, 45, 2))
            found.append((image, int(r.integers(labels)), tuple(map(float, box)), _score(r, 2, 4)))
    names = tuple(f"label {k}" for k in range(labels))
    return samples(truths, found, images=images, labels=names)


def with_masks(given: Samples) -> Samples:
    """The same objects as ellipses inside their boxes."""

    def drawn(boxes: np.ndarray) -> MaskTable:
        rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
        codes = []
        for x, y, w, h in boxes.tolist():
            inside = ((columns - x - w / 2) / (w / 2)) ** 2 + ((rows - y - h / 2) / (h / 2)) ** 2
            codes.append(from_dense(inside <= 1))
        return table(codes, [(SIDE, SIDE)] * len(codes))

    def outlined(rows: Any) -> Any:
        masks = drawn(rows.boxes_xywh)
        return replace(rows, masks=masks, boxes_xywh=bounds_xywh(masks), area=areas(masks))

    return replace(given, truths=outlined(given.truths), detections=outlined(given.detections))


def _score(r: np.random.Generator, a: float, b: float) -> float:
    return float(np.round(r.beta(a, b), 3))


def version_files(
    *, seed: int = 0, name: str = "V1", skill: float = 0.75, images: int = 40
) -> tuple[bytes, bytes]:
    """A snapshot manifest and the stored predictions of one version on its test images."""
    drawn = random_samples(seed=seed, skill=skill, images=images)
    shapes: dict[int, list[Shape]] = {}
    for row in range(len(drawn.truths)):
        x, y, w, h = drawn.truths.boxes_xywh[row].tolist()
        image = int(drawn.truths.image[row])
        label = drawn.labels[int(drawn.truths.label[row])]
        shapes.setdefault(image, []).append(
            Shape(id=f"s{row}", label=label, kind="box", points=((x, y), (x + w, y + h)))
        )
    pictures = tuple(
        SnapshotImage(
            image_id=f"i{k}",
            name=f"part-{k}.jpg",
            blob_key=f"t/default/{k:04d}",
            width=SIDE,
            height=SIDE,
            split="test",
            group=f"g{k}",
            shapes=tuple(shapes.get(k, ())),
            corrected=k % 10 == 0,
        )
        for k in range(images)
    )
    snapshot = Snapshot(
        project_id="p1",
        task="detection",
        labels=drawn.labels,
        images=pictures,
        dataset_hash="abc123",
    )
    found: dict[int, list[Detection]] = {}
    for row in range(len(drawn.detections)):
        x, y, w, h = drawn.detections.boxes_xywh[row].tolist()
        found.setdefault(int(drawn.detections.image[row]), []).append(
            Detection(
                label=drawn.labels[int(drawn.detections.label[row])],
                score=float(drawn.detections.score[row]),
                box=(x, y, x + w, y + h),
            )
        )
    stored = StoredPredictions(
        version=name,
        labels=drawn.labels,
        threshold=0.01,
        images=tuple(
            ImagePredictions(image_id=f"i{k}", detections=tuple(found.get(k, ())), elapsed_ms=20.0)
            for k in range(images)
        ),
    )
    return snapshot.model_dump_json().encode(), stored.model_dump_json().encode()
