"""The parts of an image, whether all of it is in memory or only its rows come by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shared.runtime.preprocess import Image
from shared.vision.strips import RowSource, fill_tiles, in_order_of_reading
from shared.vision.tiles import Window


@dataclass(frozen=True, slots=True)
class Pixels:
    """An image as a model's reader of it sees it.

    Attributes:
        image: ``(H, W, 3)`` uint8 RGB, or a source of its rows.
    """

    image: Image | RowSource

    def __post_init__(self) -> None:
        """Raise ValueError unless an array is uint8 ``(H, W, 3)`` with at least one pixel."""
        if not isinstance(self.image, np.ndarray):
            return
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(
                f"an image must be uint8 (H, W, 3), not {self.image.dtype} {self.image.shape}"
            )
        if self.image.size == 0:
            raise ValueError("an image must have at least one pixel")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        if isinstance(self.image, np.ndarray):
            return self.image.shape[1], self.image.shape[0]
        return self.image.width, self.image.height

    def of(self, windows: Sequence[Window]) -> Iterator[tuple[Window, Image]]:
        """The pixels of each window, in the order in which a walk down the image completes them.

        Of rows, only the windows that are being read are in memory.
        """
        if isinstance(self.image, np.ndarray):
            image = self.image
            return ((window, crop(image, window)) for window in in_order_of_reading(windows))
        return fill_tiles(windows, self.image.strips())


def crop(image: Image, window: Window) -> Image:
    """A view of the window's pixels, nothing is copied."""
    rows = slice(window.y, window.y + window.height)
    return image[rows, window.x : window.x + window.width]
