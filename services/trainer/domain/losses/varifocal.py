"""Varifocal loss: positives weighted by their target score, negatives by their confidence.

Zhang et al., "VarifocalNet", CVPR 2021, https://arxiv.org/abs/2008.13367, eq. 2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def varifocal(
    logits: Tensor, targets: Tensor, *, alpha: float = 0.75, gamma: float = 2.0
) -> Tensor:
    """Elementwise loss ``q * BCE`` where ``q > 0``, else ``alpha * p^gamma * BCE``.

    Args:
        logits: Any shape.
        targets: ``q``, same shape, in [0, 1].
        alpha: Weight of the negatives.
        gamma: Focusing of the negatives.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> varifocal(torch.zeros(1), torch.zeros(1)).item()  # 0.75 * 0.25 * ln 2
    0.12996509671211243
    """
    negative = alpha * logits.sigmoid().pow(gamma)
    weights = torch.where(targets > 0, targets, negative)
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return weights * entropy
