"""From an image file to the pixels that the platform would show the model."""

from pathlib import Path

import cv2
import numpy as np

from shared.runtime.preprocess import Image
from shared.vision.headers.header import Colour, HeaderError, ImageHeader
from shared.vision.headers.sniff import read_header

_LAST_OF_12_BITS = 4095
_TURNS = {  # EXIF orientation → turn clockwise and mirror left to right afterwards
    2: (0, True), 3: (2, False), 4: (2, True), 5: (1, True),
    6: (1, False), 7: (3, True), 8: (3, False),
}  # fmt: skip


class ImageUnreadable(ValueError):
    """The file is no JPEG, PNG or BMP image, a damaged one, or of a kind that is not read here."""


def read_image(image: Path | str | bytes) -> Image:
    """Read an image file, or its bytes, as ``(H, W, 3)`` uint8 RGB, EXIF-upright.

    As the platform: transparency is left out, of 16 bits the high byte stays (of cameras' 12 the
    high eight). The platform stores files that it must turn or convert anew; a JPEG among them may
    therefore differ there by a few grey levels.

    Raises:
        ImageUnreadable: It cannot be read, or is CMYK: convert that one first.
        OSError: There is no such file.
    """
    data = image if isinstance(image, bytes) else Path(image).read_bytes()
    try:
        header = read_header(data)
        if header.colour is Colour.CMYK:
            raise ImageUnreadable("a CMYK image is not read here: convert it to RGB first")
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _flags(header))
    except (HeaderError, cv2.error) as error:
        raise ImageUnreadable(f"the image cannot be read: {error}") from error
    if pixels is None:
        raise ImageUnreadable("the image file is damaged or ends too early")
    return upright(_rgb(np.asarray(pixels)), header.orientation)


def _flags(header: ImageHeader) -> int:
    if header.bits > 8:
        return cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def _rgb(pixels: np.ndarray) -> Image:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> (4 if pixels.max() <= _LAST_OF_12_BITS else 8)).astype(np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def upright(pixels: Image, orientation: int) -> Image:
    """Turn pixels as EXIF's orientation says.

    >>> upright(np.array([[[1], [2]]], np.uint8), 6)[..., 0].tolist()
    [[1], [2]]
    >>> upright(np.array([[[1], [2]]], np.uint8), 2)[..., 0].tolist()
    [[2, 1]]
    """
    turns, mirrored = _TURNS.get(orientation, (0, False))
    turned = np.rot90(pixels, -turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)
