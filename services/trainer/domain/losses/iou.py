"""IoU loss of boxes: what the figures measure (C-179); boxes apart are all equally wrong to it.

Yu et al., "UnitBox", ACM Multimedia 2016, https://arxiv.org/abs/1608.01471, in the linear form
``1 - IoU``.
"""

from torch import Tensor

from services.trainer.domain.losses.paired_iou import EPSILON, paired_iou


def iou(predicted_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Loss ``1 - IoU`` of each pair.

    Args:
        predicted_xyxy: ``(N, 4)``.
        target_xyxy: ``(N, 4)``.

    Returns:
        ``(N,)`` in [0, 1]; no pairs give ``(0,)``. Boxes that do not overlap have no gradient.

    >>> import torch
    >>> round(iou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 0, 3, 2]])).item(), 4)
    0.6667
    """
    overlap, union = paired_iou(predicted_xyxy, target_xyxy)
    return 1 - overlap / (union + EPSILON)
