"""Training windows of objects with masks: pixels at the model's input scale, and each object's."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.detector.samples import WHOLE, Edges, Sample, TargetMask, averaged
from services.trainer.domain.detector.samples import cut_samples as cut_boxes
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.tasks.instance_segmentation.truths import InstanceTruth
from shared.runtime.placement import Placement, place
from shared.runtime.preprocess import Image
from shared.vision.boxes import as_boxes
from shared.vision.masks import Counts, window
from shared.vision.tiles import Window

LEAST_SHOWN = 0.5  # of an object's pixels: with fewer in a window it is an ignore region there


def cut_samples(
    image: Image, truth: InstanceTruth, windows: Sequence[Window], input_size: tuple[int, int]
) -> Iterator[Sample]:
    """The samples of one image, one a window, resized exactly as the predictor will.

    An object's box lies around those of its pixels that the window shows.
    """
    for part in windows:
        seen, patches = _seen(truth, part)
        shown = image[part.y : part.y + part.height, part.x : part.x + part.width]
        whole = Window(0, 0, 0, 0, part.width, part.height)
        (sample,) = cut_boxes(shown, seen, [whole], input_size)
        placement = place((part.width, part.height), input_size, "letterbox")
        masks = tuple(_scaled(patch, at, placement) for at, patch in patches)
        yield replace(sample, masks=masks)


Patches = list[tuple[tuple[int, int], NDArray[np.bool_]]]
"""Where the first pixel lies in the window, and the pixels of an object."""


def _seen(truth: InstanceTruth, part: Window) -> tuple[Truth, Patches]:
    """The truth in pixels of a window, and the pixels of each object that is to be learnt."""
    boxes, labels, patches, slivers = [], [], Patches(), []
    for box, label, code in zip(
        truth.boxes_xyxy.astype(np.int64).tolist(),
        truth.labels.tolist(),
        truth.codes,
        strict=True,
    ):
        pixels, (x, y) = _inside(code, truth.height, box, part)
        if pixels is None:
            continue
        around = (x, y, x + pixels.shape[1], y + pixels.shape[0])
        if pixels.sum() >= LEAST_SHOWN * int(code[1::2].sum()):
            boxes.append(around)
            labels.append(label)
            patches.append(((x, y), pixels))
        else:
            x1, y1, x2, y2 = around
            slivers.append(np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32))
    origin = np.array([part.x, part.y], np.float32)
    ignored = (*(region - origin for region in truth.ignored), *slivers)
    return Truth(as_boxes(boxes), np.array(labels, np.int64), ignored), patches


def _inside(
    code: Counts, height: int, box_xyxy: Sequence[int], part: Window
) -> tuple[NDArray[np.bool_] | None, tuple[int, int]]:
    """An object's pixels that a window shows, cut to them, and where they begin in it."""
    left, top = max(box_xyxy[0], part.x), max(box_xyxy[1], part.y)
    right = min(box_xyxy[2], part.x + part.width)
    bottom = min(box_xyxy[3], part.y + part.height)
    if right <= left or bottom <= top:
        return None, (0, 0)
    pixels = window(code, height, (left, top, right - left, bottom - top))
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        return None, (0, 0)
    tight = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return tight, (left - part.x + int(columns[0]), top - part.y + int(rows[0]))


def _scaled(pixels: NDArray[np.bool_], at: tuple[int, int], placement: Placement) -> TargetMask:
    """An object's pixels at the input's scale: how much of each is the object's."""
    left, across = _scaled_line(at[0], pixels.shape[1], placement.scale_x, placement.width)
    top, down = _scaled_line(at[1], pixels.shape[0], placement.scale_y, placement.height)
    return TargetMask(left, top, averaged(pixels.astype(np.uint8) * WHOLE, across, down))


def _scaled_line(start: int, length: int, scale: float, limit: int) -> tuple[int, Edges]:
    """First pixel of the scaled span, and where its pixels begin and end in the span itself.

    >>> _scaled_line(4, 4, 0.5, 8)
    (2, array([0., 2., 4.]))
    """
    first = min(int(start * scale), limit - 1)
    last = min(max(int(np.ceil((start + length) * scale)), first + 1), limit)
    return first, np.arange(first, last + 1) / scale - start
