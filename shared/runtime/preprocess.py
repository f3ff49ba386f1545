"""From an RGB image (or a window of it) to the model's uint8 input, and back to image pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.runtime.manifest import Resize
from shared.vision.boxes import Boxes

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies in the model's input: scaled and anchored at the top-left corner.

    Attributes:
        width: Width in input pixels of the resized image, padding apart.
        height: Its height in input pixels.
        scale_x: Input pixels per image pixel, horizontally.
        scale_y: Input pixels per image pixel, vertically.
    """

    width: int
    height: int
    scale_x: float
    scale_y: float

    def to_image(self, boxes_xyxy: Boxes) -> Boxes:
        """Boxes of the model's input as boxes in pixels of the image, ``(N, 4)``."""
        factors = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        return np.asarray(boxes_xyxy / factors, np.float32)


def place(size: tuple[int, int], input_size: tuple[int, int], resize: Resize) -> Placement:
    """How an image of ``size`` (width, height) fills the model's ``input_size``.

    Anchoring at the corner instead of the middle keeps the way back a mere division.

    >>> place((640, 480), (320, 320), "letterbox")
    Placement(width=320, height=240, scale_x=0.5, scale_y=0.5)
    """
    width, height = size
    if resize == "stretch":
        fitted = input_size
    else:
        factor = min(input_size[0] / width, input_size[1] / height)
        fitted = (max(1, round(width * factor)), max(1, round(height * factor)))
    return Placement(fitted[0], fitted[1], fitted[0] / width, fitted[1] / height)


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
