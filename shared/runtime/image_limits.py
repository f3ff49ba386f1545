"""The bounds of image files (C-033 to C-042), the same for every door that takes one."""

from shared.vision.headers.header import Colour, HeaderError, ImageHeader

MAX_FILE_BYTES = 100_000_000  # C-034, megabytes of the SI
MAX_ASPECT = 6  # C-036
# Shorter and longer side: an image may lie or stand.
MAX_PLAIN = (7000, 9344)  # C-037
MIN_PLAIN = (30, 30)  # C-038
MAX_TILED = (10_000, 30_000)  # C-039
MIN_TILED = (30, 60)  # C-040
MAX_WHOLE_PIXELS = 100_000_000  # decoders that must hold the whole image (reliability R15)
MAX_SCANS = 100  # progressive files of cameras and tools have about ten

_BASE_DECODE_BYTES = 64 << 20  # a decoder with its libraries and buffers
_WHOLE_BYTES_PER_PIXEL = 7  # measured 993 MiB for 300 Mpx subsampled, twice that at 4:4:4
_STRIP_ROWS = 1024


def check_cost(header: ImageHeader) -> None:
    """Refuse a file that holds several pictures, or is too costly to decode.

    Raises:
        HeaderError: `unsupported-variant` for an animation; `too-costly` for too many pixels for a
            decoder that holds them all, or too many scans.

    >>> from shared.vision.headers.header import ImageFormat
    >>> check_cost(ImageHeader(ImageFormat.JPEG, 900, 600, Colour.RGB, needs_whole=True, scans=10))
    """
    if header.animated:
        raise HeaderError("unsupported-variant", "an animated PNG holds more than one picture")
    if header.needs_whole and header.width * header.height > MAX_WHOLE_PIXELS:
        raise HeaderError(
            "too-costly", "progressive and interlaced images have at most 100 megapixels"
        )
    if header.scans > MAX_SCANS:
        raise HeaderError("too-costly", f"a progressive JPEG has at most {MAX_SCANS} scans")


def check_sides(
    width: int,
    height: int,
    *,
    least: tuple[int, int] = MIN_PLAIN,
    most: tuple[int, int] = MAX_TILED,
) -> None:
    """Refuse an upright size with a side out of bounds, which are shorter and longer side, in px.

    Raises:
        HeaderError: `too-many-pixels` or `too-few-pixels`.

    >>> check_sides(30_000, 10_000)
    """
    short, long = min(width, height), max(width, height)
    if short > most[0] or long > most[1]:
        raise HeaderError("too-many-pixels", f"{width}×{height} px is over {most[1]}×{most[0]} px")
    if short < least[0] or long < least[1]:
        raise HeaderError(
            "too-few-pixels", f"{width}×{height} px is under {least[1]}×{least[0]} px"
        )


def check_ratio(width: int, height: int) -> None:
    """Refuse an image that is too long for its width; tiles have bounds of their own.

    Raises:
        HeaderError: `aspect-ratio`.

    >>> check_ratio(60, 10)
    """
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise HeaderError("aspect-ratio", f"{width}×{height} px is longer than {MAX_ASPECT}:1")


def decode_bytes(header: ImageHeader) -> int:
    """Predict the memory in bytes that decoding takes, for admission.

    >>> from shared.vision.headers.header import ImageFormat
    >>> decode_bytes(ImageHeader(ImageFormat.PNG, 1000, 1000, Colour.RGB)) >> 20
    66
    """
    pixels = header.width * header.height
    cost = _BASE_DECODE_BYTES + 3 * header.width * min(header.height, _STRIP_ROWS)
    if header.needs_whole:
        cost += _WHOLE_BYTES_PER_PIXEL * pixels
    if header.orientation != 1:  # turning needs all pixels at hand, as they are stored
        cost += _pixel_bytes(header) * pixels
    return cost


def _pixel_bytes(header: ImageHeader) -> int:
    samples = {Colour.GREY: 1, Colour.CMYK: 4}.get(header.colour, 3) + header.alpha
    return samples * (2 if header.bits > 8 else 1)
