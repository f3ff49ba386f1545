"""From views to tensors: stacked pixels and padded targets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from services.trainer.domain.detector.samples import Sample
from services.trainer.domain.detector.targets import Targets


@dataclass(frozen=True, slots=True)
class DetectionBatch:
    """Pixels uint8 ``(B, H, W, 3)`` and the targets of the same views."""

    images: Tensor
    targets: Targets

    def to(self, device: torch.device) -> "DetectionBatch":
        """The batch in the memory of ``device``; itself when it is there."""
        if self.images.device == device:
            return self
        there = {
            field.name: getattr(self.targets, field.name).to(device)
            for field in fields(self.targets)
        }
        return DetectionBatch(self.images.to(device), Targets(**there))


def collate(views: Sequence[Sample], points: Tensor) -> DetectionBatch:
    """Stacks views of one size; ``points`` ``(A, 2)`` are the detector's anchor points."""
    most = max(len(view.labels) for view in views)
    boxes = np.zeros((len(views), most, 4), np.float32)
    labels = np.zeros((len(views), most), np.int64)
    present = np.zeros((len(views), most), np.bool_)
    for row, view in enumerate(views):
        count = len(view.labels)
        boxes[row, :count] = view.boxes_xyxy
        labels[row, :count] = view.labels
        present[row, :count] = True
    cells = points.numpy().astype(np.int64)
    ignored = np.stack([ignored_pixels(view)[cells[:, 1], cells[:, 0]] for view in views])
    return DetectionBatch(
        torch.from_numpy(np.stack([view.image for view in views])),
        Targets(
            torch.from_numpy(boxes),
            torch.from_numpy(labels),
            torch.from_numpy(present),
            torch.from_numpy(ignored),
        ),
    )


def ignored_pixels(view: Sample) -> NDArray[np.bool_]:
    """``(H, W)`` True inside any ignore polygon of the view."""
    mask = np.zeros(view.image.shape[:2], np.uint8)
    for polygon in view.ignored:
        cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
    return mask.astype(np.bool_)
