"""Complete IoU loss: IoU, distance of the centres, and likeness of the aspect ratios.

Zheng et al., "Distance-IoU Loss", AAAI 2020, https://arxiv.org/abs/1911.08287, eq. 10-11.
"""

import math

import torch
from torch import Tensor

from services.trainer.domain.losses.paired_iou import EPSILON, enclosing, paired_iou


def ciou(predicted_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Loss ``1 - IoU + d²/c² + alpha v`` of each pair.

    Args:
        predicted_xyxy: ``(N, 4)``.
        target_xyxy: ``(N, 4)``.

    Returns:
        ``(N,)``; no pairs give ``(0,)``.

    >>> round(ciou(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[1.0, 0, 2, 1]])).item(), 4)
    1.2
    """
    overlap, union = paired_iou(predicted_xyxy, target_xyxy)
    iou = overlap / (union + EPSILON)
    sides = enclosing(predicted_xyxy, target_xyxy)
    diagonal = sides.pow(2).sum(1) + EPSILON
    offset = (predicted_xyxy[:, :2] + predicted_xyxy[:, 2:]) - (
        target_xyxy[:, :2] + target_xyxy[:, 2:]
    )
    distance = offset.pow(2).sum(1) / 4
    aspect = (4 / math.pi**2) * (_angle(target_xyxy) - _angle(predicted_xyxy)).pow(2)
    with torch.no_grad():
        alpha = aspect / (1 - iou + aspect + EPSILON)
    return 1 - iou + distance / diagonal + alpha * aspect


def _angle(boxes_xyxy: Tensor) -> Tensor:
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    return torch.atan(sides[:, 0] / sides[:, 1].clamp(min=EPSILON))
