"""What a set of annotated images is made of: objects by label, their sizes, places and splits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.annotation.domain.extents import extent_of
from services.annotation.domain.formats.model import Split
from services.annotation.domain.snapshots import AnnotatedImage

SIDES = (8, 16, 32, 64, 128, 256, 512, 1024)
"""Bounds in px between which longest sides are counted; a bound belongs to what is above it."""
GRID = 12
"""Fields each way in which centres are counted, whatever the size of the image."""
PERCENTILES = (5, 50, 95)


@dataclass(frozen=True)
class LabelStatistics:
    """The objects of one label.

    Attributes:
        label: Its name.
        objects: How many there are; of whole images, how many have it.
        images: On how many images.
        by_split: Objects on images of each split; those that no dataset would have are missing.
        side_px: Percentiles 5, 50 and 95 of their longest sides, px; None without a place.
        sizes: Objects by longest side: under the first of ``SIDES``, up to the next, and so on.
        places: Objects by their centre in ``GRID`` × ``GRID`` fields, row by row from the top; one
            outside its image counts in the nearest field.
    """

    label: str
    objects: int
    images: int
    by_split: dict[Split, int]
    side_px: tuple[float, float, float] | None
    sizes: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class SetStatistics:
    """A set as it is now: images with an annotation, negatives among them, images by split."""

    annotated: int
    negatives: int
    images: dict[Split, int]
    labels: tuple[LabelStatistics, ...]


@dataclass
class _Tally:
    """What is gathered of one label."""

    objects: int = 0
    images: int = 0
    by_split: Counter[Split] = field(default_factory=Counter)
    sides: list[float] = field(default_factory=list)
    centres: list[tuple[float, float]] = field(default_factory=list)

    def add(self, image: AnnotatedImage, box: tuple[float, float, float, float]) -> None:
        """Note where an object lies, its centre as shares of the image's width and height."""
        x1, y1, x2, y2 = box
        self.sides.append(max(x2 - x1, y2 - y1))
        self.centres.append(((x1 + x2) / 2 / image.width, (y1 + y2) / 2 / image.height))

    def of(self, label: str) -> LabelStatistics:
        sides = np.array(self.sides, np.float64)
        sizes = np.bincount(np.searchsorted(SIDES, sides, "right"), minlength=len(SIDES) + 1)
        centres = np.array(self.centres, np.float64).reshape(-1, 2)
        column, row = np.clip((centres * GRID).astype(np.int64), 0, GRID - 1).T
        places = np.bincount(row * GRID + column, minlength=GRID * GRID)
        low, median, high = np.percentile(sides, PERCENTILES) if sides.size else (0.0, 0.0, 0.0)
        return LabelStatistics(
            label=label,
            objects=self.objects,
            images=self.images,
            by_split=dict(self.by_split),
            side_px=(float(low), float(median), float(high)) if sides.size else None,
            sizes=tuple(sizes.tolist()),
            places=tuple(places.tolist()),
        )


def statistics_of(images: Sequence[AnnotatedImage], splits: Mapping[str, Split]) -> SetStatistics:
    """Count what annotated images show.

    Args:
        images: Annotated images, in any order.
        splits: Split by id of those that a dataset would have.

    Returns:
        Labels with most objects first, then by name.
    """
    tallies: dict[str, _Tally] = {}
    for image in images:
        split = splits.get(image.image_id)
        for shape in image.shapes:
            tally = tallies.setdefault(shape.label, _Tally())
            tally.objects += 1
            if split is not None:
                tally.by_split[split] += 1
            if shape.kind != "image":
                tally.add(image, extent_of(shape)[0])
        for label in {shape.label for shape in image.shapes}:
            tallies[label].images += 1
    ordered = sorted(tallies.items(), key=lambda item: (-item[1].objects, item[0]))
    return SetStatistics(
        annotated=len(images),
        negatives=sum(not image.shapes for image in images),
        images=dict(Counter(splits.values())),
        labels=tuple(tally.of(label) for label, tally in ordered),
    )
