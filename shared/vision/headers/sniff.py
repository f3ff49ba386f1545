"""Which format a file is, by its magic bytes, and its header."""

from shared.vision.headers.bmp import read_bmp_header
from shared.vision.headers.header import HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.jpeg import read_jpeg_header
from shared.vision.headers.png import read_png_header

Buffer = bytes | memoryview

_MAGIC = {
    b"\xff\xd8\xff": ImageFormat.JPEG,
    b"\x89PNG\r\n\x1a\n": ImageFormat.PNG,
    b"BM": ImageFormat.BMP,
}
_READERS = {
    ImageFormat.JPEG: read_jpeg_header,
    ImageFormat.PNG: read_png_header,
    ImageFormat.BMP: read_bmp_header,
}


def sniff(data: Buffer) -> ImageFormat:
    """Tell the format from the first bytes; names and content types are not believed.

    Raises:
        HeaderError: none of the three formats.

    >>> sniff(b"BM....").value
    'bmp'
    """
    for magic, image_format in _MAGIC.items():
        if bytes(data[: len(magic)]) == magic:
            return image_format
    raise HeaderError("not-an-image", "the file is not a JPEG, PNG or BMP image")


def read_header(data: Buffer) -> ImageHeader:
    """Read the header of a whole file given as bytes or as a view of a mapped file.

    Raises:
        HeaderError: not an image of ours, cut short, corrupt, or a variant that is refused.
    """
    return _READERS[sniff(data)](data)
