"""PNG headers (ISO/IEC 15948): size, colour, interlace, animation and orientation."""

import struct

from shared.vision.headers.exif import exif_orientation
from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader

Buffer = bytes | memoryview

_DEPTHS = {  # colour type: (colour, alpha, legal bit depths)
    0: (Colour.GREY, False, {1, 2, 4, 8, 16}),
    2: (Colour.RGB, False, {8, 16}),
    3: (Colour.PALETTE, False, {1, 2, 4, 8}),
    4: (Colour.GREY, True, {8, 16}),
    6: (Colour.RGB, True, {8, 16}),
}
MAX_CHUNKS = 20_000  # before the first pixels
MAX_EXIF_BYTES = 1 << 16


def read_png_header(data: Buffer) -> ImageHeader:
    """Read the header of a PNG file, up to its first pixels.

    Raises:
        HeaderError: cut short or corrupt.
    """
    width, height, bits, colour, alpha, interlaced = _first_chunk(data)
    animated, orientation = False, 1
    position = 33
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            raise HeaderError("truncated", "the PNG ends before its picture")
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            return ImageHeader(
                ImageFormat.PNG,
                width,
                height,
                colour,
                bits=bits,
                orientation=orientation,
                alpha=alpha,
                needs_whole=interlaced,
                animated=animated,
            )
        if kind == b"IEND" or length > len(data):
            raise HeaderError("corrupt", "the PNG has no picture")
        animated = animated or kind == b"acTL"
        alpha = alpha or kind == b"tRNS"
        if kind == b"eXIf" and length <= MAX_EXIF_BYTES:
            orientation = exif_orientation(bytes(data[position + 8 : position + 8 + length]))
        position += 12 + length
    raise HeaderError("corrupt", "the PNG has too many chunks")


def _first_chunk(data: Buffer) -> tuple[int, int, int, Colour, bool, bool]:
    if len(data) < 33:
        raise HeaderError("truncated", "the PNG header is cut short")
    length, kind, width, height, bits, colour, compression, filtering, interlace = (
        struct.unpack_from(">I4sIIBBBBB", data, 8)
    )
    if (length, kind) != (13, b"IHDR") or colour not in _DEPTHS:
        raise HeaderError("corrupt", "the PNG header is broken")
    name, alpha, depths = _DEPTHS[colour]
    if bits not in depths or compression or filtering or interlace > 1:
        raise HeaderError("corrupt", "the PNG header is broken")
    return width, height, bits, name, alpha, bool(interlace)
