"""Which image files are taken, and how the pixels of those of the gallery are read."""

from pathlib import Path

import numpy as np

from services.inference.errors import NotAnImage
from shared.runtime.cuts import Cut
from shared.runtime.image_limits import (
    MAX_FILE_BYTES,
    MAX_PLAIN,
    MAX_WHOLE_PIXELS,
    check_cost,
    check_ratio,
    check_sides,
    decode_bytes,
)
from shared.runtime.image_rows import FileRows
from shared.runtime.images import ImageDamaged, RgbPixels, decode_rgb
from shared.runtime.mapped_files import mapped
from shared.vision.headers.header import HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header

ROLLED_PIXELS = 16_000_000  # from here on an image that is cut is read by rows
READER_BYTES = 64 << 20  # what libvips holds of a 10000 px wide image
_MAX_UNCUT_PIXELS = MAX_PLAIN[0] * MAX_PLAIN[1]


def check_file(path: Path) -> ImageHeader:
    """Read a file's header, without its pixels; raise NotAnImage as `check_data` does."""
    try:
        return check_data(memoryview(mapped(path)))
    except HeaderError as error:
        raise NotAnImage(error.detail) from error


def check_data(data: bytes | memoryview) -> ImageHeader:
    """Read the header and refuse what must not be decoded: before any pixel is.

    Raises:
        NotAnImage: Another format, damaged, or out of `shared.runtime.image_limits`; the detail
            says which.
    """
    if len(data) > MAX_FILE_BYTES:
        raise NotAnImage(f"the file is over {MAX_FILE_BYTES // 10**6} MB")
    try:
        header = read_header(data)
        check_sides(*header.upright_size)
        check_cost(header)
    except HeaderError as error:
        raise NotAnImage(error.detail) from error
    return header


def check_cut(header: ImageHeader, cut: Cut, *, is_tile: bool) -> None:
    """Refuse an image that is longer than any of the gallery, or has too many pixels to hold.

    Args:
        header: Of the image.
        cut: How the model looks at it.
        is_tile: It was cut out of a larger image, and may be as long as its plan makes it.

    Raises:
        NotAnImage: A whole image longer than 6:1, a progressive, turned or converted image over 100
            megapixels, or one that the model looks at whole over 9344 x 7000 px.
    """
    if not is_tile:
        try:
            check_ratio(*header.upright_size)
        except HeaderError as error:
            raise NotAnImage(error.detail) from error
    pixels = header.width * header.height
    if pixels > _MAX_UNCUT_PIXELS and len(cut.all_windows) == 1:
        raise NotAnImage("an image over 9344 x 7000 px needs a model that cuts it into tiles")
    if pixels > MAX_WHOLE_PIXELS and not _can_be_rolled(header):
        raise NotAnImage(
            f"a progressive, interlaced, turned, 16-bit, CMYK or transparent image has at most "
            f"{MAX_WHOLE_PIXELS // 10**6} megapixels"
        )


def read_pixels(data: bytes, header: ImageHeader, cut: Cut) -> RgbPixels | FileRows:
    """Return what the predictor reads: rows of a large image that is cut, else its pixels.

    For plain files only, which is all that the gallery keeps.

    Raises:
        NotAnImage: The file ends early or is damaged.
    """
    if _is_rolled(header, cut):
        return FileRows(data, header)
    try:
        return decode_rgb(data)
    except ImageDamaged as error:
        raise NotAnImage(str(error)) from error


def held_bytes(header: ImageHeader, cut: Cut) -> int:
    """What an image takes at its peak: the windows being read, or all pixels and their copies."""
    if _is_rolled(header, cut):
        return READER_BYTES + 3 * _open_pixels(cut)
    copies = 1 if header.format is ImageFormat.JPEG and header.is_plain else 2
    if header.needs_whole:
        copies += 2
    return header.width * header.height * 3 * copies


def foreign_bytes(header: ImageHeader, cut: Cut) -> int:
    """What a file from outside takes: its decoder, and the windows that are read of its pixels."""
    return decode_bytes(header) + 3 * _open_pixels(cut)


def _is_rolled(header: ImageHeader, cut: Cut) -> bool:
    is_large = header.width * header.height > ROLLED_PIXELS
    return is_large and _can_be_rolled(header) and len(cut.all_windows) > 1


def _can_be_rolled(header: ImageHeader) -> bool:
    return header.is_plain and not header.needs_whole


def _open_pixels(cut: Cut) -> int:
    """Pixels of all windows that one row of the image meets, at most."""
    spans = np.array([(w.y, w.y + w.height, w.width * w.height) for w in cut.all_windows])
    tops, bottoms, areas = spans.T
    return max(int(areas[(tops <= top) & (top < bottoms)].sum()) for top in np.unique(tops))
