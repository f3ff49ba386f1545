"""How a picture looks, in 256 bits: pictures that are nearly the same differ in few of them.

A perceptual hash (Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010)
of the smallest thumbnail: the 16 × 16 lowest frequencies of its cosine transform, each above the
median or not. 64 bits do not tell printed pages, or parts before one fixed camera, apart.
"""

import cv2
import numpy as np

from shared.runtime.images import decode_jpeg

_SIDE = 64  # px that the transform sees
_WAVES = 16  # frequencies each way


def looks_of(thumbnail: bytes) -> str:
    """Return the looks of a JPEG thumbnail of any size and shape, 64 hexadecimal digits.

    Raises:
        ValueError: the bytes are no JPEG.
    """
    grey = decode_jpeg(thumbnail, "GRAY")[:, :, 0]
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    waves = cv2.dct(small)[:_WAVES, :_WAVES].ravel()
    above = waves > np.median(waves[1:])  # the first is the brightness
    return np.packbits(above).tobytes().hex()
