"""The bounds of an upload, in numbers (C-033 to C-042) and in memory."""

from services.gallery.domain.refusals import (
    ImageAspectRatio,
    ImageDecodeTooCostly,
    ImageFileTooLarge,
    ImageTileOutOfBounds,
    ImageTooFewPixels,
    ImageTooManyPixels,
    ImageVariantUnsupported,
    refusal_of,
)
from shared.vision.headers.header import Colour, HeaderError, ImageHeader
from shared.vision.headers.sniff import read_header
from shared.vision.tile_advice import MAX_TILE_SIDES, MIN_TILE_SIDE, within_tile_bounds
from shared.vision.tiles import TilePlan

MAX_FILE_BYTES = 100_000_000  # C-034, megabytes of the SI
RECOMMENDED_IMAGES = 30  # C-035: advice, no bound
MAX_ASPECT = 6  # C-036
# Shorter and longer side: an image may lie or stand.
MAX_PLAIN = (7000, 9344)  # C-037
MIN_PLAIN = (30, 30)  # C-038
MAX_TILED = (10_000, 30_000)  # C-039
MIN_TILED = (30, 60)  # C-040
MAX_WHOLE_PIXELS = 100_000_000  # decoders that must hold the whole image (reliability R15)
MAX_SCANS = 100  # progressive files of cameras and tools have about ten
BASE_DECODE_BYTES = 64 << 20  # a decoder with its libraries and buffers
WHOLE_BYTES_PER_PIXEL = 7  # measured 993 MiB for 300 Mpx subsampled, twice that at 4:4:4
_STRIP_ROWS = 1024


def check_file_size(size_bytes: int) -> None:
    """Refuse a file over 100 MB.

    Raises:
        ImageFileTooLarge: one byte over is over.

    >>> check_file_size(MAX_FILE_BYTES)
    """
    if size_bytes > MAX_FILE_BYTES:
        raise ImageFileTooLarge(f"an image has at most 100 MB ({MAX_FILE_BYTES} bytes)")


def check_header(data: bytes | memoryview, plan: TilePlan | None) -> ImageHeader:
    """Read a file's header and refuse what can be refused before decoding.

    `plan` is the grid of a tiled project, None for a plain one. Sizes are those of the upright
    image.

    Raises:
        LoupeError: one of the refusals.
    """
    try:
        header = read_header(data)
    except HeaderError as error:
        raise refusal_of(error.reason, error.detail) from error
    if header.animated:
        raise ImageVariantUnsupported("an animated PNG holds more than one picture")
    check_size(*header.upright_size, plan=plan)
    check_cost(header)
    return header


def check_size(width: int, height: int, *, plan: TilePlan | None) -> None:
    """Refuse an upright size out of bounds; `plan` as in `check_header`.

    Raises:
        LoupeError: one of the refusals of size.

    >>> check_size(7000, 9344, plan=None)
    """
    plain = plan is None
    least, most = (MIN_PLAIN, MAX_PLAIN) if plain else (MIN_TILED, MAX_TILED)
    _check_sides(width, height, least=least, most=most)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageAspectRatio(f"{width}×{height} px is longer than {MAX_ASPECT}:1")
    if plan is not None:
        check_tiles(width, height, plan)


def check_tiles(width: int, height: int, plan: TilePlan) -> None:
    """Refuse an image whose tiles would be out of bounds.

    Raises:
        ImageTileOutOfBounds: names the first such tile's size.

    >>> check_tiles(10_000, 30_000, TilePlan(grid=(6, 4)))
    """
    sizes = _tile_sizes(width, height, plan)
    for tile_width, tile_height in sizes:
        if not within_tile_bounds(tile_width, tile_height):
            short, long = MAX_TILE_SIDES
            raise ImageTileOutOfBounds(
                f"{width}×{height} px would give a tile of {tile_width}×{tile_height} px; "
                f"tiles have {MIN_TILE_SIDE}×{MIN_TILE_SIDE} to {short}×{long} px"
            )


def check_cost(header: ImageHeader) -> None:
    """Refuse an image that is too costly to decode.

    Raises:
        ImageDecodeTooCostly: too many pixels for a decoder that holds them all, or too many scans.
    """
    if header.needs_whole and header.width * header.height > MAX_WHOLE_PIXELS:
        raise ImageDecodeTooCostly("progressive and interlaced images have at most 100 megapixels")
    if header.scans > MAX_SCANS:
        raise ImageDecodeTooCostly(f"a progressive JPEG has at most {MAX_SCANS} scans")


def decode_bytes(header: ImageHeader) -> int:
    """Predict the memory in bytes that decoding takes, for admission.

    >>> from shared.vision.headers.header import Colour, ImageFormat
    >>> decode_bytes(ImageHeader(ImageFormat.PNG, 1000, 1000, Colour.RGB)) >> 20
    66
    """
    pixels = header.width * header.height
    cost = BASE_DECODE_BYTES + 3 * header.width * min(header.height, _STRIP_ROWS)
    if header.needs_whole:
        cost += WHOLE_BYTES_PER_PIXEL * pixels
    if header.orientation != 1:  # turning needs all pixels at hand, as they are stored
        cost += _pixel_bytes(header) * pixels
    return cost


def _pixel_bytes(header: ImageHeader) -> int:
    samples = {Colour.GREY: 1, Colour.CMYK: 4}.get(header.colour, 3) + header.alpha
    return samples * (2 if header.bits > 8 else 1)


def _check_sides(width: int, height: int, *, least: tuple[int, int], most: tuple[int, int]) -> None:
    short, long = min(width, height), max(width, height)
    if short > most[0] or long > most[1]:
        raise ImageTooManyPixels(f"{width}×{height} px is over {most[1]}×{most[0]} px")
    if short < least[0] or long < least[1]:
        raise ImageTooFewPixels(f"{width}×{height} px is under {least[1]}×{least[0]} px")


def _tile_sizes(width: int, height: int, plan: TilePlan) -> list[tuple[int, int]]:
    try:
        windows = plan.windows(width, height)
    except ValueError as error:
        raise ImageTileOutOfBounds(str(error)) from error
    return sorted({(window.width, window.height) for window in windows})
