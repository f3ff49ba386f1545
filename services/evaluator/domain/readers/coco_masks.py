"""Masks of scanned COCO records: texts decoded in one compiled loop, the rest one by one."""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import Ints
from services.evaluator.domain.readers.coco_records import MOST_PIXELS, joined, mask_code
from services.evaluator.domain.readers.coco_scan import COUNTS, SIZE, Records, scan_key, scan_row
from services.evaluator.domain.readers.json_tokens import (
    BACKSLASH,
    BROKEN,
    CLOSE_OBJECT,
    COMMA,
    OPEN_OBJECT,
    Bytes,
    after_space,
    after_text,
    at,
)
from shared.vision.compilation import compiled
from shared.vision.mask_kernels import decode_text
from shared.vision.masks import MaskTable, table

Counts = NDArray[np.uint32]


def scanned_masks(data: Bytes, records: Records, heights: Ints, widths: Ints) -> MaskTable:
    """Read the segmentation of each record, ``(N,)`` with the sizes of their images.

    Raises:
        ValueError: A segmentation is none, or not of its image's size (TypeError or KeyError for
            another JSON value).
    """
    if (heights * widths > MOST_PIXELS).any():
        raise ValueError("an image is too large for masks")
    lengths = records["mask_last"] - records["mask_first"]
    counts = np.empty(int(lengths.sum()), np.uint32)  # a run takes at least one character
    starts, text = np.zeros(records.size + 1, np.int64), np.empty(lengths.max(initial=0), np.uint8)
    _decode_all(data, records, np.stack([heights, widths], axis=1), text, starts, counts)
    coded = MaskTable(counts[: starts[-1]], starts, heights, widths)
    others = np.flatnonzero(np.diff(starts) == 0)
    if not others.size:
        return coded
    sizes = [(int(heights[row]), int(widths[row])) for row in others]
    codes = [
        mask_code(_segmentation(data, records[row]), *size)
        for row, size in zip(others, sizes, strict=True)
    ]
    order = np.arange(records.size)
    order[others] = records.size + np.arange(others.size)
    return joined([coded, table(codes, sizes)]).take(order)


def _segmentation(data: Bytes, record: Any) -> Any:  # noqa: ANN401 - a numpy record; any JSON
    return orjson.loads(data[record["mask_first"] : record["mask_last"]].tobytes())


@compiled
def _decode_all(
    data: Bytes, records: Records, shapes: Ints, text: Bytes, starts: Ints, counts: Counts
) -> None:
    """Append the runs of each compressed text to ``counts``; none for a mask of another form."""
    for row in range(records.size):
        first, last = records[row].mask_first, records[row].mask_last
        runs = _decode_object(data[:last], first, shapes[row], text, counts[starts[row] :])
        starts[row + 1] = starts[row] + max(runs, 0)


@compiled
def _decode_object(data: Bytes, place: int, shape: Ints, text: Bytes, room: Counts) -> int:
    """Runs of ``{"size": [h, w], "counts": "…"}``, in either order and nothing beside."""
    if at(data, place) != OPEN_OBJECT:
        return BROKEN
    size, seen, runs = np.zeros(2), 0, 0
    for turn in range(2):
        field, place = scan_key(data, after_space(data, place + 1))
        if place == BROKEN or (field != SIZE and field != COUNTS):
            return BROKEN
        seen |= 1 << field
        if field == SIZE:
            place = scan_row(data, place, size)
        else:
            place, runs = _decode(data, place, text, room)
        if place == BROKEN:
            return BROKEN
        place = after_space(data, place)
        if at(data, place) != (COMMA if turn == 0 else CLOSE_OBJECT):
            return BROKEN
    covered = np.int64(0)
    for run in range(runs):
        covered += np.int64(room[run])
    fits = size[0] == shape[0] and size[1] == shape[1] and covered == shape[0] * shape[1]
    return runs if fits and covered > 0 and seen == (1 << SIZE | 1 << COUNTS) else BROKEN


@compiled
def _decode(data: Bytes, place: int, text: Bytes, room: Counts) -> tuple[int, int]:
    """Decode a compressed run-length text into ``room``; ``text`` is a place to unescape it."""
    last = after_text(data, place)
    if last == BROKEN:
        return BROKEN, 0
    length, place = 0, place + 1
    while place < last - 1:
        if data[place] == BACKSLASH:
            place += 1
            if data[place] != BACKSLASH:
                return BROKEN, 0
        text[length] = data[place]
        length += 1
        place += 1
    runs = decode_text(text[:length], room)
    return (last, runs) if runs >= 0 else (BROKEN, 0)
