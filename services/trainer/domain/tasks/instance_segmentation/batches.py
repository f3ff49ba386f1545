"""From views to tensors: a detector's, and the pixels of each target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from services.trainer.domain.detector.batches import DetectionBatch, collate, ignored_pixels
from services.trainer.domain.detector.samples import Sample

TARGET_PX = 2  # of the input: side of a target's pixel; half a cell, for what is thin


@dataclass(frozen=True, slots=True)
class MaskTargets:
    """The pixels of all targets of a batch, one after the other, view by view.

    Attributes:
        masks: ``(N, h, w)`` uint8 out of `TARGET_PX` squared: how much of a pixel is the target's.
        starts: ``(B,)`` place of each view's first target.
        counted: ``(B, h, w)`` False where nothing is learnt.
    """

    masks: Tensor
    starts: Tensor
    counted: Tensor


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
        there = (one.to(device) for one in (masks.masks, masks.starts, masks.counted))
        return InstanceBatch(self.detection.to(device), MaskTargets(*there))


def collate_masks(views: Sequence[Sample], points: Tensor) -> InstanceBatch:
    """Stacks views of one size; ``points`` ``(A, 2)`` are the detector's anchor points."""
    height, width = views[0].image.shape[:2]
    masks = [_coarse(mask.within((width, height))) for view in views for mask in view.masks]
    nothing = np.zeros((0, height // TARGET_PX, width // TARGET_PX), np.uint8)
    counts = [len(view.masks) for view in views]
    counted = [_coarse(ignored_pixels(view).astype(np.uint8)) == 0 for view in views]
    return InstanceBatch(
        collate(views, points),
        MaskTargets(
            torch.from_numpy(np.stack(masks) if masks else nothing),
            torch.from_numpy(np.cumsum([0, *counts[:-1]])),
            torch.from_numpy(np.stack(counted)),
        ),
    )


def _coarse(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sums of squares of `TARGET_PX` pixels."""
    height, width = pixels.shape
    squares = pixels.reshape(height // TARGET_PX, TARGET_PX, width // TARGET_PX, TARGET_PX)
    return np.asarray(squares.sum(axis=(1, 3), dtype=np.uint8), np.uint8)
