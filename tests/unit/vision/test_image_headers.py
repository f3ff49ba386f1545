"""What headers say, against files that a well-known library wrote."""

import contextlib
import io
import struct

import numpy as np
import pytest
from PIL import Image

from shared.vision.bmp import decode_rows, palette_rgb, row_span
from shared.vision.headers.bmp import read_bmp_layout
from shared.vision.headers.exif import exif_orientation
from shared.vision.headers.header import Colour, HeaderError, ImageFormat
from shared.vision.headers.sniff import read_header, sniff


def saved(mode: str, kind: str, **options: object) -> bytes:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (37, 53, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image = image.quantize(40) if mode == "P" else image.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "colour", "bits", "alpha"),
    [
        ("JPEG", "RGB", Colour.RGB, 8, False),
        ("JPEG", "L", Colour.GREY, 8, False),
        ("JPEG", "CMYK", Colour.CMYK, 8, False),
        ("PNG", "RGB", Colour.RGB, 8, False),
        ("PNG", "RGBA", Colour.RGB, 8, True),
        ("PNG", "LA", Colour.GREY, 8, True),
        ("PNG", "P", Colour.PALETTE, 8, False),
        ("PNG", "1", Colour.GREY, 1, False),
        ("BMP", "RGB", Colour.RGB, 8, False),
        ("BMP", "P", Colour.PALETTE, 8, False),
        ("BMP", "1", Colour.PALETTE, 1, False),
    ],
)
def test_header_of_each_kind(kind, mode, colour, bits, alpha):
    header = read_header(saved(mode, kind))
    assert header.format is ImageFormat(kind.lower())
    assert (header.width, header.height) == (53, 37)
    assert (header.colour, header.bits, header.alpha) == (colour, bits, alpha)


def test_progressive_jpeg_is_known_with_its_scans():
    assert not read_header(saved("RGB", "JPEG")).needs_whole
    header = read_header(saved("RGB", "JPEG", progressive=True))
    assert header.needs_whole
    assert 5 <= header.scans <= 12


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(0, 12))
def test_orientation_in_both_byte_orders(order, value):
    start = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, value, 0)
    block = start + struct.pack(f"{order}IH", 8, 1) + entry
    assert exif_orientation(block) == (value if 1 <= value <= 8 else 1)


def test_random_bytes_after_the_magic_are_refused_or_read_as_a_size():
    rng = np.random.default_rng(1)
    read = 0
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"):
        for size in (0, 1, 5, 20, 60, 300):
            for _ in range(60):
                with contextlib.suppress(HeaderError):
                    read += read_header(magic + rng.bytes(size)).width >= 0
    assert read <= 3, "noise is no image"


def test_every_prefix_of_a_header_is_refused_in_words():
    for data in (saved("RGB", "JPEG"), saved("RGB", "PNG"), saved("P", "BMP")):
        for size in range(60):
            with pytest.raises(HeaderError):
                read_header(data[: min(size, len(data))][:30])


def test_other_formats_are_not_ours():
    with pytest.raises(HeaderError) as caught:
        sniff(b"GIF89a")
    assert caught.value.reason == "not-an-image"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
@pytest.mark.parametrize("step", [1, 7, 37])
def test_bmp_rows_are_the_pixels(mode, step):
    data = saved(mode, "BMP")
    layout = read_bmp_layout(data)
    palette = palette_rgb(layout, data)
    rows = []
    for y in range(0, layout.height, step):
        offset, size = row_span(layout, y, min(step, layout.height - y))
        rows.append(decode_rows(data[offset : offset + size], layout, palette))
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(np.concatenate(rows), expected)
