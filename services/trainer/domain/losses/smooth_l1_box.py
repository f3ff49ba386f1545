"""Smooth L1 on the coordinates of boxes (C-180), in sides of the target.

Girshick, "Fast R-CNN", ICCV 2015, https://arxiv.org/abs/1504.08083: errors are divided by the
box's size there, too, so that one pixel counts more on a small target than on a large one.
"""

import torch
from torch import Tensor

from services.trainer.domain.losses.smooth_l1 import smooth_l1

BETA = 1 / 9  # of Detectron's box regression
LEAST_SIDE = 1.0  # pixels: a target without area must not divide by nothing


def smooth_l1_box(predicted_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Mean smooth L1 of the four coordinates of each pair.

    Args:
        predicted_xyxy: ``(N, 4)`` in pixels.
        target_xyxy: ``(N, 4)``.

    Returns:
        ``(N,)``; no pairs give ``(0,)``.

    >>> far = smooth_l1_box(torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[10.0, 0, 20, 10]]))
    >>> round(far.item(), 4)  # two of four coordinates are one side away: (1 - 1/18) / 2
    0.4722
    """
    sides = (target_xyxy[:, 2:] - target_xyxy[:, :2]).clamp(min=LEAST_SIDE)
    scale = torch.cat([sides, sides], dim=1)
    return smooth_l1(predicted_xyxy / scale, target_xyxy / scale, beta=BETA).mean(1)
