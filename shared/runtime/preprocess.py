"""From an RGB image (or a window of it) to the model's uint8 input."""

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.runtime.manifest import Resize
from shared.runtime.placement import Placement, place

Image = NDArray[np.uint8]


def resize_image(image: Image, width: int, height: int) -> Image:
    """The image at ``(height, width, 3)``: area averaging to shrink, bilinear to grow.

    Area averaging is what keeps 12 px scratches of a shrunken image visible; training and
    prediction must use the same rule.
    """
    if image.shape[1] == width and image.shape[0] == height:
        return image
    shrinks = width * height < image.shape[0] * image.shape[1]
    rule = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=rule), np.uint8)


def fill_input(image: Image, out: Image, resize: Resize, pad_value: int) -> Placement:
    """Writes the resized and padded image into ``out``, one ``(H, W, 3)`` slot of a batch.

    Args:
        image: ``(h, w, 3)`` uint8 RGB, at least one pixel.
        out: The slot; every pixel of it is written.
        resize: The manifest's rule.
        pad_value: Grey level of the padding.

    Returns:
        Where the image lies in the slot.
    """
    height, width = out.shape[:2]
    placement = place((image.shape[1], image.shape[0]), (width, height), resize)
    out[: placement.height, : placement.width] = resize_image(
        image, placement.width, placement.height
    )
    out[placement.height :] = pad_value
    out[: placement.height, placement.width :] = pad_value
    return placement
