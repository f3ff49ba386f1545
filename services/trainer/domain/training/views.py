"""Random views of an image, whatever its task: mirrored, scaled, moved, lit differently."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.contracts.shapes import IgnoreRegion
from shared.runtime.preprocess import Image

PAD = 114  # the grey of the runtime's letterbox


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


def without_regions(pixels: Image, regions: Sequence[IgnoreRegion]) -> Image:
    """The image ``(h, w, 3)`` uint8 with grey regions; itself where there are none."""
    if not regions:
        return pixels
    painted = pixels.copy()
    for region in regions:
        corners = np.round(np.array(region.points, np.float64)).astype(np.int32)
        cv2.fillPoly(painted, [corners], (PAD, PAD, PAD))
    return painted


NONE = Augmentation(
    flip_horizontal=0, flip_vertical=0, zoom=(1, 1), shift=0, brightness=0, contrast=0, colour=0
)


def view_matrix(
    image_size: tuple[int, int],
    size: tuple[int, int],
    settings: Augmentation,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """A random affine map from an image to its view, ``(2, 3)``, in continuous pixel coordinates.

    Args:
        image_size: Width and height of the image.
        size: Those of the view.
        settings: How far the view may differ; with `NONE` it is what the predictor would show.
        rng: Where the randomness comes from.
    """
    width, height = image_size
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


def warped(image: Image, matrix: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """The view's pixels, ``size`` (width, height), padded with grey."""
    by_index = matrix.copy()  # cv2 maps indices, pixel centres lie half a pixel further
    by_index[:, 2] += 0.5 * (matrix[[0, 1], [0, 1]] - 1)
    pixels = cv2.warpAffine(
        image, by_index, size, flags=cv2.INTER_LINEAR, borderValue=(PAD, PAD, PAD)
    )
    return np.asarray(pixels, np.uint8)


def relit(image: Image, settings: Augmentation, rng: np.random.Generator) -> Image:
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
