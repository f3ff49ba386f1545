"""The one decoder: from the bytes of a plain image file to RGB pixels, for every reader of pixels.

A plain file is upright, 8-bit, grey or RGB. The gallery keeps nothing else; what is uploaded
otherwise is made plain by `shared.runtime.upright_files` first, whichever door it comes by.
"""

from mmap import mmap
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

_BENIGN = ("extraneous bytes",)  # padding between markers, common in camera files
_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION

RgbPixels = NDArray[np.uint8]
"""``(H, W, 3)``, RGB."""


class ImageDamaged(ValueError):
    """The bytes are no image, or not a whole one."""


def decode_rgb(data: bytes) -> RgbPixels:
    """Decode a plain JPEG, PNG or BMP file to ``(H, W, 3)`` uint8 RGB; grey is repeated.

    Raises:
        ImageDamaged: No image, or the file ends early.

    >>> white = cv2.imencode(".png", np.full((2, 3), 255, np.uint8))[1].tobytes()
    >>> decode_rgb(white).shape
    (2, 3, 3)
    """
    try:
        if simplejpeg.is_jpeg(data):
            return decode_jpeg(data, "RGB")
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS) if data else None
    except (ValueError, cv2.error) as error:
        raise ImageDamaged("the image file is damaged or ends too early") from error
    if pixels is None:
        raise ImageDamaged("the image file is damaged or ends too early")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def decode_jpeg(
    data: bytes | mmap, colorspace: Literal["RGB", "GRAY"], *, least: tuple[int, int] = (0, 0)
) -> NDArray[np.uint8]:
    """Decode a JPEG to ``(H, W, 3)`` or ``(H, W, 1)``; warnings about its coded pixels count.

    Args:
        data: The file.
        colorspace: Of the result.
        least: Width and height in pixels down to which a cheaper, smaller picture will do.

    Raises:
        ValueError: libjpeg's message.
    """
    width, height = least
    options = {"min_width": width, "min_height": height}
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, colorspace, **options), np.uint8)
    except ValueError as error:
        if not any(word in str(error) for word in _BENIGN):
            raise
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace, strict=False, **options), np.uint8)
