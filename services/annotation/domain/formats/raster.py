"""Masks between pixels and run-length codes, filled as the tools that drew them fill them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shared.contracts.shapes import Rle

Pixels = NDArray[np.bool_]


def fill_rings(rings: Sequence[Sequence[tuple[float, float]]], width: int, height: int) -> Pixels:
    """Fill polygons on a canvas by Pillow's rule, which is labelme's: outline included.

    Returns:
        `(height, width)` bool; rings of fewer than three points cover nothing.
    """
    canvas = Image.new("1", (width, height), 0)
    pen = ImageDraw.Draw(canvas)
    for ring in rings:
        if len(ring) >= 3:
            pen.polygon([(x, y) for x, y in ring], outline=1, fill=1)
    return np.array(canvas, np.bool_)


def unite(masks: Sequence[Pixels]) -> Pixels:
    """Pixels set in any of the masks, of which there is at least one."""
    return np.asarray(np.logical_or.reduce(masks), np.bool_)


def encode_mask(pixels: Pixels) -> Rle:
    """Code a `(height, width)` mask as COCO does."""
    from shared.vision import masks  # its compiled kernels load slowly and most imports need none

    height, width = pixels.shape
    return Rle(size=(height, width), counts=masks.to_text(masks.from_dense(pixels)))


def decode_mask(rle: Rle) -> Pixels:
    """Pixels `(height, width)` of a code.

    Raises:
        ValueError: The text is no code, or does not cover its size.
    """
    from shared.vision import masks

    counts = masks.from_text(rle.counts)
    height, width = rle.size
    if int(counts.sum(dtype=np.int64)) != height * width:
        raise ValueError("the runs do not add up to height × width")
    return masks.to_dense(counts, height, width)


def mask_bounds(rle: Rle) -> tuple[float, float, float, float] | None:
    """Upright box `x1, y1, x2, y2` (end exclusive) around a mask; None when it is empty.

    Raises:
        ValueError: The text is no code, or does not cover its size.
    """
    pixels = decode_mask(rle)
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if not rows.size:
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
