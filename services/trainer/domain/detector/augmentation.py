"""Random views of a sample: mirrored, turned, scaled, moved, changed, four put together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.detector.samples import Sample, as_polygon
from services.trainer.domain.detector.truths import Polygon
from services.trainer.domain.training.appearance import changed
from services.trainer.domain.training.augmentation import Augmentation
from services.trainer.domain.training.views import PAD, is_upright, moved, view_matrix, warped
from shared.runtime.preprocess import Image
from shared.vision.boxes import Boxes, area, as_boxes, clip

MIN_VISIBLE = 0.4  # share of a target that must stay in view to be learnt


def view(
    sample: Sample, size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> Sample:
    """A random view of ``size`` (width, height), padded with grey.

    Targets of which less than `MIN_VISIBLE` stays in view become ignore regions. With `NONE` the
    view is the sample as the predictor would show it to the model.
    """
    height, width = sample.image.shape[:2]
    matrix = view_matrix((width, height), size, settings, rng)
    pixels = warped(sample.image, matrix, size)
    return _moved(sample, changed(pixels, settings, rng), matrix)


def mosaic(
    samples: list[Sample], size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> Sample:
    """Four views in one, meeting at a random point (Bochkovskiy et al., YOLOv4, section 3.3)."""
    width, height = size
    cx = int(width * rng.uniform(0.35, 0.65))
    cy = int(height * rng.uniform(0.35, 0.65))
    canvas = np.full((height, width, 3), PAD, np.uint8)
    places = ((0, 0, cx, cy), (cx, 0, width, cy), (0, cy, cx, height), (cx, cy, width, height))
    parts = []
    for sample, (x1, y1, x2, y2) in zip(samples, places, strict=True):
        part = view(sample, (x2 - x1, y2 - y1), settings, rng)
        canvas[y1:y2, x1:x2] = part.image
        offset = np.array([x1, y1], np.float32)
        parts.append((part, offset))
    return Sample(
        canvas,
        np.concatenate([part.boxes_xyxy + np.tile(offset, 2) for part, offset in parts]),
        np.concatenate([part.labels for part, _ in parts]),
        tuple(polygon + offset for part, offset in parts for polygon in part.ignored),
        tuple(
            replace(mask, x=mask.x + int(offset[0]), y=mask.y + int(offset[1]))
            for part, offset in parts
            for mask in part.masks
        ),
    )


def draw(
    index: int,
    fetch: Callable[[int], Sample],
    count: int,
    *,
    size: tuple[int, int],
    settings: Augmentation,
    rng: np.random.Generator,
) -> Sample:
    """The training view of sample ``index`` of ``count``: one view, or a mosaic with others."""
    if settings.mosaic and rng.random() < settings.mosaic:
        others = [fetch(int(other)) for other in rng.integers(0, count, 3)]
        return mosaic([fetch(index), *others], size, settings, rng)
    return view(fetch(index), size, settings, rng)


def _moved(sample: Sample, pixels: Image, matrix: NDArray[np.float64]) -> Sample:
    height, width = pixels.shape[:2]
    boxes, regions = _upright(sample, matrix) if is_upright(matrix) else _turned(sample, matrix)
    cut = clip(boxes, width, height)
    shown = area(cut) / np.maximum(area(boxes), 1e-6)
    learnt = (shown >= MIN_VISIBLE) & (cut[:, 2:] - cut[:, :2] >= 1.0).all(axis=1)
    slivers = [as_polygon(box) for box in cut[(shown > 0) & ~learnt]]
    masks = tuple(
        mask.moved(matrix, (width, height))
        for mask, stays in zip(sample.masks, learnt, strict=False)  # there may be none at all
        if stays
    )
    return Sample(pixels, cut[learnt], sample.labels[learnt], (*regions, *slivers), masks)


Moved = tuple[Boxes, list[Polygon]]
"""Where the targets of a sample and its ignore regions lie in a view, whether in sight or not."""


def _upright(sample: Sample, matrix: NDArray[np.float64]) -> Moved:
    factors = np.array([matrix[0, 0], matrix[1, 1]], np.float32)
    offset = matrix[:, 2].astype(np.float32)
    boxes = sample.boxes_xyxy * np.tile(factors, 2) + np.tile(offset, 2)
    low = np.minimum(boxes[:, :2], boxes[:, 2:])
    high = np.maximum(boxes[:, :2], boxes[:, 2:])
    regions = [polygon * factors + offset for polygon in sample.ignored]
    return np.concatenate([low, high], axis=1).astype(np.float32), regions


def _turned(sample: Sample, matrix: NDArray[np.float64]) -> Moved:
    """Boxes are those around the targets' own outlines, turned with the pixels."""
    turned = [moved(outline, matrix) for outline in sample.outlines_of_targets()]
    boxes = as_boxes([(*outline.min(axis=0), *outline.max(axis=0)) for outline in turned])
    return boxes, [moved(polygon, matrix) for polygon in sample.ignored]
