"""Categorical cross-entropy with softmax: one right label each (C-190).

Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.108. It falls steadily as the right
label's share grows (C-209), and its gradient, share minus truth, does not fade where a sure answer
is wrong, as that of squared errors does (C-208).
"""

import torch.nn.functional as F
from torch import Tensor

IGNORED = -100
"""The label of what costs nothing."""


def cross_entropy(logits: Tensor, labels: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Loss ``-log softmax(logits)[label]`` of each sample or pixel.

    Args:
        logits: ``(N, C)`` or ``(N, C, H, W)``.
        labels: ``(N,)`` or ``(N, H, W)``; `IGNORED` costs nothing.
        smoothing: Share of the truth that is spread evenly over all labels (see `label_smoothing`).

    Returns:
        The shape of ``labels``, not reduced; no samples give an empty loss.

    >>> import torch
    >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item(), 4)  # ln 4
    1.3863
    >>> cross_entropy(torch.zeros(1, 4), torch.tensor([IGNORED])).item()
    0.0
    """
    return F.cross_entropy(
        logits, labels, reduction="none", ignore_index=IGNORED, label_smoothing=smoothing
    )
