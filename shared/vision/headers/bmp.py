"""BMP headers (Windows and OS/2 1.x), with what a reader needs to find each row."""

import struct
from dataclasses import dataclass

from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader

Buffer = bytes | memoryview

_CORE, _INFO = 12, 40
_KNOWN_SIZES = {_CORE, _INFO, 52, 56, 108, 124}
_RGB, _BITFIELDS, _ALPHABITFIELDS = 0, 3, 6
_MASKS_24 = (0xFF0000, 0x00FF00, 0x0000FF)  # the byte order B, G, R of plain 24 and 32 bits
_DEPTHS = {1, 4, 8, 24, 32}
_FILE_HEADER = 14


@dataclass(frozen=True, slots=True)
class BmpLayout:
    """Where the pixels of a BMP stand.

    Attributes:
        bits: bits of one pixel: 1, 4 or 8 (palette), 24 or 32 (blue, green, red[, unused]).
        top_down: the first stored row is the top row.
        pixels_at: offset of the first stored row in the file.
        row_bytes: bytes of a stored row, padded to four.
        palette_at: offset of the palette, or None.
        palette_entry: bytes of one palette entry, 3 or 4.
        colours: number of palette entries.
    """

    width: int
    height: int
    bits: int
    top_down: bool
    pixels_at: int
    row_bytes: int
    palette_at: int | None
    palette_entry: int
    colours: int


def read_bmp_header(data: Buffer) -> ImageHeader:
    """Read the header of a BMP file.

    Raises:
        HeaderError: see `read_bmp_layout`.
    """
    layout = read_bmp_layout(data)
    colour = Colour.RGB if layout.palette_at is None else Colour.PALETTE
    return ImageHeader(
        ImageFormat.BMP, layout.width, layout.height, colour, bits=min(layout.bits, 8)
    )


def read_bmp_layout(data: Buffer) -> BmpLayout:
    """Read where the pixels stand, and check that the file holds them all.

    Raises:
        HeaderError: cut short, corrupt, or run-length coded, 16-bit or with unusual masks.
    """
    if len(data) < _FILE_HEADER + _CORE:
        raise HeaderError("truncated", "the BMP header is cut short")
    pixels_at, header_size = struct.unpack_from("<II", data, 10)
    if header_size not in _KNOWN_SIZES:
        raise HeaderError("unsupported-variant", "this kind of BMP header is not supported")
    if len(data) < _FILE_HEADER + header_size:
        raise HeaderError("truncated", "the BMP header is cut short")
    width, height, bits, compression, colours = _info(data, header_size)
    if width <= 0 or height == 0 or height == -(2**31):
        raise HeaderError("corrupt", "the BMP has no pixels")
    if bits not in _DEPTHS or not _is_plain(data, bits, compression):
        raise HeaderError(
            "unsupported-variant", "run-length coded and 16-bit BMP are not supported"
        )
    row_bytes = (width * bits + 31) // 32 * 4
    layout = BmpLayout(
        width,
        abs(height),
        bits,
        top_down=height < 0,
        pixels_at=pixels_at,
        row_bytes=row_bytes,
        palette_at=_FILE_HEADER + header_size if bits <= 8 else None,
        palette_entry=3 if header_size == _CORE else 4,
        colours=_colours(bits, colours, header_size=header_size, pixels_at=pixels_at),
    )
    _check_extent(layout, len(data), header_size)
    return layout


def _info(data: Buffer, header_size: int) -> tuple[int, int, int, int, int]:
    if header_size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, _FILE_HEADER + 4)
        return width, height, bits, _RGB, 0
    width, height, _, bits, compression, _, _, _, colours = struct.unpack_from(
        "<iiHHIIiiI", data, _FILE_HEADER + 4
    )
    return width, height, bits, compression, colours


def _colours(bits: int, named: int, *, header_size: int, pixels_at: int) -> int:
    if bits > 8:
        return 0
    if header_size == _CORE:  # names no number: what fits before the pixels
        return max(1, min(1 << bits, (pixels_at - _FILE_HEADER - _CORE) // 3))
    return named or 1 << bits


def _is_plain(data: Buffer, bits: int, compression: int) -> bool:
    if compression == _RGB:
        return True
    if compression not in (_BITFIELDS, _ALPHABITFIELDS) or bits != 32:
        return False
    masks_at = _FILE_HEADER + _INFO
    return len(data) >= masks_at + 12 and struct.unpack_from("<III", data, masks_at) == _MASKS_24


def _check_extent(layout: BmpLayout, size: int, header_size: int) -> None:
    if layout.colours > 1 << min(layout.bits, 8) and layout.palette_at is not None:
        raise HeaderError("corrupt", "the BMP palette is larger than its indices reach")
    palette_end = _FILE_HEADER + header_size + layout.colours * layout.palette_entry
    if layout.pixels_at < palette_end:
        raise HeaderError("corrupt", "the BMP pixels begin inside its header")
    if layout.pixels_at + layout.row_bytes * layout.height > size:
        raise HeaderError("truncated", "the BMP is shorter than its pixels")
