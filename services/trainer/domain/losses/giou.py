"""Generalised IoU loss: still pulls boxes together that do not overlap.

Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019,
https://arxiv.org/abs/1902.09630.
"""

from torch import Tensor

from services.trainer.domain.losses.paired_iou import EPSILON, enclosing, paired_iou


def giou(predicted_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Loss ``1 - GIoU`` of each pair.

    Args:
        predicted_xyxy: ``(N, 4)``.
        target_xyxy: ``(N, 4)``.

    Returns:
        ``(N,)`` in [0, 2]; no pairs give ``(0,)``.

    >>> import torch
    >>> giou(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[1.0, 0, 2, 1]])).item()
    1.0
    """
    overlap, union = paired_iou(predicted_xyxy, target_xyxy)
    sides = enclosing(predicted_xyxy, target_xyxy)
    hull = sides[:, 0] * sides[:, 1]
    return 1 - overlap / (union + EPSILON) + (hull - union) / (hull + EPSILON)
