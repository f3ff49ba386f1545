"""The truth of an image, pixel by pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.training.outlines import code_of, filled
from shared.contracts.snapshot import SnapshotImage
from shared.vision.boxes import Boxes, as_boxes
from shared.vision.masks import Counts, bounds_xywh, table, window
from shared.vision.tiles import Window

LabelMap = NDArray[np.uint8]
IGNORED = 255  # costs nothing; other values are label index + 1, 0 the background


@dataclass(frozen=True, slots=True)
class Layer:
    """Pixels of one shape or ignore region, as a run-length code of the whole image."""

    value: int
    code: Counts
    box_xywh: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a whole image: what is drawn on it, from the lowest to the one on top.

    Attributes:
        height: Of the image in pixels.
        layers: Shapes first, then ignore regions.
    """

    height: int
    layers: tuple[Layer, ...]

    @property
    def boxes_xyxy(self) -> Boxes:
        """Around each shape, ``(N, 4)``."""
        shown = [layer.box_xywh for layer in self.layers if layer.value != IGNORED]
        return as_boxes([(x, y, x + w, y + h) for x, y, w, h in shown])

    @property
    def values(self) -> frozenset[int]:
        """Label index + 1 of what is drawn."""
        return frozenset(layer.value for layer in self.layers if layer.value != IGNORED)

    def within(self, part: Window) -> LabelMap:
        """The label of each pixel of a window, `IGNORED` where nothing is learnt."""
        found = np.zeros((part.height, part.width), np.uint8)
        for layer in self.layers:
            x, y, width, height = layer.box_xywh
            left, top = max(x, part.x), max(y, part.y)
            right = min(x + width, part.x + part.width)
            bottom = min(y + height, part.y + part.height)
            if right > left and bottom > top:
                box = (left, top, right - left, bottom - top)
                there = np.s_[top - part.y : bottom - part.y, left - part.x : right - part.x]
                found[there][window(layer.code, self.height, box)] = layer.value
        return found


def truth_of(image: SnapshotImage, labels: Sequence[str]) -> Truth:
    """The image's truth; shapes without a place and of unknown labels fall out.

    Pixels are those that the report counts: where shapes overlap the later one is on top, and
    ignore regions lie over all.
    """
    known = {label: index for index, label in enumerate(labels)}
    size = (image.height, image.width)
    codes = [
        (known[shape.label] + 1, code_of(shape, size))
        for shape in image.shapes
        if shape.label in known and shape.kind != "image"
    ]
    codes += [(IGNORED, filled(region.points, size)) for region in image.ignore_regions]
    bounds = bounds_xywh(table([code for _, code in codes], [size] * len(codes)))
    layers = []
    for (value, code), row in zip(codes, bounds, strict=True):
        x, y, width, height = (int(number) for number in row)
        if width and height:
            layers.append(Layer(value, code, (x, y, width, height)))
    return Truth(image.height, tuple(layers))
