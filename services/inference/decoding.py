"""From the bytes of an image file to upright RGB pixels; for worker threads, never on the loop."""

import cv2
import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from services.inference.errors import NotAnImage
from shared.vision.headers.header import HeaderError, ImageFormat, ImageHeader
from shared.vision.headers.sniff import read_header

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_PIXELS = 10_000 * 30_000
MIN_SIDE = 30
_READ_PNG = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION

Image = NDArray[np.uint8]


def check_file(data: bytes) -> ImageHeader:
    """Read the header and refuse what must not be decoded: before any pixel is.

    Limits of the contract: 100 MB, 10000 x 30000 px, sides of at least 30 px (C-034..040).

    Raises:
        NotAnImage: Another format, damaged, or out of the limits; the detail says which.
    """
    if len(data) > MAX_FILE_BYTES:
        raise NotAnImage(f"the file is over {MAX_FILE_BYTES // 1024 // 1024} MB")
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


def decoded_bytes(header: ImageHeader) -> int:
    """What decoding takes at its peak: the pixels, and the copies that the decoder makes."""
    copies = 1 if header.format is ImageFormat.JPEG and header.is_plain else 2
    if header.needs_whole:
        copies += 2
    return header.width * header.height * 3 * copies


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
