"""Where an image lies in the model's input, and the way back; numpy only."""

from dataclasses import dataclass

import numpy as np

from shared.runtime.manifest import Resize
from shared.vision.boxes import Boxes


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
