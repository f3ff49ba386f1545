"""Random views of a sample: mirrored, scaled, moved, lit differently, four put together."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.tasks.detection.samples import Sample, as_polygon
from services.trainer.domain.tasks.detection.truths import Polygon
from shared.runtime.preprocess import Image
from shared.vision.boxes import Boxes, area, clip

PAD = 114  # the grey of the runtime's letterbox
MIN_VISIBLE = 0.4  # share of a target that must stay in view to be learnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far views may differ from the sample.

    Attributes:
        flip_horizontal: Probability of a left-right mirror.
        flip_vertical: Probability of an upside-down mirror.
        zoom: Smallest and largest scale.
        shift: Largest move as a share of the input's side.
        brightness: Largest relative change of the light.
        contrast: Largest relative change of the contrast.
        colour: Largest relative change of one channel.
        mosaic: Probability of four samples in one view.
    """

    flip_horizontal: float = 0.5
    flip_vertical: float = 0.5
    zoom: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.1
    brightness: float = 0.3
    contrast: float = 0.25
    colour: float = 0.08
    mosaic: float = 0.0


NONE = Augmentation(
    flip_horizontal=0, flip_vertical=0, zoom=(1, 1), shift=0, brightness=0, contrast=0, colour=0
)


def view(
    sample: Sample, size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> Sample:
    """A random view of ``size`` (width, height), padded with grey.

    Targets of which less than `MIN_VISIBLE` stays in view become ignore regions. With `NONE` the
    view is the sample as the predictor would show it to the model.
    """
    matrix = _matrix(sample, size, settings, rng)
    by_index = matrix.copy()  # cv2 maps indices, pixel centres lie half a pixel further
    by_index[:, 2] += 0.5 * (matrix[[0, 1], [0, 1]] - 1)
    pixels = cv2.warpAffine(
        sample.image, by_index, size, flags=cv2.INTER_LINEAR, borderValue=(PAD, PAD, PAD)
    )
    return _moved(sample, _relit(np.asarray(pixels, np.uint8), settings, rng), matrix)


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


def _matrix(
    sample: Sample, size: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Affine map from sample to view, ``(2, 3)``, in continuous pixel coordinates."""
    height, width = sample.image.shape[:2]
    low, high = settings.zoom
    zoom = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    scale_x = -zoom if rng.random() < settings.flip_horizontal else zoom
    scale_y = -zoom if rng.random() < settings.flip_vertical else zoom
    move_x = _offset(width, size[0], scale_x, settings.shift, rng)
    move_y = _offset(height, size[1], scale_y, settings.shift, rng)
    return np.array([[scale_x, 0, move_x], [0, scale_y, move_y]])


def _offset(
    length: int, view_length: int, factor: float, shift: float, rng: np.random.Generator
) -> float:
    """Where the sample begins in the view: anywhere it fits, or any part of it when it does not."""
    spare = view_length - length * abs(factor)
    if shift == 0 and spare >= 0:
        start = 0.0  # the corner, as in the predictor
    else:
        start = rng.uniform(min(spare, 0), max(spare, 0))
        start += rng.uniform(-shift, shift) * view_length
    return float(start if factor > 0 else start + length * abs(factor))


def _moved(sample: Sample, pixels: Image, matrix: NDArray[np.float64]) -> Sample:
    height, width = pixels.shape[:2]
    factors = np.array([matrix[0, 0], matrix[1, 1]], np.float32)
    offset = matrix[:, 2].astype(np.float32)
    boxes = _upright(sample.boxes_xyxy * np.tile(factors, 2) + np.tile(offset, 2))
    cut = clip(boxes, width, height)
    shown = area(cut) / np.maximum(area(boxes), 1e-6)
    learnt = (shown >= MIN_VISIBLE) & (cut[:, 2:] - cut[:, :2] >= 1.0).all(axis=1)
    slivers = [as_polygon(box) for box in cut[(shown > 0) & ~learnt]]
    regions: list[Polygon] = [polygon * factors + offset for polygon in sample.ignored]
    return Sample(pixels, cut[learnt], sample.labels[learnt], (*regions, *slivers))


def _upright(boxes: Boxes) -> Boxes:
    low = np.minimum(boxes[:, :2], boxes[:, 2:])
    high = np.maximum(boxes[:, :2], boxes[:, 2:])
    return np.concatenate([low, high], axis=1).astype(np.float32)


def _relit(image: Image, settings: Augmentation, rng: np.random.Generator) -> Image:
    """Light, contrast and tint changed through one look-up table a channel."""
    if not (settings.brightness or settings.contrast or settings.colour):
        return image
    gain = 1 + rng.uniform(-settings.brightness, settings.brightness)
    contrast = 1 + rng.uniform(-settings.contrast, settings.contrast)
    tint = 1 + rng.uniform(-settings.colour, settings.colour, 3)
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = ((levels - 128) * contrast + 128) * gain * tint
    lookup = np.clip(table, 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(image, lookup), np.uint8)
