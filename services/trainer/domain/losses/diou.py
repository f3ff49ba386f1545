"""Distance IoU loss: IoU, and the distance of the centres, so that boxes apart are drawn together.

Zheng et al., "Distance-IoU Loss", AAAI 2020, https://arxiv.org/abs/1911.08287, eq. 5-7.
"""

from torch import Tensor

from services.trainer.domain.losses.paired_iou import EPSILON, enclosing, paired_iou


def diou(predicted_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Loss ``1 - IoU + d²/c²`` of each pair: ``d`` between centres, ``c`` across their hull.

    Args:
        predicted_xyxy: ``(N, 4)``.
        target_xyxy: ``(N, 4)``.

    Returns:
        ``(N,)`` in [0, 2]; no pairs give ``(0,)``.

    >>> import torch
    >>> round(diou(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[1.0, 0, 2, 1]])).item(), 4)
    1.2
    """
    overlap, union = paired_iou(predicted_xyxy, target_xyxy)
    diagonal = enclosing(predicted_xyxy, target_xyxy).pow(2).sum(1) + EPSILON
    twice = (predicted_xyxy[:, :2] + predicted_xyxy[:, 2:]) - (
        target_xyxy[:, :2] + target_xyxy[:, 2:]
    )
    return 1 - overlap / (union + EPSILON) + twice.pow(2).sum(1) / 4 / diagonal
