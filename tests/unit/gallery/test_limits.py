"""At, one below and one above each bound of an upload (C-033 to C-042)."""

import pytest
from image_files import bmp, jpeg_header, png_header, png_with_chunk

from services.gallery.domain.limits import (
    check_file_size,
    check_header,
    check_size,
)
from shared.errors import LoupeError
from shared.runtime.image_limits import MAX_FILE_BYTES, decode_bytes
from shared.vision.headers.header import Colour, ImageFormat, ImageHeader
from shared.vision.tiles import TilePlan

GRID_1X2 = TilePlan(grid=(1, 2))
GRID_2X1 = TilePlan(grid=(2, 1))
GRID_6X4 = TilePlan(grid=(6, 4))
GRID_4X6 = TilePlan(grid=(4, 6))
MANY, FEW = "image-too-many-pixels", "image-too-few-pixels"
LONG, TILE = "image-aspect-ratio", "image-tile-out-of-bounds"

BOUNDS = [
    # width, height, plan, refusal, why
    (9344, 7000, None, None, "C-037 at the bound"),
    (9343, 6999, None, None, "C-037 one below"),
    (9345, 7000, None, MANY, "C-037 one column above"),
    (9344, 7001, None, MANY, "C-037 one row above"),
    (7000, 9344, None, None, "C-037 in the other orientation: a camera mounted upright"),
    (7001, 9344, None, MANY, "C-037 one above in the other orientation"),
    (7000, 9345, None, MANY, "C-037 one above in the other orientation"),
    (30, 30, None, None, "C-038 at the bound"),
    (31, 31, None, None, "C-038 one above"),
    (29, 30, None, FEW, "C-038 one column below"),
    (30, 29, None, FEW, "C-038 one row below"),
    (180, 30, None, None, "C-036 exactly 6:1"),
    (179, 30, None, None, "C-036 one below"),
    (181, 30, None, LONG, "C-036 one above"),
    (30, 180, None, None, "C-036 exactly 1:6"),
    (30, 181, None, LONG, "C-036 one above, upright"),
    (6000, 1000, None, None, "C-036 large, exactly 6:1"),
    (6001, 1000, None, LONG, "C-036 large, one above"),
    (10_000, 30_000, GRID_6X4, None, "C-039 at the bound"),
    (9_999, 29_999, GRID_6X4, None, "C-039 one below"),
    (10_001, 30_000, GRID_6X4, MANY, "C-039 one column above"),
    (10_000, 30_001, GRID_6X4, MANY, "C-039 one row above"),
    (30_000, 10_000, GRID_4X6, None, "C-039 in the other orientation"),
    (30_001, 10_000, GRID_4X6, MANY, "C-039 one above in the other orientation"),
    (30_000, 10_001, GRID_4X6, MANY, "C-039 one above in the other orientation"),
    (30, 60, GRID_2X1, None, "C-040 and C-042 at the bound: two tiles of 30×30"),
    (31, 61, GRID_2X1, None, "C-040 one above"),
    (29, 60, GRID_2X1, FEW, "C-040 one column below"),
    (30, 59, GRID_2X1, FEW, "C-040 one row below"),
    (60, 30, GRID_1X2, None, "C-040 in the other orientation"),
    (59, 30, GRID_1X2, FEW, "C-040 one below in the other orientation"),
    (59, 59, GRID_1X2, FEW, "C-040 the longer side is short"),
    (61, 31, GRID_1X2, None, "C-040 one above in the other orientation"),
    (60, 29, GRID_1X2, FEW, "C-040 one row below in the other orientation"),
    (30, 50 * 30, TilePlan(grid=(50, 1)), LONG, "C-036 before any grid"),
    (1500, 1500, TilePlan(grid=(50, 50)), None, "C-042 the finest grid at its bound"),
    (1500, 1499, TilePlan(grid=(50, 50)), TILE, "C-042 the finest grid, one row below"),
    (1530, 1530, TilePlan(grid=(51, 51)), None, "C-042 a grid of 51, which projects refuse"),
    (60, 360, GRID_2X1, None, "C-036 holds for tiled uploads: exactly 1:6"),
    (60, 361, GRID_2X1, LONG, "C-036 holds for tiled uploads: one above"),
    (6000, 5000, GRID_1X2, None, "C-041 tiles of 3000×5000 at the bound"),
    (6001, 5000, GRID_1X2, TILE, "C-041 a tile of 3001 px"),
    (6000, 5001, GRID_1X2, TILE, "C-041 tiles of 5001 px"),
    (10_000, 3000, GRID_1X2, None, "C-041 in the other orientation: 5000×3000"),
    (10_000, 3001, GRID_1X2, TILE, "C-041 one above in the other orientation"),
    (60, 60, TilePlan(grid=(2, 2)), None, "C-042 tiles of 30×30 at the bound"),
    (61, 60, TilePlan(grid=(2, 2)), None, "C-042 tiles of 30 and 31 px"),
    (60, 59, TilePlan(grid=(2, 1)), TILE, "C-042 a tile of 29 rows"),
    (60, 60, TilePlan(grid=(1, 3)), TILE, "C-042 tiles of 20 columns"),
    (60, 60, TilePlan(grid=(70, 1)), TILE, "more rows of tiles than of pixels"),
    (10_000, 30_000, TilePlan(grid=(5, 4)), TILE, "O5: 20 tiles are too few"),
]


@pytest.mark.parametrize(
    ("width", "height", "plan", "refusal"),
    [pytest.param(*row[:4], id=f"{row[0]}x{row[1]} {row[4]}") for row in BOUNDS],
)
def test_size_bounds(width, height, plan, refusal):
    if refusal is None:
        check_size(width, height, plan=plan)
        return
    with pytest.raises(LoupeError) as caught:
        check_size(width, height, plan=plan)
    assert caught.value.code == refusal
    assert str(width) in caught.value.detail or refusal == TILE


@pytest.mark.parametrize(("over", "refused"), [(-1, False), (0, False), (1, True)])
def test_file_size_bound(over, refused):
    """C-034: 100 MB, one byte below, at and above."""
    assert MAX_FILE_BYTES == 100_000_000
    if not refused:
        check_file_size(MAX_FILE_BYTES + over)
        return
    with pytest.raises(LoupeError) as caught:
        check_file_size(MAX_FILE_BYTES + over)
    assert (caught.value.code, caught.value.status) == ("image-file-too-large", 413)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_are_those_of_the_upright_image(orientation):
    header = check_header(jpeg_header(9344, 7000, orientation=orientation), None)
    assert header.upright_size == ((7000, 9344) if orientation >= 5 else (9344, 7000))


TILED_BOUNDS = [
    # stored as upright width, height; the grid; refusal
    (10_000, 30_000, GRID_6X4, None),
    (10_001, 30_000, GRID_6X4, MANY),
    (10_000, 30_001, GRID_6X4, MANY),
    (30, 60, GRID_2X1, None),
    (29, 60, GRID_2X1, FEW),
    (30, 59, GRID_2X1, FEW),
    (60, 361, GRID_2X1, LONG),
    (6000, 5000, GRID_1X2, None),
    (6001, 5000, GRID_1X2, TILE),
]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("width", "height", "plan", "refusal"), TILED_BOUNDS)
def test_tiled_bounds_and_tiles_are_those_of_the_upright_image(
    orientation, width, height, plan, refusal
):
    stored = (height, width) if orientation >= 5 else (width, height)
    data = jpeg_header(*stored, orientation=orientation)
    if refusal is None:
        assert check_header(data, plan).upright_size == (width, height)
        return
    with pytest.raises(LoupeError) as caught:
        check_header(data, plan)
    assert caught.value.code == refusal


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"GIF89a" + b"\0" * 64, "image-format-unsupported", id="C-033 GIF"),
        pytest.param(b"II*\0" + b"\0" * 64, "image-format-unsupported", id="C-033 TIFF"),
        pytest.param(b"<svg xmlns=''/>", "image-format-unsupported", id="C-033 SVG"),
        pytest.param(b"PK\x03\x04" + b"\0" * 64, "image-format-unsupported", id="C-033 zip"),
        pytest.param(b"", "image-format-unsupported", id="nothing"),
        pytest.param(b"\xff\xd8\xff", "image-truncated", id="JPEG magic alone"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image-truncated", id="PNG magic alone"),
        pytest.param(b"BM", "image-truncated", id="BMP magic alone"),
        pytest.param(jpeg_header(0, 100), FEW, id="JPEG of no columns"),
        pytest.param(jpeg_header(100, 0), FEW, id="JPEG of no rows (DNL)"),
        pytest.param(jpeg_header(100, 100, bits=12), "image-variant-unsupported", id="12-bit JPEG"),
        pytest.param(
            jpeg_header(100, 100, marker=0xC9), "image-variant-unsupported", id="arithmetic JPEG"
        ),
        pytest.param(
            jpeg_header(100, 100, marker=0xC3), "image-variant-unsupported", id="lossless JPEG"
        ),
        pytest.param(jpeg_header(100, 100, components=2), "image-corrupt", id="two components"),
        pytest.param(png_header(0, 100), FEW, id="PNG of no columns"),
        pytest.param(png_header(2**31 - 1, 2**31 - 1), MANY, id="PNG of 2^31 pixels"),
        pytest.param(png_header(100, 100, bits=3), "image-corrupt", id="PNG of 3 bits"),
        pytest.param(png_header(100, 100, colour=5), "image-corrupt", id="unknown PNG colour"),
        pytest.param(
            png_with_chunk(png_header(100, 100), b"acTL", b"\0\0\0\2\0\0\0\0"),
            "image-variant-unsupported",
            id="APNG",
        ),
        pytest.param(bmp(0, 100), "image-corrupt", id="BMP of no columns"),
        pytest.param(bmp(-100, 100, pixels=False), "image-corrupt", id="BMP of negative width"),
        pytest.param(bmp(2**31 - 1, 40, pixels=False), "image-truncated", id="BMP of 2^31 columns"),
        pytest.param(bmp(100, 100, pixels=False), "image-truncated", id="BMP without pixels"),
        pytest.param(
            bmp(100, 100, bits=8, compression=1), "image-variant-unsupported", id="RLE BMP"
        ),
        pytest.param(bmp(100, 100, bits=16), "image-variant-unsupported", id="16-bit BMP"),
    ],
)
def test_header_refusals(data, code):
    with pytest.raises(LoupeError) as caught:
        check_header(data, None)
    assert caught.value.code == code


def test_images_that_must_be_held_whole_stop_at_100_megapixels():
    at, above = (10_000, 10_000), (10_000, 10_001)
    plan = TilePlan(grid=(4, 4))
    for build in (
        lambda size: png_header(*size, interlace=1),
        lambda size: jpeg_header(*size, marker=0xC2),
    ):
        check_header(build(at), plan)
        with pytest.raises(LoupeError) as caught:
            check_header(build(above), plan)
        assert caught.value.code == "image-decode-too-costly"


def test_progressive_jpeg_stops_at_a_hundred_scans():
    start = jpeg_header(100, 100, marker=0xC2)[:-2]
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\0" * 4
    assert check_header(start + scan * 99, None).scans == 100
    with pytest.raises(LoupeError) as caught:
        check_header(start + scan * 100, None)
    assert caught.value.code == "image-decode-too-costly"


def test_predicted_memory_prices_what_must_be_held():
    def price(**facts: object) -> int:
        return decode_bytes(ImageHeader(ImageFormat.JPEG, 9000, 7000, Colour.RGB, **facts))

    assert price() < 128 << 20
    assert price(needs_whole=True) - price() == 7 * 9000 * 7000
    for orientation in range(2, 9):
        assert price(orientation=orientation) - price() == 3 * 9000 * 7000
    deep = price(orientation=3, bits=16, alpha=True) - price(bits=16, alpha=True)
    assert deep == 8 * 9000 * 7000
