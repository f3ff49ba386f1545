"""Cross-entropy against a truth that leaves room for doubt (C-194).

Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016,
https://arxiv.org/abs/1512.00567, section 7: the right label gets ``1 - e + e / C``, every other one
``e / C``. The network is not driven to infinite logits, and bears a few wrong labels.
"""

from torch import Tensor

from services.trainer.domain.losses.cross_entropy import cross_entropy


def label_smoothing(logits: Tensor, labels: Tensor, *, epsilon: float = 0.1) -> Tensor:
    """Loss of each sample or pixel; shapes, ignored labels and empty case as `cross_entropy`.

    Args:
        logits: ``(N, C)`` or ``(N, C, H, W)``.
        labels: ``(N,)`` or ``(N, H, W)``.
        epsilon: Share that is spread over all labels, in [0, 1).

    Returns:
        The shape of ``labels``.

    >>> import torch
    >>> sure = torch.tensor([[20.0, 0.0]])
    >>> round(label_smoothing(sure, torch.tensor([0])).item(), 3)  # being too sure costs
    1.0
    """
    return cross_entropy(logits, labels, smoothing=epsilon)
