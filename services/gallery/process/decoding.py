"""The full decode of one staged file: proof that it is whole, thumbnails, and upright content.

Runs inside a guarded process only (`decode_worker.py`). One pass over the pixels does for the
proof and the thumbnails: a JPEG is decoded at a reduced scale, which still reads every coded
block; everything else goes by in strips.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from services.gallery.domain.thumbnails import (
    JPEG_QUALITY,
    SIZES,
    fitted,
    shrink_factor,
    shrink_strips,
    thumbnail,
)
from shared.runtime.mapping import mapped
from shared.vision.bmp import decode_rows, palette_rgb, row_span
from shared.vision.headers.bmp import read_bmp_layout
from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header

CONTENT_JPEG_QUALITY = 95
_STRIP_ROWS = 16  # PNG rows come by sixteen from libvips; a strip is a multiple
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"  # the last chunk of every whole PNG; some tools append more
_NO_MEMORY = ("insufficient memory", "out of memory", "cannot allocate", "creating thread", "mmap")
_BENIGN = ("extraneous bytes",)  # padding between markers, common in camera files

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a whole file gave.

    Attributes:
        thumbnails: one file with a JPEG for each of `SIZES`, one after the other.
        spans: where each stands in it: longest side to `(offset, bytes)`.
        content: file of the upright 8-bit content, None when the original is just that.
        content_type: media type of the content, or of the original.
    """

    thumbnails: Path
    spans: dict[int, tuple[int, int]]
    content: Path | None
    content_type: str


def decode(path: Path, folder: Path) -> Decoded:
    """Decode the image at `path` and write what comes of it to `folder`.

    Raises:
        HeaderError: the file is not a whole image; the reason word says why.
    """
    view = mapped(path)
    header = read_header(memoryview(view))
    if header.format is ImageFormat.PNG and view.rfind(_PNG_END) < 0:
        raise _damage("truncated")  # decoders do not ask for it once they have all pixels
    source, content = path, None
    if not header.is_plain:
        source = content = _normalise(path, header, folder)
    pixels = _reduced(source, header, view if content is None else None)
    upright = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    kind = _content_format(header) if content else header.format
    thumbnails = folder / "thumbnails"
    spans = _write_thumbnails(upright, header, thumbnails)
    return Decoded(thumbnails, spans, content, kind.content_type)


def _content_format(header: ImageHeader) -> ImageFormat:
    return ImageFormat.JPEG if header.format is ImageFormat.JPEG else ImageFormat.PNG


def _reduced(source: Path, header: ImageHeader, view: mmap.mmap | None) -> Pixels:
    if view is not None and header.format is ImageFormat.JPEG:
        return _reduced_jpeg(view, header)
    width, height = header.upright_size
    factor = shrink_factor(width, height, SIZES[-1])
    rows = _STRIP_ROWS * factor
    if view is not None and header.format is ImageFormat.BMP:
        return shrink_strips(_bmp_strips(view, rows), factor)
    return shrink_strips(_vips_strips(source, rows), factor)


def _reduced_jpeg(view: mmap.mmap, header: ImageHeader) -> Pixels:
    grey = header.colour is Colour.GREY
    wanted_width, wanted_height = fitted(header.width, header.height, SIZES[-1])
    for strict in (True, False):
        try:
            return np.asarray(
                simplejpeg.decode_jpeg(
                    view,
                    "GRAY" if grey else "RGB",
                    min_width=wanted_width,
                    min_height=wanted_height,
                    strict=strict,
                ),
                dtype=np.uint8,
            )
        except ValueError as error:
            message = str(error)
            if not (strict and any(word in message for word in _BENIGN)):
                raise _damage(message) from error
    raise HeaderError("corrupt", "the JPEG cannot be decoded")


def _bmp_strips(view: mmap.mmap, rows: int) -> Iterator[Pixels]:
    layout = read_bmp_layout(memoryview(view))
    palette = palette_rgb(layout, memoryview(view))
    for y in range(0, layout.height, rows):
        offset, size = row_span(layout, y, min(rows, layout.height - y))
        yield np.ascontiguousarray(decode_rows(view[offset : offset + size], layout, palette))


def _vips_strips(path: Path, rows: int) -> Iterator[Pixels]:
    try:
        image = pyvips.Image.new_from_file(str(path), access="sequential", fail_on="error")
        if image.format != "uchar":
            image = image.cast("uchar")
        region = pyvips.Region.new(image)
        for y in range(0, image.height, rows):
            count = min(rows, image.height - y)
            data = region.fetch(0, y, image.width, count)
            yield np.frombuffer(data, np.uint8).reshape(count, image.width, image.bands)
    except pyvips.Error as error:
        raise _damage(str(error)) from error


def _normalise(path: Path, header: ImageHeader, folder: Path) -> Path:
    """Write upright 8-bit grey or RGB pixels: as JPEG for a JPEG, else without loss as PNG."""
    try:
        turning = header.orientation != 1
        image = pyvips.Image.new_from_file(
            str(path), access="random" if turning else "sequential", fail_on="error"
        )
        image = image.autorot() if turning else image
        image = _eight_bit(image, header)
        if _content_format(header) is ImageFormat.JPEG:
            content = folder / "content.jpg"
            image.jpegsave(str(content), Q=CONTENT_JPEG_QUALITY, subsample_mode="off", keep="none")
        else:
            content = folder / "content.png"
            image.pngsave(str(content), compression=3, keep="none")
    except pyvips.Error as error:
        raise _damage(str(error)) from error
    return content


def _eight_bit(image: pyvips.Image, header: ImageHeader) -> pyvips.Image:
    if header.colour is Colour.CMYK:
        return _rgb_of_cmyk(image)
    if image.hasalpha():
        image = image.extract_band(0, n=image.bands - 1)
    if image.format == "ushort":
        image = (image >> 8).cast("uchar")  # the high byte: equal intensities stay equal
    return image.copy(interpretation="srgb" if image.bands == 3 else "b-w")


def _rgb_of_cmyk(image: pyvips.Image) -> pyvips.Image:
    if image.get_typeof("icc-profile-data"):
        return image.icc_transform("srgb", embedded=True, depth=8)
    black = 255 - image.extract_band(3)  # no profile: the plain formula, as other decoders have it
    rgb = (255 - image.extract_band(0, n=3)) * black / 255
    return rgb.rint().cast("uchar").copy(interpretation="srgb")


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


def _damage(message: str) -> HeaderError:
    low = message.lower()
    if "no space left" in low:
        return HeaderError("no-space", "the disk for uploads is full")
    if any(word in low for word in _NO_MEMORY):
        return HeaderError("too-costly", "decoding the image takes too much memory")
    if any(word in low for word in ("premature", "truncated", "end of", "unexpected eof")):
        return HeaderError("truncated", "the image file ends before its picture does")
    return HeaderError("corrupt", "the image file cannot be decoded")
