"""The truth of an image, object by object."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.training.outlines import code_of
from shared.contracts.snapshot import SnapshotImage
from shared.vision.boxes import as_boxes
from shared.vision.masks import Counts, bounds_xywh, table


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTruth(Truth):
    """The truth of a whole image; its boxes lie around the pixels of each object.

    Attributes:
        codes: The pixels of each object, as run-length codes of the whole image.
        height: Of the image in pixels.
    """

    codes: tuple[Counts, ...]
    height: int


def truth_of(image: SnapshotImage, labels: Sequence[str]) -> InstanceTruth:
    """The image's truth; shapes without a pixel and of unknown labels fall out."""
    known = {label: index for index, label in enumerate(labels)}
    size = (image.height, image.width)
    shapes = [shape for shape in image.shapes if shape.label in known and shape.kind != "image"]
    codes = [code_of(shape, size) for shape in shapes]
    bounds = bounds_xywh(table(codes, [size] * len(codes)))
    there = np.flatnonzero(bounds[:, 2] * bounds[:, 3] > 0)
    boxes = np.concatenate([bounds[there, :2], bounds[there, :2] + bounds[there, 2:]], axis=1)
    regions = tuple(np.array(region.points, np.float32) for region in image.ignore_regions)
    found = np.array([known[shapes[row].label] for row in there], np.int64)
    kept = tuple(codes[row] for row in there)
    return InstanceTruth(as_boxes(boxes), found, regions, codes=kept, height=image.height)
