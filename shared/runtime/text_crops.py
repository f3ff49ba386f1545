"""Lines of text cut out of an image, as the half of a model sees them that reads."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.runtime.preprocess import Image, resize_image
from shared.runtime.session import ImageBatch
from shared.runtime.text_boxes import Floats
from shared.vision.tiles import Window

LINE_HEIGHT = 48
WIDTH_STEP = 64
LONGEST = 3072  # pixels of a line; a longer one is squeezed
PADDING = 128  # nothing, once the graph has made -1 to 1 of it
IS_TALL = 1.5  # times as high as wide: the line runs down
MARGIN = 3  # what an interpolation looks at beyond a line
BATCH = 8
BATCH_WIDTH = 4096  # of all lines of a batch: each step has a score for each sign of the alphabet


def cut_line(pixels: Image, corners: Floats) -> Image:
    """One line, upright and ``(48, W, 3)``, its aspect kept; see `padded` for the model's input.

    Args:
        pixels: ``(h, w, 3)`` uint8 RGB; beyond its edges its last pixels go on.
        corners: ``(4, 2)`` of the line from the upper left clockwise, in ``pixels``. Where it is
            taller than 1.5 times its width it runs down and is turned to the left.

    >>> page = np.zeros((100, 200, 3), np.uint8)
    >>> cut_line(page, np.array([[10, 10], [110, 10], [110, 34], [10, 34]], np.float32)).shape
    (48, 200, 3)
    """
    top, right, bottom, left = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    width, height = max(1, round(max(top, bottom))), max(1, round(max(left, right)))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    # OpenCV means centres of pixels by whole numbers, we their edges.
    turn = cv2.getPerspectiveTransform(np.asarray(corners, np.float32) - 0.5, target - 0.5)
    cut = cv2.warpPerspective(
        pixels, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    line: Image = np.ascontiguousarray(np.rot90(cut, int(height >= IS_TALL * width)), np.uint8)
    longest = math.ceil(line.shape[1] * LINE_HEIGHT / line.shape[0])
    return resize_image(line, min(longest, LONGEST), LINE_HEIGHT)


def padded_width(line: Image) -> int:
    """Width of a model's input for a line ``(48, W, 3)``.

    >>> padded_width(np.zeros((48, 65, 3), np.uint8))
    128
    """
    return math.ceil(int(line.shape[1]) / WIDTH_STEP) * WIDTH_STEP


def padded(line: Image, width: int) -> Image:
    """A line ``(48, W, 3)`` with grey to its right, ``(48, width, 3)``."""
    out = np.full((LINE_HEIGHT, width, 3), PADDING, np.uint8)
    out[:, : line.shape[1]] = line
    return out


def window_of(corners: Floats, *, index: int, size: tuple[int, int]) -> Window:
    """The part of an image of ``size`` (width, height) that a line ``(4, 2)`` is cut out of."""
    low = np.floor(corners.min(axis=0)).astype(int) - MARGIN
    high = np.ceil(corners.max(axis=0)).astype(int) + MARGIN
    x, y = (min(max(int(at), 0), side - 1) for at, side in zip(low, size, strict=True))
    right, bottom = (min(int(at), side) for at, side in zip(high, size, strict=True))
    return Window(index, 0, x, y, max(right - x, 1), max(bottom - y, 1))


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Lines of one padded width.

    Attributes:
        rows: ``(B,)`` which lines they are.
        images: ``(B, 48, W, 3)`` uint8.
    """

    rows: NDArray[np.int64]
    images: ImageBatch


def batches(lines: Iterable[tuple[int, Image]]) -> Iterator[LineBatch]:
    """Lines by their numbers as batches of equal width, each as soon as it is full.

    A line's input depends on that line alone, whatever stands beside it.
    """
    waiting: dict[int, list[tuple[int, Image]]] = {}
    for row, line in lines:
        width = padded_width(line)
        group = waiting.setdefault(width, [])
        group.append((row, padded(line, width)))
        if len(group) == max(1, min(BATCH, BATCH_WIDTH // width)):
            yield _batch(waiting.pop(width))
    yield from (_batch(group) for group in waiting.values())


def _batch(group: list[tuple[int, Image]]) -> LineBatch:
    rows, images = zip(*group, strict=True)
    return LineBatch(np.array(rows, np.int64), np.stack(images))
