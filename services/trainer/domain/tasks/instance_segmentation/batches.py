"""From views to tensors: a detector's, and the pixels of each target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from services.trainer.domain.detector.batches import DetectionBatch, collate, ignored_pixels
from services.trainer.domain.detector.samples import Sample, TargetMask

TARGET_PX = 2  # of the input: side of a target's pixel; half a cell, for what is thin


@dataclass(frozen=True, slots=True)
class MaskTargets:
    """The pixels of all targets of a batch, one after the other, view by view.

    A batch may have thousands of targets, of which a step learns few: only those are made dense.

    Attributes:
        patches: Of each target, in pixels of `TARGET_PX`; they stay where batches are made.
        starts: ``(B,)`` place of each view's first target.
        counted: ``(B, h, w)`` False where nothing is learnt.
    """

    patches: tuple[TargetMask, ...]
    starts: Tensor
    counted: Tensor

    def dense(self, targets: Sequence[int]) -> Tensor:
        """All pixels of some targets, ``(N, h, w)`` uint8 out of `WHOLE`, of the CPU."""
        height, width = self.counted.shape[1:]
        found = np.zeros((len(targets), height, width), np.uint8)
        for row, target in enumerate(targets):
            found[row] = self.patches[target].within((width, height))
        return torch.from_numpy(found)


@dataclass(frozen=True, slots=True)
class InstanceBatch:
    """A detector's batch and the masks of its targets."""

    detection: DetectionBatch
    masks: MaskTargets

    @property
    def images(self) -> Tensor:
        """Pixels uint8 ``(B, H, W, 3)``."""
        return self.detection.images

    def to(self, device: torch.device) -> "InstanceBatch":
        """The batch in the memory of ``device``; itself when it is there."""
        if self.images.device == device:
            return self
        masks = self.masks
        there = MaskTargets(masks.patches, masks.starts.to(device), masks.counted.to(device))
        return InstanceBatch(self.detection.to(device), there)


def collate_masks(views: Sequence[Sample], points: Tensor) -> InstanceBatch:
    """Stacks views of one size; ``points`` ``(A, 2)`` are the detector's anchor points."""
    counts = [len(view.masks) for view in views]
    counted = [_sums(ignored_pixels(view)) == 0 for view in views]
    return InstanceBatch(
        collate(views, points),
        MaskTargets(
            tuple(_coarse(mask) for view in views for mask in view.masks),
            torch.from_numpy(np.cumsum([0, *counts[:-1]])),
            torch.from_numpy(np.stack(counted)),
        ),
    )


def _coarse(mask: TargetMask) -> TargetMask:
    """A mask in pixels of `TARGET_PX`: their means."""
    height, width = mask.pixels.shape
    left, top = mask.x // TARGET_PX, mask.y // TARGET_PX
    right, bottom = -(-(mask.x + width) // TARGET_PX), -(-(mask.y + height) // TARGET_PX)
    whole = np.zeros(((bottom - top) * TARGET_PX, (right - left) * TARGET_PX), np.uint8)
    x, y = mask.x - left * TARGET_PX, mask.y - top * TARGET_PX
    whole[y : y + height, x : x + width] = mask.pixels
    means = (_sums(whole) + TARGET_PX**2 // 2) // TARGET_PX**2
    return TargetMask(left, top, means.astype(np.uint8))


def _sums(pixels: NDArray[np.uint8] | NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Sums of squares of `TARGET_PX` pixels."""
    height, width = pixels.shape
    squares = pixels.reshape(height // TARGET_PX, TARGET_PX, width // TARGET_PX, TARGET_PX)
    return np.asarray(squares.sum(axis=(1, 3), dtype=np.uint16))
