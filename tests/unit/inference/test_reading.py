"""Large images are read row by row, and give the very pixels that decoding them whole gives."""

import cv2
import numpy as np
import pytest

from services.inference.adapters.pixels import (
    ROLLED_PIXELS,
    check_cut,
    check_data,
    held_bytes,
    read_pixels,
)
from services.inference.errors import NotAnImage
from shared.runtime.cuts import cut_for
from shared.runtime.image_rows import FileRows, RowsUnreadable
from shared.runtime.images import decode_rgb
from shared.runtime.manifest import ModelManifest
from shared.vision.headers.header import Colour, ImageFormat, ImageHeader
from shared.vision.tiles import TilePlan

CUT = ModelManifest(
    task="detection",
    labels=("a",),
    input_width=8,
    input_height=8,
    tile_plan=TilePlan(tile_size=(640, 640), overlap_px=64),
)
UNCUT = ModelManifest(task="detection", labels=("a",), input_width=8, input_height=8)


def file_of(pixels: np.ndarray, kind: str, *options: int) -> bytes:
    return cv2.imencode(f".{kind}", pixels, list(options))[1].tobytes()


def noise(width: int, height: int, *channels: int) -> np.ndarray:
    small = np.random.default_rng(5).integers(
        0, 256, (height // 4 + 1, width // 4 + 1, *channels), np.uint8
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("kind", ["jpg", "png", "bmp"])
def test_rows_of_a_file_are_the_pixels_that_decoding_gives(kind, channels):
    data = file_of(noise(203, 331, *channels), kind)
    header = check_data(data)
    rows = np.concatenate([strip.pixels for strip in FileRows(data, header).strips()])
    np.testing.assert_array_equal(rows, decode_rgb(data))


@pytest.mark.parametrize("kind", ["jpg", "png", "bmp"])
def test_a_file_that_ends_early_is_unreadable(kind):
    data = file_of(noise(400, 300, 3), kind)
    header = check_data(data)
    with pytest.raises(RowsUnreadable):
        list(FileRows(data[: len(data) * 2 // 3], header).strips())


def test_an_image_that_must_be_turned_is_not_read_by_rows():
    turned = ImageHeader(ImageFormat.JPEG, 100, 100, Colour.RGB, orientation=6)
    with pytest.raises(ValueError, match="plain"):
        FileRows(b"", turned)


def test_only_a_large_image_that_is_cut_is_read_by_rows():
    data = file_of(np.zeros((4001, 4000), np.uint8), "png")
    header = check_data(data)
    assert header.width * header.height > ROLLED_PIXELS
    assert isinstance(read_pixels(data, header, cut_for(CUT, 4000, 4001)), FileRows)
    assert isinstance(read_pixels(data, header, cut_for(UNCUT, 4000, 4001)), np.ndarray)


@pytest.mark.parametrize("size", [(10_000, 30_000), (30_000, 10_000)])
def test_the_largest_image_never_takes_the_memory_of_its_pixels(size):
    header = ImageHeader(ImageFormat.JPEG, *size, Colour.RGB)
    held = held_bytes(header, cut_for(CUT, *size))
    assert held < 200_000_000 < size[0] * size[1] * 3


@pytest.mark.parametrize(
    ("header", "manifest", "words"),
    [
        (ImageHeader(ImageFormat.JPEG, 9344, 7001, Colour.RGB), UNCUT, "cuts it into tiles"),
        (ImageHeader(ImageFormat.JPEG, 7000, 9345, Colour.RGB), UNCUT, "cuts it into tiles"),
        (
            ImageHeader(ImageFormat.JPEG, 10_000, 10_001, Colour.RGB, needs_whole=True),
            CUT,
            "100 megapixels",
        ),
        (
            ImageHeader(ImageFormat.JPEG, 10_001, 10_000, Colour.RGB, orientation=6),
            CUT,
            "100 megapixels",
        ),
    ],
)
def test_an_image_whose_pixels_would_all_be_held_is_refused_above_a_bound(header, manifest, words):
    cut = cut_for(manifest, *header.upright_size)
    with pytest.raises(NotAnImage, match=words):
        check_cut(header, cut, is_tile=False)


@pytest.mark.parametrize(
    ("header", "manifest"),
    [
        (ImageHeader(ImageFormat.JPEG, 9344, 7000, Colour.RGB), UNCUT),
        (ImageHeader(ImageFormat.JPEG, 7000, 9344, Colour.RGB), UNCUT),
        (ImageHeader(ImageFormat.JPEG, 10_000, 10_000, Colour.RGB, needs_whole=True), CUT),
        (ImageHeader(ImageFormat.PNG, 10_000, 30_000, Colour.RGB), CUT),
    ],
)
def test_an_image_at_a_bound_is_taken(header, manifest):
    check_cut(header, cut_for(manifest, *header.upright_size), is_tile=False)
