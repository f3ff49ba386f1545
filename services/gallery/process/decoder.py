"""The full decode of one staged file: proof that it is whole, thumbnails, and upright content.

Runs inside a guarded process only (`decode_worker.py`). One pass over the pixels does for the
proof and the thumbnails: a JPEG is decoded at a reduced scale, which still reads every coded
block; everything else goes by in strips.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from services.gallery.domain.looks import looks_of
from services.gallery.domain.thumbnails import (
    JPEG_QUALITY,
    SIZES,
    fitted,
    shrink_factor,
    shrink_strips,
    thumbnail,
)
from shared.runtime.image_rows import bmp_rows, vips_rows
from shared.runtime.images import decode_jpeg
from shared.runtime.mapped_files import mapped
from shared.runtime.upright_files import check_end, content_format, damage_of, make_upright
from shared.vision.headers.header import Colour, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header

_STRIP_ROWS = 16  # PNG rows come by sixteen from libvips; a strip is a multiple

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a whole file gave.

    Attributes:
        thumbnails: one file with a JPEG for each of `SIZES`, one after the other.
        spans: where each stands in it: longest side to `(offset, bytes)`.
        content: file of the upright 8-bit content, None when the original is just that.
        content_type: media type of the content, or of the original.
        looks: of the picture, see :func:`looks_of`.
        warnings: what a person should know of how the content was made.
    """

    thumbnails: Path
    spans: dict[int, tuple[int, int]]
    content: Path | None
    content_type: str
    looks: str
    warnings: tuple[str, ...] = ()


def decode(path: Path, folder: Path) -> Decoded:
    """Decode the image at `path` and write what comes of it to `folder`.

    Raises:
        HeaderError: the file is not a whole image; the reason word says why.
    """
    view = mapped(path)
    header = read_header(memoryview(view))
    check_end(view, header)
    made = None if header.is_plain else make_upright(path, header, folder)
    pixels = _reduced(made.path if made else path, header, None if made else view)
    upright = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    kind = content_format(header) if made else header.format
    thumbnails = folder / "thumbnails"
    spans = _write_thumbnails(upright, header, thumbnails)
    return Decoded(
        thumbnails,
        spans,
        content=made.path if made else None,
        content_type=kind.content_type,
        looks=_looks(thumbnails, spans),
        warnings=made.warnings if made else (),
    )


def _reduced(source: Path, header: ImageHeader, view: mmap.mmap | None) -> Pixels:
    if view is not None and header.format is ImageFormat.JPEG:
        return _reduced_jpeg(view, header)
    width, height = header.upright_size
    factor = shrink_factor(width, height, SIZES[-1])
    rows = _STRIP_ROWS * factor
    if view is not None and header.format is ImageFormat.BMP:
        strips = bmp_rows(memoryview(view), lambda at, size: view[at : at + size], rows)
    else:
        strips = vips_rows(source, rows)
    try:
        return shrink_strips((strip.pixels for strip in strips), factor)
    except pyvips.Error as error:
        raise damage_of(str(error)) from error


def _reduced_jpeg(view: mmap.mmap, header: ImageHeader) -> Pixels:
    grey = header.colour is Colour.GREY
    least = fitted(header.width, header.height, SIZES[-1])
    try:
        return decode_jpeg(view, "GRAY" if grey else "RGB", least=least)
    except ValueError as error:
        raise damage_of(str(error)) from error


def _write_thumbnails(
    pixels: Pixels, header: ImageHeader, path: Path
) -> dict[int, tuple[int, int]]:
    spans: dict[int, tuple[int, int]] = {}
    with path.open("wb") as file:
        for size in sorted(SIZES, reverse=True):  # each from the one above: less work, same look
            pixels = thumbnail(pixels, fitted(*header.upright_size, size))
            grey = pixels.ndim == 2
            planes = np.ascontiguousarray(pixels[:, :, None] if grey else pixels)
            data = simplejpeg.encode_jpeg(
                planes, quality=JPEG_QUALITY, colorspace="GRAY" if grey else "RGB"
            )
            spans[size] = (file.tell(), len(data))
            file.write(data)
    return spans


def _looks(thumbnails: Path, spans: dict[int, tuple[int, int]]) -> str:
    start, length = spans[SIZES[0]]
    return looks_of(thumbnails.read_bytes()[start : start + length])
