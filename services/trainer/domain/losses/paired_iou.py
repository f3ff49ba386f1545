"""Overlap of boxes row by row, differentiable: what the box losses share."""

import torch
from torch import Tensor

EPSILON = 1e-7


def paired_iou(first_xyxy: Tensor, second_xyxy: Tensor) -> tuple[Tensor, Tensor]:
    """Area of intersection and of union of each pair, ``(N,)`` each; no pairs give ``(0,)``.

    >>> overlap, union = paired_iou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 0, 3, 2]]))
    >>> overlap.item(), union.item()
    (2.0, 6.0)
    """
    top_left = torch.maximum(first_xyxy[:, :2], second_xyxy[:, :2])
    bottom_right = torch.minimum(first_xyxy[:, 2:], second_xyxy[:, 2:])
    sides = (bottom_right - top_left).clamp(min=0)
    overlap = sides[:, 0] * sides[:, 1]
    return overlap, _area(first_xyxy) + _area(second_xyxy) - overlap


def enclosing(first_xyxy: Tensor, second_xyxy: Tensor) -> Tensor:
    """Width and height of the smallest box around each pair, ``(N, 2)``."""
    top_left = torch.minimum(first_xyxy[:, :2], second_xyxy[:, :2])
    return torch.maximum(first_xyxy[:, 2:], second_xyxy[:, 2:]) - top_left


def _area(boxes_xyxy: Tensor) -> Tensor:
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    return sides[:, 0] * sides[:, 1]
