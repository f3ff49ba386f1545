"""JPEG headers (ITU-T T.81): frame, colour, orientation and the number of scans."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.vision.headers.exif import exif_orientation
from shared.vision.headers.header import Colour, HeaderError, ImageFormat, ImageHeader

Buffer = bytes | memoryview

_SOF_BASELINE, _SOF_EXTENDED, _SOF_PROGRESSIVE = 0xC0, 0xC1, 0xC2
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0..15 without DHT, JPG, DAC
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_COLOURS = {1: Colour.GREY, 3: Colour.RGB, 4: Colour.CMYK}
MAX_SEGMENTS = 20_000  # before the first scan; real files have some dozens
SCANS_COUNTED = 1_000  # counting stops here: a picture has at most some dozens


@dataclass(frozen=True, slots=True)
class _Frame:
    marker: int
    bits: int
    width: int
    height: int
    components: int


def read_jpeg_header(data: Buffer) -> ImageHeader:
    """Read the header of a JPEG file.

    Of several pictures in one file (MPO) the first counts, as in every decoder.

    Raises:
        HeaderError: cut short, corrupt, or arithmetic, lossless, hierarchical or 12-bit coding.
    """
    frame: _Frame | None = None
    orientation = 1
    position = 2
    for _ in range(MAX_SEGMENTS):
        marker, position = _next_marker(data, position)
        if marker in _ALONE:
            continue
        if marker in (_SOI, _EOI):
            raise HeaderError("corrupt", "the JPEG has no picture")
        length = _u16(data, position)
        if length < 2:
            raise HeaderError("corrupt", "a JPEG segment has no length")
        segment = data[position + 2 : position + length]
        if marker in _FRAMES:
            frame = _frame(marker, segment)
        elif marker == _APP1 and orientation == 1 and bytes(segment[:6]) == b"Exif\0\0":
            orientation = exif_orientation(bytes(segment[6:]))
        elif marker == _SOS:
            return _header(frame, orientation, data, position)
        position += length
    raise HeaderError("corrupt", "the JPEG has too many segments")


def _header(frame: _Frame | None, orientation: int, data: Buffer, position: int) -> ImageHeader:
    if frame is None:
        raise HeaderError("corrupt", "the JPEG has no frame header")
    progressive = frame.marker == _SOF_PROGRESSIVE
    return ImageHeader(
        ImageFormat.JPEG,
        frame.width,
        frame.height,
        _COLOURS[frame.components],
        orientation=orientation,
        needs_whole=progressive,
        scans=1 + (_count_scans(data, position) if progressive else 0),
    )


def _frame(marker: int, segment: Buffer) -> _Frame:
    if marker not in (_SOF_BASELINE, _SOF_EXTENDED, _SOF_PROGRESSIVE):
        raise HeaderError(
            "unsupported-variant", "arithmetic, lossless and hierarchical JPEG are not supported"
        )
    if len(segment) < 6:
        raise HeaderError("truncated", "the JPEG frame header is cut short")
    bits, components = segment[0], segment[5]
    if bits != 8:
        raise HeaderError("unsupported-variant", f"JPEG with {bits} bits a sample is not supported")
    if components not in _COLOURS:
        raise HeaderError("corrupt", f"a JPEG has 1, 3 or 4 components, not {components}")
    return _Frame(marker, bits, _u16(segment, 3), _u16(segment, 1), components)


def _next_marker(data: Buffer, position: int) -> tuple[int, int]:
    end = len(data)
    if position + 2 > end:
        raise HeaderError("truncated", "the JPEG ends before its picture")
    if data[position] != 0xFF:
        raise HeaderError("corrupt", "a JPEG segment does not begin with a marker")
    limit = min(end, position + 64)  # fill bytes are legal and few
    while position < limit and data[position] == 0xFF:
        position += 1
    if position >= limit:
        raise HeaderError("truncated", "the JPEG ends before its picture")
    return data[position], position + 1


def _u16(data: Buffer, position: int) -> int:
    if position + 2 > len(data):
        raise HeaderError("truncated", "the JPEG ends before its picture")
    return int(data[position]) << 8 | int(data[position + 1])


def _count_scans(data: Buffer, position: int) -> int:
    count = 0
    for block in _blocks(data, position):
        count += block.count(b"\xff\xda")  # inside entropy-coded data 0xFF is followed by 0x00
        if count >= SCANS_COUNTED:
            break
    return count


def _blocks(data: Buffer, position: int, size: int = 1 << 20) -> Iterator[bytes]:
    while position < len(data):
        yield bytes(data[position : position + size + 1])  # one byte over: markers on the seam
        position += size
