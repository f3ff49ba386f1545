"""Builders of image files, whole and broken, for the gallery's tests."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

ORIENTATION = 0x0112


def photo(width: int = 320, height: int = 240, seed: int = 0) -> Image.Image:
    """A smooth coloured picture with a corner that tells which way is up."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels[: max(1, height // 4), : max(1, width // 4)] = (255, 0, 0)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of `kind` (JPEG, PNG, BMP)."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    """An EXIF block with nothing but the orientation."""
    block = Image.Exif()
    block[ORIENTATION] = orientation
    return block


def png_header(
    width: int, height: int, *, bits: int = 8, colour: int = 2, interlace: int = 0
) -> bytes:
    """A PNG that claims a size, with a few bytes of pixels."""
    fields = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 64))
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", fields)
    return start + pixels + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """The PNG with one more chunk right behind its header."""
    return png[:33] + png_chunk(kind, data) + png[33:]


def jpeg_header(
    width: int,
    height: int,
    *,
    marker: int = 0xC0,
    bits: int = 8,
    components: int = 3,
    orientation: int = 1,
) -> bytes:
    """A JPEG that claims a size, up to its first scan."""
    tiff = bytes.fromhex("4d4d002a00000008000101120003000000010000000000000000")
    tiff = tiff[:18] + struct.pack(">H", orientation) + tiff[20:]
    app1 = b"Exif\0\0" + tiff
    frame = struct.pack(">BHHB", bits, height, width, components)
    frame += b"".join(bytes([index + 1, 0x11, 0]) for index in range(components))
    segments = [(0xE1, app1), (marker, frame), (0xDA, b"\x01\x01\x00\x00\x3f\x00")]
    body = b"".join(
        bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data for kind, data in segments
    )
    return b"\xff\xd8" + body + b"\0" * 16 + b"\xff\xd9"


def bmp(
    width: int, height: int, *, bits: int = 24, compression: int = 0, pixels: bool = True
) -> bytes:
    """A BMP; `height` below zero stores the top row first."""
    row_bytes = (abs(width) * bits + 31) // 32 * 4
    palette = b"".join(bytes([n, n, n, 0]) for n in range(1 << bits)) if bits <= 8 else b""
    offset = 54 + len(palette)
    data = bytes(row_bytes * abs(height)) if pixels else b""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + data
