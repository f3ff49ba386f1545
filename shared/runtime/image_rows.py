"""Image files as rows: JPEG and PNG by libvips in sequence, BMP by plain reads; never whole.

A strip of libvips must be whole blocks (8 rows for JPEG, 16 for PNG), or it reads again from the
top.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyvips

from shared.runtime.vips_images import open_bytes, open_image
from shared.vision.bmp import decode_rows, palette_rgb, row_span
from shared.vision.headers.bmp import read_bmp_layout
from shared.vision.headers.header import ImageFormat, ImageHeader
from shared.vision.strips import Pixels, Strip

STRIP_ROWS = 16  # twice as many cost a tenth more: larger buffers come as new pages each time

Buffer = bytes | memoryview
Read = Callable[[int, int], Buffer]
"""From an offset and a number of bytes to these bytes of a file."""


class RowsUnreadable(ValueError):
    """The file is damaged or ends too early; found where the damage is, not at the start."""


class FileRows:
    """The rows of a plain image file, RGB; a `RowSource`."""

    def __init__(self, data: bytes, header: ImageHeader) -> None:
        """Takes the file's bytes and what its header says.

        Raises:
            ValueError: The image must be turned or converted first, which takes all its pixels.
        """
        if not header.is_plain:
            raise ValueError("only a plain image can be read by rows")
        self._data = data
        self._header = header

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self._header.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self._header.height

    def strips(self) -> Iterator[Strip]:
        """All rows from the top as ``(rows, width, 3)`` RGB.

        Raises:
            RowsUnreadable: The file is damaged or ends too early.
        """
        try:
            if self._header.format is ImageFormat.BMP:
                view = memoryview(self._data)
                yield from bmp_rows(view, lambda at, size: view[at : at + size])
            else:
                for strip in _strips(open_bytes(self._data), STRIP_ROWS):
                    yield Strip(strip.y, _rgb(strip.pixels))
        except (pyvips.Error, ValueError) as error:
            raise RowsUnreadable("the image file is damaged or ends too early") from error


def vips_rows(path: Path, rows: int = STRIP_ROWS) -> Iterator[Strip]:
    """The rows of a file of 8 bits, ``rows`` at once, in its own channels.

    Raises:
        pyvips.Error: The file is damaged.
    """
    yield from _strips(open_image(path), rows)


def bmp_rows(head: Buffer, read: Read, rows: int = STRIP_ROWS) -> Iterator[Strip]:
    """The rows of a BMP file as RGB, ``rows`` at once.

    ``head`` holds at least its headers and palette.

    Raises:
        ValueError: The file ends too early.
    """
    layout = read_bmp_layout(head)
    palette = palette_rgb(layout, head)
    for y in range(0, layout.height, rows):
        at, size = row_span(layout, y, min(rows, layout.height - y))
        yield Strip(y, decode_rows(read(at, size), layout, palette))


def _strips(image: pyvips.Image, rows: int) -> Iterator[Strip]:
    region = pyvips.Region.new(image)
    for y in range(0, image.height, rows):
        count = min(rows, image.height - y)
        data = region.fetch(0, y, image.width, count)
        yield Strip(y, np.frombuffer(data, np.uint8).reshape(count, image.width, image.bands))


def _rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
