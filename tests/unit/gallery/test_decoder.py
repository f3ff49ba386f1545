"""Every variant gives upright 8-bit pixels and thumbnails; no broken file passes."""

import io
import os
import signal

import cv2
import numpy as np
import pytest
from image_files import bmp, encoded, exif, jpeg_header, photo, png_header
from malformed import GREEDY
from PIL import Image, ImageOps

from services.gallery.adapters.decoders import Decoders
from services.gallery.domain.refusals import ImageDecodeTooCostly
from services.gallery.domain.thumbnails import SIZES
from services.gallery.process.decoder import decode
from shared.errors import LoupeError
from shared.vision.headers.header import HeaderError

PICTURE = photo(1200, 900)


def _tall(array):
    ok, data = cv2.imencode(".png", (np.asarray(array).astype(np.uint16) << 8) + 77)
    assert ok
    return data.tobytes()


VARIANTS = {
    "baseline JPEG": encoded(PICTURE, "JPEG", quality=92),
    "progressive JPEG": encoded(PICTURE, "JPEG", quality=92, progressive=True),
    "grey JPEG": encoded(PICTURE.convert("L"), "JPEG"),
    "CMYK JPEG": encoded(PICTURE.convert("CMYK"), "JPEG", quality=92),
    "PNG": encoded(PICTURE, "PNG"),
    "grey PNG": encoded(PICTURE.convert("L"), "PNG"),
    "palette PNG": encoded(PICTURE.quantize(64), "PNG"),
    "one-bit PNG": encoded(PICTURE.convert("1"), "PNG"),
    "PNG with alpha": encoded(PICTURE.convert("RGBA"), "PNG"),
    "palette PNG with transparency": encoded(PICTURE.quantize(64), "PNG", transparency=3),
    "BMP": encoded(PICTURE, "BMP"),
    "palette BMP": encoded(PICTURE.quantize(64), "BMP"),
    "grey BMP": encoded(PICTURE.convert("L"), "BMP"),
    "one-bit BMP": encoded(PICTURE.convert("1"), "BMP"),
    "32-bit BMP": encoded(PICTURE.convert("RGBA"), "BMP"),
    **{
        f"{kind} turned by orientation {turn}": encoded(PICTURE, kind, exif=exif(turn))
        for kind in ("JPEG", "PNG")
        for turn in range(2, 9)
    },
}
UNCHANGED = {
    "baseline JPEG", "progressive JPEG", "grey JPEG", "PNG", "grey PNG", "palette PNG",
    "one-bit PNG", "BMP", "palette BMP", "grey BMP", "one-bit BMP", "32-bit BMP",
}  # fmt: skip


def _thumbnails(decoded):
    data = decoded.thumbnails.read_bytes()
    return {
        size: Image.open(io.BytesIO(data[start : start + length]))
        for size, (start, length) in decoded.spans.items()
    }


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_gives_upright_content_and_thumbnails(name, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(VARIANTS[name])
    decoded = decode(path, tmp_path)
    assert (decoded.content is None) is (name in UNCHANGED)
    expected = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    if decoded.content is not None:
        content = Image.open(decoded.content)
        assert (content.size, content.mode) == (expected.size, "RGB")
        assert content.getexif().get(0x0112, 1) == 1
        assert np.abs(np.asarray(content, float) - np.asarray(expected, float)).mean() < 2
    for size, picture in _thumbnails(decoded).items():
        assert max(picture.size) == size
        wanted = expected.resize(picture.size, Image.Resampling.LANCZOS)
        difference = np.asarray(picture.convert("RGB"), float) - np.asarray(wanted, float)
        assert np.abs(difference).mean() < 8  # one-bit dither is the worst
    assert sorted(decoded.spans) == sorted(SIZES)


@pytest.mark.parametrize("array", [np.asarray(PICTURE), np.asarray(PICTURE.convert("L"))])
def test_sixteen_bits_become_their_high_byte(array, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(_tall(array))
    decoded = decode(path, tmp_path)
    content = cv2.imread(str(decoded.content), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(content, array)


def test_small_image_is_not_enlarged(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(encoded(photo(31, 40), "PNG"))
    assert {picture.size for picture in _thumbnails(decode(path, tmp_path)).values()} == {(31, 40)}


def test_padding_between_markers_is_no_damage(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(VARIANTS["baseline JPEG"][:-2] + b"\0\0\0\0\xff\xd9")
    assert decode(path, tmp_path).content is None


@pytest.mark.parametrize("name", ["baseline JPEG", "progressive JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("missing", [1, 2, 3, 5, 8, 11, 12])
def test_file_without_its_last_bytes_is_cut_short(name, missing, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(VARIANTS[name][:-missing])
    with pytest.raises(HeaderError) as caught:
        decode(path, tmp_path)
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize("name", ["baseline JPEG", "progressive JPEG", "PNG", "BMP", "CMYK JPEG"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_file_cut_short_says_so(name, share, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(VARIANTS[name][: int(len(VARIANTS[name]) * share)])
    with pytest.raises(HeaderError) as caught:
        decode(path, tmp_path)
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(jpeg_header(100, 100), id="JPEG without tables"),
        pytest.param(png_header(3000, 3000), id="PNG with too few pixels"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_file_without_its_pixels_is_refused(data, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(HeaderError):
        decode(path, tmp_path)


async def test_pool_decodes_refuses_and_replaces_a_lost_decoder(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(VARIANTS["baseline JPEG"])
    bad.write_bytes(VARIANTS["PNG"][:5000])
    decoders = Decoders(workers=1, memory_bytes=1 << 30)
    await decoders.pool.open()
    try:
        decoded = await decoders.decode(good, tmp_path, predicted_bytes=1 << 20)
        assert decoded.content_type == "image/jpeg"
        with pytest.raises(LoupeError) as caught:
            await decoders.decode(bad, tmp_path, predicted_bytes=1 << 20)
        assert caught.value.code == "image-truncated"
        (pid,) = decoders.pool.pids
        os.kill(pid, signal.SIGKILL)  # as a system short of memory does: another gets it
        again = await decoders.decode(good, tmp_path, predicted_bytes=1 << 20)
        assert again.spans.keys() == decoded.spans.keys()
        (pid,) = decoders.pool.pids
        os.kill(pid, signal.SIGXCPU)  # as the kernel does when the time is used up
        with pytest.raises(ImageDecodeTooCostly):
            await decoders.decode(good, tmp_path, predicted_bytes=1 << 20)
        again = await decoders.decode(good, tmp_path, predicted_bytes=1 << 20)
        assert again.spans.keys() == decoded.spans.keys()
    finally:
        await decoders.pool.close()
    assert not decoders.pool.pids


@pytest.mark.parametrize("greedy", GREEDY, ids=["progressive JPEG", "turned PNG"])
async def test_file_that_wants_too_much_memory_costs_a_refusal(greedy, tmp_path):
    path, good = tmp_path / "greedy", tmp_path / "good"
    path.write_bytes(greedy)
    good.write_bytes(VARIANTS["PNG"])
    decoders = Decoders(workers=1, memory_bytes=1 << 30, worker_bytes=192 << 20)
    await decoders.pool.open()
    try:
        (first,) = decoders.pool.pids
        with pytest.raises(LoupeError) as caught:
            await decoders.decode(path, tmp_path, predicted_bytes=1 << 30)
        assert first not in decoders.pool.pids, "a decoder without memory is not asked again"
        assert caught.value.code == "image-decode-too-costly"
        assert (await decoders.decode(good, tmp_path, predicted_bytes=1)).content is None
    finally:
        await decoders.pool.close()


def test_every_bmp_depth_and_direction_reads_the_same(tmp_path):
    path = tmp_path / "image"
    for bits in (1, 4, 8, 24, 32):
        for height in (50, -50):
            path.write_bytes(bmp(70, height, bits=bits))
            assert {p.size for p in _thumbnails(decode(path, tmp_path)).values()} == {(70, 50)}
