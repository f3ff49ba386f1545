"""Distribution focal loss: a distance to a box edge learnt as a distribution over whole strides.

Li et al., "Generalized Focal Loss", NeurIPS 2020, https://arxiv.org/abs/2006.04388, eq. 6.
"""

import torch.nn.functional as F
from torch import Tensor


def distribution_focal(logits: Tensor, distances: Tensor) -> Tensor:
    """Cross-entropy with the two bins around each distance, weighted by nearness.

    Args:
        logits: ``(N, bins)``.
        distances: ``(N,)`` in bins; cut to ``[0, bins - 1)``.

    Returns:
        ``(N,)``; no distances give ``(0,)``.

    >>> import torch
    >>> round(distribution_focal(torch.zeros(1, 4), torch.tensor([1.5])).item(), 4)  # ln 4
    1.3863
    """
    distances = distances.clamp(min=0, max=logits.shape[1] - 1 - 0.01)
    left = distances.long()
    right_share = distances - left
    lower = F.cross_entropy(logits, left, reduction="none")
    upper = F.cross_entropy(logits, left + 1, reduction="none")
    return lower * (1 - right_share) + upper * right_share
