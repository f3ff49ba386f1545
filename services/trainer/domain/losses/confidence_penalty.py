"""Cross-entropy with a penalty on answers of low entropy (C-194).

Pereyra et al., "Regularizing Neural Networks by Penalizing Confident Output Distributions", 2017,
https://arxiv.org/abs/1701.06548, eq. 3.
"""

import torch.nn.functional as F
from torch import Tensor

from services.trainer.domain.losses.cross_entropy import IGNORED, cross_entropy


def confidence_penalty(logits: Tensor, labels: Tensor, *, beta: float = 0.1) -> Tensor:
    """Loss ``CE - beta * H(softmax(logits))`` of each sample or pixel.

    Args:
        logits: ``(N, C)`` or ``(N, C, H, W)``.
        labels: ``(N,)`` or ``(N, H, W)``; `IGNORED` costs nothing, its confidence neither.
        beta: Weight of the penalty; 0 gives cross-entropy.

    Returns:
        The shape of ``labels``, not reduced; it may fall below 0. No samples give an empty loss.

    >>> import torch
    >>> round(confidence_penalty(torch.zeros(1, 4), torch.tensor([0])).item(), 4)  # 0.9 ln 4
    1.2477
    """
    logs = F.log_softmax(logits, dim=1)
    entropy = -(logs.exp() * logs).sum(1)
    loss = cross_entropy(logits, labels) - beta * entropy
    return loss.masked_fill(labels == IGNORED, 0.0)
