"""Training windows of a segmenter: pixels at the model's input scale, and the label of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.tasks.semantic_segmentation.truths import IGNORED, LabelMap, Truth
from shared.runtime.placement import place
from shared.runtime.preprocess import Image, resize_image
from shared.vision.tiles import Window


@dataclass(frozen=True, slots=True)
class Sample:
    """One window at the model's input scale; one without targets is a legal negative.

    Attributes:
        image: ``(h, w, 3)`` uint8 RGB, not padded, at most the input's size.
        labels: ``(h, w)`` label index + 1, 0 the background, `IGNORED` where nothing is learnt.
        validates: Whether it only tells how good the network is.
    """

    image: Image
    labels: LabelMap
    validates: bool = False

    @property
    def rarest(self) -> int:
        """The value of the label with the fewest pixels; 0 without any."""
        counts = np.bincount(self.labels.ravel(), minlength=IGNORED + 1)[:IGNORED]
        there = np.flatnonzero(counts[1:]) + 1
        return int(there[counts[there].argmin()]) if len(there) else 0

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """The image, and the labels of its pixels."""
        return self.image, self.labels

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> "Sample":
        """The same window with its pixels elsewhere."""
        image, labels = pixels
        return replace(self, image=image, labels=labels)


def cut_samples(
    image: Image, truth: Truth, windows: Sequence[Window], input_size: tuple[int, int]
) -> Iterator[Sample]:
    """The samples of one image, one a window, resized exactly as the predictor will."""
    for window in windows:
        placement = place((window.width, window.height), input_size, "letterbox")
        crop = image[window.y : window.y + window.height, window.x : window.x + window.width]
        labels = cv2.resize(
            truth.within(window),
            (placement.width, placement.height),
            interpolation=cv2.INTER_NEAREST_EXACT,
        )
        pixels = resize_image(np.ascontiguousarray(crop), placement.width, placement.height)
        yield Sample(pixels, np.asarray(labels, np.uint8))


def windows_of(truth: Truth, size: tuple[int, int], grid: Sequence[Window]) -> list[Window]:
    """The windows of a grid, and for an image that is cut one around the middle of each target.

    A target at a window's edge is then also seen whole, and in the middle of what surrounds it.

    Args:
        truth: Of the image.
        size: Its width and height.
        grid: As the predictor will cut it.
    """
    if len(grid) == 1:
        return list(grid)
    width, height = grid[0].width, grid[0].height
    places = dict.fromkeys((window.x, window.y) for window in grid)
    for x1, y1, x2, y2 in truth.boxes_xyxy.tolist():
        x = min(max(round((x1 + x2 - width) / 2), 0), size[0] - width)
        y = min(max(round((y1 + y2 - height) / 2), 0), size[1] - height)
        places[x, y] = None
    return [Window(0, place, x, y, width, height) for place, (x, y) in enumerate(places)]
