"""Thumbnails: pixels brought down to a few sizes, strip by strip, never the whole image."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZES = (128, 256, 512)  # longest side in px: list row, grid, preview
JPEG_QUALITY = 88

Pixels = NDArray[np.uint8]


def fitted(width: int, height: int, size: int) -> tuple[int, int]:
    """Return the size that fits in `size` × `size` px with the same shape; never larger.

    >>> fitted(4000, 3000, 256), fitted(100, 50, 256), fitted(6000, 1000, 5)
    ((256, 192), (100, 50), (5, 1))
    """
    scale = min(1.0, size / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink_factor(width: int, height: int, size: int) -> int:
    """Return the whole factor by which strips are averaged so that three times `size` px are left.

    Averaging alone is a crude filter; three times leaves Lanczos' filter enough to work with.

    >>> shrink_factor(4000, 3000, 512), shrink_factor(600, 400, 512)
    (2, 1)
    """
    return max(1, max(width, height) // (3 * size))


def shrink_strips(strips: Iterable[Pixels], factor: int) -> Pixels:
    """Average strips `(rows, W)` or `(rows, W, C)` by `factor` and stack them.

    Strips have a multiple of `factor` rows, the last one any number.

    Raises:
        ValueError: no strips.

    >>> shrink_strips([np.full((4, 6, 3), 8, np.uint8), np.zeros((2, 6, 3), np.uint8)], 2).shape
    (3, 3, 3)
    """
    parts = [_shrink(strip, factor) for strip in strips]
    if not parts:
        raise ValueError("an image has at least one strip")
    return np.concatenate(parts)


def thumbnail(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resample `(H, W)` or `(H, W, 3)` pixels to `(width, height)` px with Lanczos' filter.

    >>> thumbnail(np.zeros((40, 60), np.uint8), (6, 4)).shape
    (4, 6)
    """
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    resized = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def _shrink(strip: Pixels, factor: int) -> Pixels:
    if factor == 1:
        return strip.copy()
    rows, width = strip.shape[:2]
    size = (max(1, width // factor), max(1, round(rows / factor)))
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
