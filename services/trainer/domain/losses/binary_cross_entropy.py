"""Binary cross-entropy: yes or no, and how sure (C-183, C-191).

Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.90.
"""

import torch.nn.functional as F
from torch import Tensor


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Elementwise loss ``-y log(p) - (1 - y) log(1 - p)`` with ``p = sigmoid(logit)``.

    Args:
        logits: Any shape.
        targets: Same shape, in [0, 1].

    Returns:
        Loss of the same shape, not reduced; an empty input gives an empty loss.

    >>> import torch
    >>> round(binary_cross_entropy(torch.zeros(1), torch.ones(1)).item(), 4)  # ln 2
    0.6931
    """
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
