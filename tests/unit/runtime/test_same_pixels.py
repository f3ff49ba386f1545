"""The same file gives the same pixels by every door: gallery, training, reports, prediction."""

import io
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from services.gallery.process.decoder import decode as take_in
from services.inference.adapters.files import ForeignFiles
from services.inference.adapters.pixels import check_file
from services.trainer.process.dataset import read_image
from shared.runtime.image_rows import FileRows
from shared.runtime.images import ImageDamaged, decode_rgb
from shared.vision.headers.sniff import read_header

Pixels = NDArray[np.uint8]
RNG = np.random.default_rng(3)
COARSE = RNG.integers(0, 256, (9, 12, 3), np.uint8)
PICTURE = Image.fromarray(COARSE).resize((123, 91), Image.Resampling.BICUBIC)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def sixteen_bit(values: NDArray[np.integer]) -> bytes:
    return cv2.imencode(".png", values.astype(np.uint16))[1].tobytes()


GREY = np.asarray(PICTURE.convert("L"))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FILES = {
    "JPEG": saved(PICTURE, "JPEG", quality=90),
    "JPEG, full chroma": saved(PICTURE, "JPEG", quality=90, subsampling=0),
    "progressive JPEG": saved(PICTURE, "JPEG", progressive=True),
    "grey JPEG": saved(PICTURE.convert("L"), "JPEG"),
    "CMYK JPEG": saved(PICTURE.convert("CMYK"), "JPEG", quality=90),
    "JPEG with a profile": saved(PICTURE, "JPEG", icc_profile=PROFILE),
    "JPEG with padding": saved(PICTURE, "JPEG", quality=90)[:-2] + b"\0\0\0\0\xff\xd9",
    "PNG": saved(PICTURE, "PNG"),
    "grey PNG": saved(PICTURE.convert("L"), "PNG"),
    "palette PNG": saved(PICTURE.quantize(64), "PNG"),
    "one-bit PNG": saved(PICTURE.convert("1"), "PNG"),
    "PNG with alpha": saved(PICTURE.convert("RGBA"), "PNG"),
    "16-bit PNG": sixteen_bit(np.asarray(PICTURE)[:, :, ::-1].astype(np.uint16) * 257),
    "12-bit PNG": sixteen_bit(GREY.astype(np.uint16) * 16 + 7),
    "BMP": saved(PICTURE, "BMP"),
    "palette BMP": saved(PICTURE.quantize(64), "BMP"),
    "grey BMP": saved(PICTURE.convert("L"), "BMP"),
    "32-bit BMP": saved(PICTURE.convert("RGBA"), "BMP"),
    **{f"JPEG turned by {n}": saved(PICTURE, "JPEG", exif=turned(n)) for n in (2, 3, 6, 8)},
    "PNG turned by 6": saved(PICTURE, "PNG", exif=turned(6)),
}


def content_of(data: bytes, folder: Path) -> Path:
    """The file that the gallery keeps and hands to training, reports and test runs."""
    original = folder / "original"
    original.write_bytes(data)
    return take_in(original, folder).content or original


@pytest.mark.parametrize("name", FILES)
async def test_the_same_file_gives_the_same_pixels_by_every_door(name: str, tmp_path: Path) -> None:
    data = FILES[name]
    kept = content_of(data, tmp_path)
    header = read_header(kept.read_bytes())
    trained = read_image(kept, name)
    rows = np.concatenate([s.pixels for s in FileRows(kept.read_bytes(), header).strips()])
    files = ForeignFiles(tmp_path / "staging", workers=1, memory_bytes=512 << 20)
    try:
        original = tmp_path / "original"
        async with files.opened(original, check_file(original)) as opened:
            predicted = np.array(opened)
    finally:
        await files.pool.close()
    np.testing.assert_array_equal(trained, decode_rgb(kept.read_bytes()))
    np.testing.assert_array_equal(predicted, trained, "a file for prediction")
    np.testing.assert_array_equal(rows, trained, "an image read by rows")
    assert list((tmp_path / "staging").iterdir()) == []


def test_cmyk_is_what_other_decoders_make_of_it(tmp_path: Path) -> None:
    found = read_image(content_of(FILES["CMYK JPEG"], tmp_path), "cmyk").astype(float)
    assert np.abs(found - np.asarray(PICTURE, float)).mean() < 4


@pytest.mark.parametrize(
    ("values", "shown", "words"),
    [
        (GREY.astype(np.uint16) * 257, GREY, []),
        (GREY.astype(np.uint16) * 16 + 15, GREY, ["12-bit"]),
        (np.minimum(GREY, 40).astype(np.uint16) * 16, np.minimum(GREY, 40), ["12-bit", "pale"]),
        (np.minimum(GREY, 40).astype(np.uint16) * 257, np.minimum(GREY, 40), ["pale"]),
        (np.full((40, 40), 4095), np.full((40, 40), 255), ["12-bit", "pale"]),
        (np.full((40, 40), 4096), np.full((40, 40), 16), ["pale"]),
    ],
    ids=["16 bits", "12 bits", "dark 12 bits", "dark 16 bits", "last of 12 bits", "first of 16"],
)
def test_deep_pictures_are_shown_and_told(
    values: NDArray[np.integer], shown: Pixels, words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "original"
    path.write_bytes(sixteen_bit(values))
    made = take_in(path, tmp_path)
    assert made.content is not None
    np.testing.assert_array_equal(read_image(made.content, "deep")[:, :, 0], shown)
    assert len(made.warnings) == len(words)
    for word, warning in zip(words, made.warnings, strict=True):
        assert word in warning


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
@pytest.mark.parametrize("name", ["JPEG", "progressive JPEG", "PNG", "BMP"])
def test_what_is_no_whole_image_is_told(name: str, share: float) -> None:
    data = FILES[name]
    with pytest.raises(ImageDamaged):
        decode_rgb(data[: math.floor(len(data) * share)])
