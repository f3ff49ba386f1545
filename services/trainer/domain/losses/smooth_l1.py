"""Smooth L1: squared near 0, so that it settles; absolute far off: no outlier rules (C-180).

Girshick, "Fast R-CNN", ICCV 2015, https://arxiv.org/abs/1504.08083, eq. 3 (there beta is 1).
"""

import torch
from torch import Tensor


def smooth_l1(predicted: Tensor, targets: Tensor, *, beta: float = 1.0) -> Tensor:
    """Elementwise loss ``d² / (2 beta)`` where ``d = |x - y| < beta``, else ``d - beta / 2``.

    Args:
        predicted: Any shape.
        targets: Same shape.
        beta: Where the parabola ends, above 0.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> smooth_l1(torch.tensor([0.5, 3.0]), torch.zeros(2)).tolist()
    [0.125, 2.5]
    """
    away = (predicted - targets).abs()
    return torch.where(away < beta, away.pow(2) / (2 * beta), away - beta / 2)
