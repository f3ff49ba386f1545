"""Focal loss for hard targets, for data with far more background than objects.

Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, https://arxiv.org/abs/1708.02002.
"""

import torch.nn.functional as F
from torch import Tensor


def focal(logits: Tensor, targets: Tensor, *, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Elementwise loss ``-alpha_t (1 - p_t)^gamma log(p_t)``.

    Args:
        logits: Any shape.
        targets: Same shape; any value above 0 counts as positive.
        alpha: Weight of the positives, the negatives weigh ``1 - alpha``.
        gamma: Focusing; 0 gives weighted binary cross-entropy.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> focal(torch.zeros(1), torch.ones(1)).item()  # 0.25 * 0.25 * ln 2
    0.043321698904037476
    """
    hard = (targets > 0).to(logits.dtype)
    entropy = F.binary_cross_entropy_with_logits(logits, hard, reduction="none")
    missed = (hard - logits.sigmoid()).abs()
    weights = alpha * hard + (1 - alpha) * (1 - hard)
    return weights * missed.pow(gamma) * entropy
