"""From the bytes of an image file to upright RGB pixels; for worker threads, never on the loop."""

import cv2
import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from services.inference.errors import NotAnImage
from shared.runtime.cutting import Cut
from shared.runtime.image_rows import FileRows
from shared.vision.headers.header import HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header

MAX_FILE_BYTES = 100_000_000  # C-034, as in the gallery
MAX_PIXELS = 10_000 * 30_000
MAX_UNCUT_PIXELS = 9344 * 7000  # C-037
MAX_WHOLE_PIXELS = 100_000_000  # of what a decoder must hold whole, as at upload
MIN_SIDE = 30
ROLLED_PIXELS = 16_000_000  # from here on an image that is cut is read by rows
READER_BYTES = 64 << 20  # what libvips holds of a 10000 px wide image
_READ_PNG = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION

Image = NDArray[np.uint8]


def check_file(data: bytes) -> ImageHeader:
    """Read the header and refuse what must not be decoded: before any pixel is.

    Limits of the contract: 100 MB, 10000 x 30000 px, sides of at least 30 px (C-034..040).

    Raises:
        NotAnImage: Another format, damaged, or out of the limits; the detail says which.
    """
    if len(data) > MAX_FILE_BYTES:
        raise NotAnImage(f"the file is over {MAX_FILE_BYTES // 10**6} MB")
    try:
        header = read_header(data)
    except HeaderError as error:
        raise NotAnImage(error.detail) from error
    if min(header.width, header.height) < MIN_SIDE:
        raise NotAnImage(
            f"the image has {header.width} x {header.height} px, a side needs {MIN_SIDE}"
        )
    if header.width * header.height > MAX_PIXELS:
        raise NotAnImage(f"the image has over {MAX_PIXELS // 10**6} megapixels")
    return header


def check_cut(header: ImageHeader, cut: Cut) -> None:
    """Refuse an image whose pixels would all have to be held and are too many for that.

    Raises:
        NotAnImage: A progressive, turned or converted image over 100 megapixels, or one that the
            model looks at whole over 9344 x 7000 px.
    """
    pixels = header.width * header.height
    if pixels > MAX_UNCUT_PIXELS and len(cut.all_windows) == 1:
        raise NotAnImage("an image over 9344 x 7000 px needs a model that cuts it into tiles")
    if pixels > MAX_WHOLE_PIXELS and not _can_be_rolled(header):
        raise NotAnImage(
            f"a progressive, interlaced, turned, 16-bit, CMYK or transparent image has at most "
            f"{MAX_WHOLE_PIXELS // 10**6} megapixels"
        )


def read_pixels(data: bytes, header: ImageHeader, cut: Cut) -> Image | FileRows:
    """Return what the predictor reads: rows of a large image that is cut, else its pixels.

    Raises:
        NotAnImage: The file ends early or is damaged.
    """
    return FileRows(data, header) if _is_rolled(header, cut) else decode_rgb(data, header)


def held_bytes(header: ImageHeader, cut: Cut) -> int:
    """What an image takes at its peak: the windows being read, or all pixels and their copies."""
    if _is_rolled(header, cut):
        return READER_BYTES + 3 * _open_pixels(cut)
    copies = 1 if header.format is ImageFormat.JPEG and header.is_plain else 2
    if header.needs_whole:
        copies += 2
    return header.width * header.height * 3 * copies


def _is_rolled(header: ImageHeader, cut: Cut) -> bool:
    is_large = header.width * header.height > ROLLED_PIXELS
    return is_large and _can_be_rolled(header) and len(cut.all_windows) > 1


def _can_be_rolled(header: ImageHeader) -> bool:
    return header.is_plain and not header.needs_whole


def _open_pixels(cut: Cut) -> int:
    """Pixels of all windows that one row of the image meets, at most."""
    spans = np.array([(w.y, w.y + w.height, w.width * w.height) for w in cut.all_windows])
    tops, bottoms, areas = spans.T
    return max(int(areas[(tops <= top) & (top < bottoms)].sum()) for top in np.unique(tops))


def decode_rgb(data: bytes, header: ImageHeader) -> Image:
    """Decode to ``(H, W, 3)`` uint8 RGB, EXIF orientation applied, 8 bits, no transparency.

    Raises:
        NotAnImage: The file ends early or is damaged.
    """
    try:
        if not header.is_plain:
            return _decode_with_vips(data)
        if header.format is ImageFormat.JPEG:
            return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), np.uint8)
        return _decode_with_opencv(data)
    except (ValueError, pyvips.Error, cv2.error) as error:
        raise NotAnImage("the image file is damaged or ends too early") from error


def _decode_with_opencv(data: bytes) -> Image:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _READ_PNG)
    if pixels is None:
        raise ValueError("OpenCV cannot decode it")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _decode_with_vips(data: bytes) -> Image:
    """Turn, flatten and reduce whatever is not plain; the gallery does the same at upload."""
    image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot()
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=8)
    if image.hasalpha():
        image = image.extract_band(0, n=image.bands - 1)
    if image.format == "ushort":
        image = (image >> 8).cast("uchar")
    pixels = np.asarray(image.numpy(), np.uint8).reshape(image.height, image.width, -1)
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels)
