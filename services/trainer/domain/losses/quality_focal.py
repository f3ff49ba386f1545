"""Quality focal loss: binary cross-entropy against a soft score, easy points down-weighted.

Li et al., "Generalized Focal Loss", NeurIPS 2020, https://arxiv.org/abs/2006.04388, eq. 3.
"""

import torch.nn.functional as F
from torch import Tensor


def quality_focal(logits: Tensor, targets: Tensor, *, beta: float = 2.0) -> Tensor:
    """Elementwise loss ``|y - sigma|^beta * BCE(sigma, y)``.

    Args:
        logits: Any shape.
        targets: Same shape, in [0, 1]; 0 for background, else the wished score (an IoU).
        beta: Focusing; 0 gives plain binary cross-entropy, 2 is the paper's.

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> quality_focal(torch.zeros(1), torch.ones(1)).item()  # 0.25 * ln 2
    0.1732867956161499
    """
    error = (targets - logits.sigmoid()).abs()
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return error.pow(beta) * entropy
