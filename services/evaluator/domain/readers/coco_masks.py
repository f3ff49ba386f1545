"""Segmentations of COCO records, polygons and run-length codes of both forms, as one mask table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.readers.coco_records import CocoRle, Segmentation
from shared.vision.masks import MaskTable, from_polygons, from_text, from_texts, table

MOST_PIXELS = (1 << 32) - 1  # a run is counted in 32 bits


def mask_table(found: Sequence[Segmentation], heights: Ints, widths: Ints, what: str) -> MaskTable:
    """Read the segmentation of each record, ``(N,)`` with the sizes of their images.

    Raises:
        BadSamples: One is no outline, or of another size than its image.
    """
    _check_sizes(heights, widths, what)
    sizes = np.stack([heights, widths], axis=1).tolist()
    try:
        texts = [_text(one, size) for one, size in zip(found, sizes, strict=True)]
        if None not in texts:
            return _from_texts([text for text in texts if text is not None], heights, widths)
    except ValueError:
        pass  # told below, with its place
    codes = []
    for row, (one, size) in enumerate(zip(found, sizes, strict=True)):
        try:
            codes.append(table([_code(one, *size)], [size]).counts)
        except ValueError as error:
            raise BadSamples(f"{what}: segmentation of record {row}: {error}") from error
    return table(codes, sizes)


def _check_sizes(heights: Ints, widths: Ints, what: str) -> None:
    unknown = np.flatnonzero((heights <= 0) | (widths <= 0))
    if unknown.size:
        raise BadSamples(
            f"{what}: the image of record {unknown[0]} needs its width and height for masks"
        )
    large = np.flatnonzero(heights * widths > MOST_PIXELS)
    if large.size:
        raise BadSamples(f"{what}: the image of record {large[0]} is too large for masks")


def _text(found: Segmentation, size: list[int]) -> str | None:
    """Compressed text of a code of the right size; None for another form."""
    if not isinstance(found, CocoRle) or not isinstance(found.counts, str):
        return None
    if list(found.size) != size:
        raise ValueError("a mask and its image differ in size")
    return found.counts


def _from_texts(texts: list[str], heights: Ints, widths: Ints) -> MaskTable:
    places = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=places[1:])
    data = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
    return from_texts(data, places, heights, widths)


def _code(found: Segmentation, height: int, width: int) -> NDArray[np.uint32]:
    if not isinstance(found, CocoRle):
        return from_polygons(found, height, width)
    if found.size != (height, width):
        raise ValueError("a mask and its image differ in size")
    if isinstance(found.counts, str):
        return from_text(found.counts)
    return np.array(found.counts, np.uint32)
