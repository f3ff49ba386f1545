"""Makes any image file plain: upright, 8 bits, grey or RGB. One rule for every door.

* CMYK: by the profile in the file; without one by the plain formula, as other decoders have it.
* Transparency is left out; the colours below it stay.
* 16 bits: the high byte, so that equal intensities stay equal from image to image. Cameras of 12
  bits store their values in the low ones: where none is over 4095, the high 8 of those 12 bits.
* A JPEG stays a JPEG; everything else becomes a PNG, without loss.
"""

from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

import pyvips

from shared.runtime.vips_images import open_image
from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader

CONTENT_JPEG_QUALITY = 95
PALE_LEVELS = 64
"""Fewer of the 256 grey levels in use than this, and a converted picture is told to be pale."""

_LAST_OF_12_BITS = 4095
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"  # of every whole PNG; some tools append more
_NO_MEMORY = ("insufficient memory", "out of memory", "cannot allocate", "creating thread", "mmap")


@dataclass(frozen=True, slots=True)
class Upright:
    """A plain file that was made of another one.

    Attributes:
        path: Where it stands.
        warnings: What a person should know of the conversion.
    """

    path: Path
    warnings: tuple[str, ...] = ()


def content_format(header: ImageHeader) -> ImageFormat:
    """Return the format of the plain file that is made of a file with this header."""
    return ImageFormat.JPEG if header.format is ImageFormat.JPEG else ImageFormat.PNG


def check_end(view: mmap, header: ImageHeader) -> None:
    """Refuse a PNG without its last chunk: decoders do not ask for it once they have all pixels.

    Raises:
        HeaderError: `truncated`.
    """
    if header.format is ImageFormat.PNG and view.rfind(_PNG_END) < 0:
        raise damage_of("truncated")


def make_upright(path: Path, header: ImageHeader, folder: Path) -> Upright:
    """Write the plain content of the file at ``path`` into ``folder``.

    Raises:
        HeaderError: The file is not a whole image; the reason word says why.
    """
    try:
        image = _opened(path, header)
        image = image.autorot() if header.orientation != 1 else image
        image, warnings = _eight_bit(image, path, header)
        target = folder / f"content.{content_format(header).value}"
        if content_format(header) is ImageFormat.JPEG:
            image.jpegsave(str(target), Q=CONTENT_JPEG_QUALITY, subsample_mode="off", keep="none")
        else:
            image.pngsave(str(target), compression=3, keep="none")
    except pyvips.Error as error:
        raise damage_of(str(error)) from error
    return Upright(target, warnings)


def damage_of(message: str) -> HeaderError:
    """Return what a library's ``message`` about a file means.

    >>> damage_of("VipsJpeg: premature end of JPEG image").reason
    'truncated'
    """
    low = message.lower()
    if "no space left" in low:
        return HeaderError("no-space", "the disk for uploads is full")
    if any(word in low for word in _NO_MEMORY):
        return HeaderError("too-costly", "decoding the image takes too much memory")
    if any(word in low for word in ("premature", "truncated", "end of", "unexpected eof")):
        return HeaderError("truncated", "the image file ends before its picture does")
    return HeaderError("corrupt", "the image file cannot be decoded")


def _opened(path: Path, header: ImageHeader) -> pyvips.Image:
    return open_image(path, access="random" if header.orientation != 1 else "sequential")


def _eight_bit(
    image: pyvips.Image, path: Path, header: ImageHeader
) -> tuple[pyvips.Image, tuple[str, ...]]:
    if header.colour is Colour.CMYK:
        return _rgb_of_cmyk(image), ()
    warnings: tuple[str, ...] = ()
    image = _opaque(image)
    if image.format == "ushort":
        samples = _opaque(_opened(path, header))  # rows come once only, and their range is needed
        least, most = _range_of(samples)
        shift = 4 if most <= _LAST_OF_12_BITS else 8
        image = (image >> shift).cast("uchar")
        warnings = _told(least >> shift, most >> shift, bits=8 + shift)
    return image.copy(interpretation="srgb" if image.bands == 3 else "b-w"), warnings


def _opaque(image: pyvips.Image) -> pyvips.Image:
    return image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image


def _range_of(image: pyvips.Image) -> tuple[int, int]:
    """Return the least and the largest sample, in one pass."""
    statistics = image.stats()
    return int(statistics(0, 0)[0]), int(statistics(1, 0)[0])


def _told(least: int, most: int, *, bits: int) -> tuple[str, ...]:
    told = []
    if bits == 12:
        told.append("the 16-bit file holds 12-bit values: the high 8 of their 12 bits are kept")
    if most - least < PALE_LEVELS:
        told.append(
            f"the picture is pale: of 256 grey levels it uses {least} to {most}; "
            "set the camera's exposure or gain higher"
        )
    return tuple(told)


def _rgb_of_cmyk(image: pyvips.Image) -> pyvips.Image:
    if image.get_typeof("icc-profile-data"):
        return image.icc_transform("srgb", embedded=True, depth=8)
    black = 255 - image.extract_band(3)
    rgb = (255 - image.extract_band(0, n=3)) * black / 255
    return rgb.rint().cast("uchar").copy(interpretation="srgb")
