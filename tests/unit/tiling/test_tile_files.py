"""Tiles are exactly the windows of their plan, whatever the format."""

import io

import numpy as np
import pytest
from PIL import Image

from services.tiling.process.tile_files import CuttingStopped, ImageUnreadable, cut
from shared.errors import NoSpaceLeft
from shared.vision.strips import Strip, fill_tiles
from shared.vision.tiles import TilePlan

PLANS = [
    TilePlan(),
    TilePlan(grid=(2, 2)),
    TilePlan(grid=(3, 1)),
    TilePlan(grid=(4, 5)),
    TilePlan(grid=(2, 3), overlap_px=17),
    TilePlan(tile_size=(97, 61), overlap_px=20),
]


def picture(mode="RGB", size=(333, 257)):
    rng = np.random.default_rng(8)
    pixels = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    return image.quantize(32) if mode == "P" else image.convert(mode)


def written(tmp_path, image, kind, **options):
    path = tmp_path / "image"
    image.save(path, kind, **options)
    return path


@pytest.mark.parametrize("plan", PLANS, ids=str)
@pytest.mark.parametrize(
    ("kind", "mode", "tile_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "L", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("BMP", "RGB", "image/bmp"),
        ("BMP", "RGBA", "image/bmp"),
        ("BMP", "L", "image/png"),
        ("BMP", "P", "image/png"),
        ("BMP", "1", "image/png"),
    ],
)
def test_lossless_tiles_are_the_pixels_of_their_windows(plan, kind, mode, tile_type, tmp_path):
    image = picture(mode)
    tiles = cut(written(tmp_path, image, kind), plan, tmp_path)
    assert [tile.window for tile in tiles] == plan.windows(*image.size)
    whole = np.asarray(image.convert("RGB"))
    for tile in tiles:
        x1, y1, x2, y2 = tile.window.box_xyxy
        pixels = np.asarray(Image.open(tile.path).convert("RGB"))
        np.testing.assert_array_equal(pixels, whole[y1:y2, x1:x2])
        assert tile.content_type == tile_type
        assert tile.size_bytes == tile.path.stat().st_size


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_tiles_are_near_the_pixels_of_their_windows(mode, progressive, tmp_path):
    smooth = picture(mode, (40, 30)).resize((1000, 700), Image.Resampling.BICUBIC)
    path = written(tmp_path, smooth, "JPEG", quality=95, progressive=progressive)
    whole = np.asarray(Image.open(path).convert(mode), float)
    for tile in cut(path, TilePlan(grid=(3, 2)), tmp_path):
        x1, y1, x2, y2 = tile.window.box_xyxy
        stored = Image.open(tile.path)
        assert stored.mode == mode
        assert np.abs(np.asarray(stored, float) - whole[y1:y2, x1:x2]).mean() < 2


def test_same_image_and_plan_give_the_same_bytes(tmp_path):
    path = written(tmp_path, picture(), "JPEG")
    first = [tile.sha256 for tile in cut(path, TilePlan(grid=(2, 2)), tmp_path)]
    assert first == [tile.sha256 for tile in cut(path, TilePlan(grid=(2, 2)), tmp_path)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_damaged_image_is_refused(kind, tmp_path):
    path = written(tmp_path, picture(), kind)
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(ImageUnreadable):
        cut(path, TilePlan(grid=(2, 2)), tmp_path)


def test_image_with_fewer_pixels_than_tiles_is_refused(tmp_path):
    with pytest.raises(ImageUnreadable, match="cannot be cut"):
        cut(written(tmp_path, picture(size=(5, 5)), "PNG"), TilePlan(grid=(9, 1)), tmp_path)


def test_only_tiles_that_the_strip_meets_are_held():
    image = np.zeros((100, 10, 1), np.uint8)
    windows = TilePlan(grid=(10, 1)).windows(10, 100)
    walked: list[int] = []

    def strips():
        for y in range(0, 100, 5):
            walked.append(y)
            yield Strip(y, image[y : y + 5])

    given = [(walked[-1], window.row) for window, _ in fill_tiles(windows, strips())]
    assert given == [(row * 10 + 5, row) for row in range(10)]


def test_no_more_memory_is_asked_for_than_the_tiles_that_are_read_at_once():
    image = np.zeros((330, 100, 3), np.uint8)
    windows = TilePlan(grid=(10, 4)).windows(100, 330)
    held = most = 0

    def allocate(shape):
        nonlocal held, most
        held += 1
        most = max(most, held)
        return np.empty(shape, np.uint8)

    strips = (Strip(y, image[y : y + 16]) for y in range(0, 330, 16))
    for _ in fill_tiles(windows, strips, allocate=allocate):
        held -= 1
    assert (held, most) == (0, 4)


def test_tiles_smaller_than_a_strip_are_filled_too():
    image = np.arange(60, dtype=np.uint8).reshape(20, 3, 1)
    windows = TilePlan(grid=(10, 1)).windows(3, 20)
    strips = (Strip(y, image[y : y + 5]) for y in range(0, 20, 5))
    given = [
        (window.row, pixels[:, :, 0].tolist()) for window, pixels in fill_tiles(windows, strips)
    ]
    assert given == [(row, image[2 * row : 2 * row + 2, :, 0].tolist()) for row in range(10)]


def test_bmp_tiles_read_in_every_decoder(tmp_path):
    import cv2

    tiles = cut(written(tmp_path, picture(), "BMP"), TilePlan(grid=(1, 2)), tmp_path)
    for tile in tiles:
        pillow = np.asarray(Image.open(io.BytesIO(tile.path.read_bytes())))
        np.testing.assert_array_equal(cv2.imread(str(tile.path))[:, :, ::-1], pillow)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_full_disk_is_not_the_images_fault(kind, tmp_path):
    path, tiles = written(tmp_path, picture(), kind), tmp_path / "tiles"
    tiles.mkdir()
    name = cut(path, TilePlan(grid=(1, 2)), tmp_path)[0].path.name
    (tiles / name).symlink_to("/dev/full")
    with pytest.raises(NoSpaceLeft):
        cut(path, TilePlan(grid=(1, 2)), tiles)


def test_cutting_stops_at_the_next_strip_when_nobody_wants_the_tiles(tmp_path):
    path = written(tmp_path, picture(size=(64, 4000)), "PNG")
    asked = []

    def stopping():
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(CuttingStopped):
        cut(path, TilePlan(grid=(4, 1)), tmp_path, stopping)
    assert len(asked) == 3
