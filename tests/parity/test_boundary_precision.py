"""Boundary AP against boundary IoU counted on dense pixels (Cheng et al. 2021)."""

import sys
from math import hypot
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pycocotools.mask as coco_mask
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import SIZE, hard_case

from services.evaluator.domain.objects.borrowed_engines import BOUNDARY_RATIO, boundary_precision
from services.evaluator.domain.readers.coco_files import read_coco

THRESHOLDS = np.linspace(0.5, 0.95, 10)


def dense(segmentation: Any) -> np.ndarray:
    if isinstance(segmentation, list):
        segmentation = coco_mask.merge(coco_mask.frPyObjects(segmentation, SIZE, SIZE))
    return np.asarray(coco_mask.decode(segmentation), np.uint8)


def band(pixels: np.ndarray) -> np.ndarray:
    """Pixels within the band's width of the outline; the image border is an outline too."""
    width = max(1, round(BOUNDARY_RATIO * hypot(SIZE, SIZE)))
    padded = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)[1:-1, 1:-1]
    return pixels - inner


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """The lesser of mask IoU and boundary IoU, as the authors' program takes it."""
    pairs = (found, truth), (band(found), band(truth))
    return min(np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1) for a, b in pairs)


def label_ap(truths: list[Any], found: list[Any], floor: float) -> float:
    taken: set[int] = set()
    hits = []
    for result in sorted(found, key=lambda row: -row["score"]):
        chosen, best = None, floor
        for place, truth in enumerate(truths):
            if place in taken or truth["image_id"] != result["image_id"]:
                continue
            value = overlap(result["pixels"], truth["pixels"])
            if value >= best:
                chosen, best = place, value
        hits.append(chosen is not None)
        if chosen is not None:
            taken.add(chosen)
    right = np.cumsum(hits)
    precision = right / np.maximum(np.arange(1, len(hits) + 1), 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(right / len(truths), np.linspace(0, 1, 101), side="left")
    return float(np.mean([envelope[p] if p < len(hits) else 0.0 for p in places]))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_boundary_ap_is_that_of_dense_masks(seed: int) -> None:
    dataset, results = hard_case(seed, kind="mask")
    for record in dataset["annotations"]:
        record["iscrowd"] = 0
    results = [row | {"score": 0.9 - k / 1000} for k, row in enumerate(results)]
    samples = read_coco(orjson.dumps(dataset), orjson.dumps(results), kind="mask")
    truths = [row | {"pixels": dense(row["segmentation"])} for row in dataset["annotations"]]
    found = [row | {"pixels": dense(row["segmentation"])} for row in results]
    expected = []
    for category in dataset["categories"]:
        own = [[r for r in rows if r["category_id"] == category["id"]] for rows in (truths, found)]
        if own[0]:
            expected.append([label_ap(own[0], own[1], floor) for floor in THRESHOLDS])
    ours = boundary_precision(samples)
    if not expected:
        assert np.isnan(ours[0])
        return
    mean = np.mean(expected, axis=0)
    assert ours == pytest.approx((mean.mean(), mean[0]), abs=1e-6)
