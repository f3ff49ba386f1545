"""Seeded hard COCO data sets: crowds, empty images, ties, degenerate boxes, sizes at limits."""

from typing import Any

import numpy as np
import pycocotools.mask as coco_mask

SIZE = 64


def hard_case(seed: int, *, kind: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One data set and its results; small numbers on a coarse grid make ties and equal overlaps."""
    r = np.random.default_rng(seed)
    images = int(r.integers(1, 6))
    labels = int(r.integers(1, 4))
    truths: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        for _ in range(int(r.integers(0, 7)) if r.random() > 0.15 else 0):
            box = _box(r)
            truths.append(
                {
                    "id": len(truths) + 1,
                    "image_id": image,
                    "category_id": int(r.integers(1, labels + 1)) * 10,
                    "bbox": box,
                    "area": float(box[2] * box[3] * r.choice([1.0, 0.7, 4.0])),
                    "iscrowd": int(r.random() < 0.15),
                    **({"segmentation": _segmentation(r, box)} if kind == "mask" else {}),
                }
            )
    results = [_result(r, truths, images, labels, kind) for _ in range(int(r.integers(0, 40)))]
    if not results:
        results = [_result(r, truths, images, labels, kind)]
    dataset = {
        "images": [{"id": i, "width": SIZE, "height": SIZE} for i in range(1, images + 1)],
        "categories": [{"id": k * 10, "name": f"label {k}"} for k in range(1, labels + 1)],
        "annotations": truths,
    }
    return dataset, results


def _box(r: np.random.Generator) -> list[float]:
    x, y = (float(v) for v in r.integers(0, 40, 2))
    w, h = (float(v) for v in r.integers(0, 24, 2))
    if r.random() < 0.3:
        x, y, w, h = x + r.random(), y + r.random(), w * r.random(), h * r.random()
    if r.random() < 0.1:
        w = h = 32.0  # exactly COCO's small / medium limit
    return [x, y, w, h]


def _segmentation(r: np.random.Generator, box: list[float]) -> Any:
    x, y, w, h = box
    ring = [x, y, x + w, y, x + w, y + h, x, y + h]
    style = r.integers(0, 3)
    if style == 0:
        return [ring]
    if style == 1:
        return [ring, [x, y, x + w / 2, y + h, x + w, y]]
    pixels = np.zeros((SIZE, SIZE), np.uint8, order="F")
    part = pixels[int(y) : int(y + h), int(x) : int(x + w)]
    part[:] = r.random((part.shape[0], 1)) < 0.8
    code = coco_mask.encode(pixels)
    return {"size": code["size"], "counts": code["counts"].decode()}


def _result(
    r: np.random.Generator, truths: list[dict[str, Any]], images: int, labels: int, kind: str
) -> dict[str, Any]:
    image, label, box = int(r.integers(1, images + 1)), int(r.integers(1, labels + 1)) * 10, _box(r)
    if truths and r.random() < 0.75:
        truth = truths[int(r.integers(len(truths)))]
        image, label = truth["image_id"], truth["category_id"] if r.random() < 0.8 else label
        moved = np.array(truth["bbox"]) + r.integers(-2, 3, 4)
        box = [float(v) for v in np.maximum(moved, 0)] if r.random() < 0.7 else list(truth["bbox"])
    out = {
        "image_id": image,
        "category_id": label,
        "score": float(r.integers(0, 11)) / 10,
    }
    if kind == "box":
        return out | {"bbox": box}
    segmentation = _segmentation(r, box)
    if isinstance(segmentation, list):
        code = coco_mask.merge(coco_mask.frPyObjects(segmentation, SIZE, SIZE))
        segmentation = {"size": code["size"], "counts": code["counts"].decode()}
    return out | {"segmentation": segmentation}
