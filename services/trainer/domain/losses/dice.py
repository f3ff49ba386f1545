"""Dice loss of masks: overlap, whatever the share of the background (C-182, C-212, Z6).

Milletari et al., "V-Net", 3DV 2016, https://arxiv.org/abs/1606.04797, section 3: the score is
``2 sum(p g) / (sum p² + sum g²)``; Dice 1945 and Sudre et al. 2017 (https://arxiv.org/abs/1707.03237)
have ``sum p + sum g`` below. The loss is one less the score. On hard masks both are the same; on
soft ones the squares pull harder at what is nearly right.
"""

from typing import Literal

from torch import Tensor

Denominator = Literal["squares", "plain"]


def dice(
    shares: Tensor,
    targets: Tensor,
    *,
    denominator: Denominator = "squares",
    counted: Tensor | None = None,
    smooth: float = 1.0,
) -> Tensor:
    """Loss ``1 - (2 sum(p g) + s) / (below + s)`` of each mask.

    Args:
        shares: ``p`` in [0, 1] (a sigmoid or softmax), ``(N, …)``.
        targets: ``g`` in [0, 1], same shape.
        denominator: Sum of squares (V-Net), or plain sum.
        counted: Same shape, False where a pixel costs nothing.
        smooth: ``s``: an empty mask that is found empty costs nothing, and has a gradient.

    Returns:
        ``(N,)`` in [0, 1]; no masks give ``(0,)``.

    >>> import torch
    >>> half = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    >>> dice(half, torch.tensor([[0.0, 1.0, 1.0, 0.0]]), smooth=0.0).item()
    0.5
    >>> dice(torch.zeros(1, 4), torch.zeros(1, 4)).item()
    0.0
    """
    if counted is not None:
        shares = shares.masked_fill(~counted, 0.0)
        targets = targets.masked_fill(~counted, 0.0)
    mine, truth = shares.flatten(1), targets.flatten(1)
    overlap = (mine * truth).sum(1)
    if denominator == "squares":
        below = mine.pow(2).sum(1) + truth.pow(2).sum(1)
    else:
        below = mine.sum(1) + truth.sum(1)
    return 1 - (2 * overlap + smooth) / (below + smooth)


def plain_dice(shares: Tensor, targets: Tensor) -> Tensor:
    """`dice` with the plain sum below.

    >>> import torch
    >>> plain_dice(torch.ones(1, 3), torch.ones(1, 3)).item()
    0.0
    """
    return dice(shares, targets, denominator="plain")
