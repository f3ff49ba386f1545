"""What an image teaches: lines with their texts, and where on the page text is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.tasks.ocr.alphabet import plain
from services.trainer.domain.tasks.ocr.lines import corners_of, covered, shrunken
from services.trainer.domain.training.views import PAD
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.placement import place
from shared.runtime.preprocess import Image, resize_image
from shared.runtime.text_boxes import Floats
from shared.runtime.text_crops import cut_line, padded, padded_width

IGNORED = 255  # of a page's map: nothing is learnt there; else 1 in shrunken text, 0 elsewhere
MOST_COVERED = 0.5  # share of a line in ignore regions from which it teaches nothing


@dataclass(frozen=True, slots=True)
class Line:
    """A line and what it says.

    Attributes:
        image: ``(48, W, 3)`` uint8 RGB, padded.
        text: Never empty.
        source: Name of its image.
        validates: Whether it only tells how good the network is.
    """

    image: Image
    text: str
    source: str = ""
    validates: bool = False

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """See `Window`."""
        return (self.image,)

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> "Line":
        """See `Window`."""
        return replace(self, image=pixels[0])


@dataclass(frozen=True, slots=True)
class Page:
    """A whole image at the input's scale, and where text is.

    Attributes:
        image: ``(H, W, 3)`` uint8 RGB, padded to the input's size.
        area: ``(H, W)``: 1 in shrunken text, 0 elsewhere, `IGNORED` where nothing is learnt.
        validates: Whether it only tells how good the network is.
    """

    image: Image
    area: NDArray[np.uint8]
    validates: bool = False

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """See `Window`."""
        return self.image, self.area

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> "Page":
        """See `Window`."""
        image, area = pixels
        return replace(self, image=image, area=area)


Sample = Line | Page


@dataclass(frozen=True, slots=True)
class Annotated:
    """The lines of an image that count: those that ignore regions mostly cover do not.

    Attributes:
        lines: Their rectangles and texts; an empty text is of a line that nobody read.
        ignored: Outlines of the ignore regions, ``(N, 2)`` each.
    """

    lines: tuple[tuple[Floats, str], ...]
    ignored: tuple[Floats, ...]

    @classmethod
    def of(cls, image: SnapshotImage, labels: Sequence[str]) -> "Annotated":
        """What is drawn on an image under one of the labels."""
        ignored = tuple(np.array(one.points, np.float32) for one in image.ignore_regions)
        drawn = [
            (corners_of(shape), plain(shape.text))
            for shape in image.shapes
            if shape.label in labels and shape.points
        ]
        counts = [one for one in drawn if covered(one[0], ignored) < MOST_COVERED]
        return cls(tuple(counts), ignored)

    @property
    def texts(self) -> tuple[str, ...]:
        """Of the lines that somebody read."""
        return tuple(text for _, text in self.lines if text)


def cut_lines(pixels: Image, found: Annotated, source: str, *, validates: bool) -> Iterator[Line]:
    """The lines of an image that have a text."""
    for corners, text in found.lines:
        if text:
            line = cut_line(pixels, corners)
            yield Line(padded(line, padded_width(line)), text, source, validates)


def page_of(pixels: Image, found: Annotated, size: tuple[int, int], *, validates: bool) -> Page:
    """The image in its corner of the input, as the predictor places it, and its map.

    A line too small for a shrunken area is ignored: it can be found no more, and is no background.
    """
    placed = place((pixels.shape[1], pixels.shape[0]), size, "letterbox")
    shown = np.full((size[1], size[0], 3), PAD, np.uint8)
    shown[: placed.height, : placed.width] = resize_image(pixels, placed.width, placed.height)
    area = np.zeros((size[1], size[0]), np.uint8)
    scale = np.array([placed.scale_x, placed.scale_y], np.float32)
    for corners, _ in found.lines:
        inner = shrunken(corners * scale)
        _fill(area, corners * scale if inner is None else inner, IGNORED if inner is None else 1)
    for region in found.ignored:
        _fill(area, region * scale, IGNORED)
    return Page(shown, area, validates)


def _fill(area: NDArray[np.uint8], outline: Floats, value: int) -> None:
    # cv2 maps indices, pixel centres lie half a pixel further.
    cv2.fillPoly(area, [np.round(outline - 0.5).astype(np.int32)], (value,))
