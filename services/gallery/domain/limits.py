"""The bounds of an upload, in the words of its refusals."""

from services.gallery.domain.refusals import (
    ImageFileTooLarge,
    ImageTileOutOfBounds,
    refusal_of,
)
from shared.runtime.image_limits import (
    MAX_FILE_BYTES,
    MAX_PLAIN,
    MAX_TILED,
    MIN_PLAIN,
    MIN_TILED,
    check_cost,
    check_ratio,
    check_sides,
)
from shared.vision.headers.header import HeaderError, ImageHeader
from shared.vision.headers.sniff import read_header
from shared.vision.tile_advice import MAX_TILE_SIDES, MIN_TILE_SIDE, within_tile_bounds
from shared.vision.tiles import TilePlan

RECOMMENDED_IMAGES = 30  # C-035: advice, no bound


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
        check_size(*header.upright_size, plan=plan)
        check_cost(header)
    except HeaderError as error:
        raise refusal_of(error.reason, error.detail) from error
    return header


def check_size(width: int, height: int, *, plan: TilePlan | None) -> None:
    """Refuse an upright size out of bounds; `plan` as in `check_header`.

    Raises:
        LoupeError: one of the refusals of size.

    >>> check_size(7000, 9344, plan=None)
    """
    plain = plan is None
    least, most = (MIN_PLAIN, MAX_PLAIN) if plain else (MIN_TILED, MAX_TILED)
    try:
        check_sides(width, height, least=least, most=most)
        check_ratio(width, height)
    except HeaderError as error:
        raise refusal_of(error.reason, error.detail) from error
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


def _tile_sizes(width: int, height: int, plan: TilePlan) -> list[tuple[int, int]]:
    try:
        windows = plan.windows(width, height)
    except ValueError as error:
        raise ImageTileOutOfBounds(str(error)) from error
    return sorted({(window.width, window.height) for window in windows})
