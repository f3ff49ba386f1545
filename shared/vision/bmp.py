"""Rows of a BMP file as arrays: the reader that libvips lacks."""

import numpy as np
from numpy.typing import NDArray

from shared.vision.headers.bmp import BmpLayout

Pixels = NDArray[np.uint8]
Buffer = bytes | memoryview


def row_span(layout: BmpLayout, y: int, count: int) -> tuple[int, int]:
    """Return `(offset, bytes)` in the file of the rows `y` to `y + count` counted from the top.

    >>> from shared.vision.headers.bmp import BmpLayout
    >>> row_span(BmpLayout(2, 10, 24, False, 54, 8, None, 4, 0), 0, 2)
    (118, 16)
    """
    first = y if layout.top_down else layout.height - y - count
    return layout.pixels_at + first * layout.row_bytes, count * layout.row_bytes


def palette_rgb(layout: BmpLayout, data: Buffer) -> Pixels | None:
    """Return the palette `(256, 3)` RGB, indices beyond it black; None without a palette."""
    if layout.palette_at is None:
        return None
    stop = layout.palette_at + layout.colours * layout.palette_entry
    entries = np.frombuffer(bytes(data[layout.palette_at : stop]), np.uint8)
    palette = np.zeros((256, 3), np.uint8)
    palette[: layout.colours] = entries.reshape(-1, layout.palette_entry)[:, 2::-1]
    return palette


def decode_rows(stored: Buffer, layout: BmpLayout, palette: Pixels | None) -> Pixels:
    """Decode whole stored rows, as `row_span` names them, to `(rows, width, 3)` RGB, top first.

    >>> from shared.vision.headers.bmp import BmpLayout
    >>> layout = BmpLayout(1, 2, 24, False, 54, 4, None, 4, 0)
    >>> decode_rows(bytes([3, 2, 1, 0, 6, 5, 4, 0]), layout, None)[:, 0].tolist()
    [[4, 5, 6], [1, 2, 3]]
    """
    rows = np.frombuffer(stored, np.uint8).reshape(-1, layout.row_bytes)
    if not layout.top_down:
        rows = rows[::-1]
    if palette is not None:
        return palette[_indices(rows, layout)]
    channels = layout.bits // 8
    pixels = rows[:, : layout.width * channels].reshape(len(rows), layout.width, channels)
    return pixels[:, :, 2::-1]


def _indices(rows: Pixels, layout: BmpLayout) -> Pixels:
    if layout.bits == 8:
        return rows[:, : layout.width]
    if layout.bits == 1:
        return np.unpackbits(rows, axis=1)[:, : layout.width]
    halves = np.empty((len(rows), rows.shape[1] * 2), np.uint8)
    halves[:, 0::2], halves[:, 1::2] = rows >> 4, rows & 15
    return halves[:, : layout.width]
