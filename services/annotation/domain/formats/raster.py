"""Masks between pixels and run-length codes, filled as the tools that drew them fill them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


def unite(masks: Iterable[Pixels]) -> Pixels | None:
    """Pixels set in any of the masks, however many, of which few are held; None of no mask."""
    whole: Pixels | None = None
    for mask in masks:
        whole = mask if whole is None else whole | mask
    return whole


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


def decode_part(rle: Rle) -> tuple[Pixels, int, int]:
    """Pixels in the box around a mask, and the box's left and top; no pixel of an empty one.

    Raises:
        ValueError: The text is no code, or does not cover its size.
    """
    from shared.vision import masks

    x, y, width, height = (int(side) for side in mask_extent(rle).box_xywh)
    counts = masks.from_text(rle.counts)
    return masks.window(counts, rle.size[0], (x, y, width, height)), x, y


def mask_bounds(rle: Rle) -> tuple[float, float, float, float] | None:
    """Upright box `x1, y1, x2, y2` (end exclusive) around a mask; None when it is empty.

    Raises:
        ValueError: The text is no code, or does not cover its size.
    """
    x, y, width, height = mask_extent(rle).box_xywh
    return (x, y, x + width, y + height) if width else None


@dataclass(frozen=True, slots=True)
class MaskExtent:
    """Set pixels of a mask, and the box around them; zeros for an empty one."""

    area_px: float
    box_xywh: tuple[float, float, float, float]


def mask_extent(rle: Rle) -> MaskExtent:
    """Measure a mask by its runs; no pixel is made of them.

    Raises:
        ValueError: The text is no code, or does not cover its size.

    >>> mask_extent(Rle(size=(1, 2), counts="11"))
    MaskExtent(area_px=1.0, box_xywh=(1.0, 0.0, 1.0, 1.0))
    """
    from shared.vision import masks

    runs = masks.table([masks.from_text(rle.counts)], [rle.size])
    x, y, width, height = masks.bounds_xywh(runs)[0].tolist()
    return MaskExtent(float(masks.areas(runs)[0]), (x, y, width, height))
