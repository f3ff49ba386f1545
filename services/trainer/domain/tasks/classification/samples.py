"""Training images of a classifier: their pixels at the model's input scale, and their one label."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.training.views import without_regions
from shared.contracts.snapshot import SnapshotImage
from shared.errors import InvalidInput
from shared.runtime.placement import place
from shared.runtime.preprocess import Image, resize_image


class SeveralLabels(InvalidInput):
    """An image has more than one label, so that nobody knows which one is right."""

    code = "several-labels"
    title = "An image has several labels"


@dataclass(frozen=True, slots=True)
class Sample:
    """One image.

    Attributes:
        image: ``(h, w, 3)`` uint8 RGB, not padded, at most the input's size.
        label: Index of its label.
        group: What it must not be parted from when images are left out.
        validates: Whether it only tells how good the network is.
    """

    image: Image
    label: int
    group: str = ""
    validates: bool = False

    @property
    def pixels(self) -> tuple[NDArray[np.uint8], ...]:
        """The image alone."""
        return (self.image,)

    def with_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> "Sample":
        """The same image with its pixels elsewhere."""
        (image,) = pixels
        return replace(self, image=image)


def label_of(image: SnapshotImage, labels: Sequence[str]) -> int | None:
    """Index of the image's label; None of one without: it is unlabelled and teaches nothing.

    Raises:
        SeveralLabels: It has more than one.
    """
    names = {shape.label for shape in image.shapes if shape.kind == "image"}
    if len(names) > 1:
        raise SeveralLabels(f"{image.name} has {len(names)} labels; an image has one")
    known = [labels.index(name) for name in names if name in labels]
    return known[0] if known else None


def shrunk(pixels: Image, image: SnapshotImage, input_size: tuple[int, int]) -> Image:
    """The image as the predictor will resize it; what is in ignore regions is grey."""
    pixels = without_regions(pixels, image.ignore_regions)
    placement = place((pixels.shape[1], pixels.shape[0]), input_size, "letterbox")
    return resize_image(np.ascontiguousarray(pixels), placement.width, placement.height)
