"""A batch whose targets are one tensor."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LabelledBatch:
    """Pixels uint8 ``(B, H, W, 3)`` and what they show: one row of ``targets`` a view."""

    images: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> "LabelledBatch":
        """The batch in the memory of ``device``; itself when it is there."""
        if self.images.device == device:
            return self
        return LabelledBatch(self.images.to(device), self.targets.to(device))
