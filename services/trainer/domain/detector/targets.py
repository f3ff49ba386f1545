"""Which points learn which target: task-aligned assignment.

Feng et al., "TOOD: Task-aligned One-stage Object Detection", ICCV 2021,
https://arxiv.org/abs/2108.07755. A point's fitness for a target is ``score^alpha * IoU^beta``; the
best few points of each target learn it, with that fitness, scaled to the target's best IoU, as
wished score. Targets smaller than a cell also take the points next to their centre.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

TOP_POINTS = 10
ALPHA = 1.0
BETA = 6.0
CENTRE_RADIUS = 1.0  # strides around a target's centre that count as inside it
EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Targets:
    """Padded truth of a batch.

    Attributes:
        boxes_xyxy: ``(B, G, 4)`` in input pixels.
        labels: ``(B, G)`` label indices.
        present: ``(B, G)``, False for padding.
        ignored_points: ``(B, A)``, True where a point must not be trained.
    """

    boxes_xyxy: Tensor
    labels: Tensor
    present: Tensor
    ignored_points: Tensor


@dataclass(frozen=True, slots=True)
class Assignment:
    """What each point is to learn.

    Attributes:
        scores: ``(B, A, C)`` wished scores.
        boxes_xyxy: ``(B, A, 4)`` wished boxes, of meaning only where positive.
        positive: ``(B, A)``.
        owners: ``(B, A)`` index of the target among its image's, of meaning only where positive.
    """

    scores: Tensor
    boxes_xyxy: Tensor
    positive: Tensor
    owners: Tensor


@torch.no_grad()
def assign(
    scores: Tensor, boxes_xyxy: Tensor, targets: Targets, *, points: Tensor, strides: Tensor
) -> Assignment:
    """Assigns the points of a batch.

    Args:
        scores: Predicted scores ``(B, A, C)`` in [0, 1].
        boxes_xyxy: Predicted boxes ``(B, A, 4)``.
        targets: The truth; without any target every point is background.
        points: ``(A, 2)``.
        strides: ``(A,)``.

    Returns:
        The wished scores and boxes; a point fits at most one target.
    """
    batch, count, labels = scores.shape
    if targets.boxes_xyxy.shape[1] == 0:
        return Assignment(
            torch.zeros_like(scores),
            torch.zeros_like(boxes_xyxy),
            torch.zeros(batch, count, dtype=torch.bool, device=scores.device),
            torch.zeros(batch, count, dtype=torch.long, device=scores.device),
        )
    inside = _inside(targets.boxes_xyxy, points, strides) & targets.present[..., None]
    inside &= ~targets.ignored_points[:, None, :]
    overlaps = _overlaps(targets.boxes_xyxy, boxes_xyxy) * inside
    of_label = scores.transpose(1, 2).gather(
        1, targets.labels[..., None].expand(-1, -1, count)
    )  # (B, G, A)
    fitness = of_label.pow(ALPHA) * overlaps.pow(BETA) * inside
    chosen = _best_points(fitness, inside)
    owner, positive = _resolve(chosen, overlaps)
    wished = _wished_scores(fitness, overlaps, owner, positive)
    own_labels = targets.labels.gather(1, owner)
    one_hot = torch.nn.functional.one_hot(own_labels, labels).to(scores.dtype)
    own_boxes = targets.boxes_xyxy.gather(1, owner[..., None].expand(-1, -1, 4))
    return Assignment(one_hot * wished[..., None], own_boxes, positive, owner)


def _inside(boxes: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Which points lie in each target, or next to its centre, ``(B, G, A)``."""
    x, y = points[:, 0], points[:, 1]
    x1, y1, x2, y2 = (boxes[..., index, None] for index in range(4))
    in_box = (x > x1) & (x < x2) & (y > y1) & (y < y2)
    finest = strides.min()
    near_x = (x - (x1 + x2) / 2).abs() < CENTRE_RADIUS * strides
    near_y = (y - (y1 + y2) / 2).abs() < CENTRE_RADIUS * strides
    small = torch.minimum(x2 - x1, y2 - y1) < 2 * finest
    return in_box | (near_x & near_y & small & (strides == finest))


def _overlaps(targets: Tensor, predicted: Tensor) -> Tensor:
    """IoU of every target with every predicted box, ``(B, G, A)``."""
    t1, p1 = targets[:, :, None], predicted[:, None]
    left = torch.maximum(t1[..., 0], p1[..., 0])
    top = torch.maximum(t1[..., 1], p1[..., 1])
    right = torch.minimum(t1[..., 2], p1[..., 2])
    bottom = torch.minimum(t1[..., 3], p1[..., 3])
    overlap = (right - left).clamp_(min=0) * (bottom - top).clamp_(min=0)
    area_t = (t1[..., 2] - t1[..., 0]) * (t1[..., 3] - t1[..., 1])
    area_p = (p1[..., 2] - p1[..., 0]) * (p1[..., 3] - p1[..., 1])
    return overlap / (area_t + area_p - overlap + EPSILON)


def _best_points(fitness: Tensor, inside: Tensor) -> Tensor:
    """The best points of each target, ``(B, G, A)`` bool."""
    top = min(TOP_POINTS, fitness.shape[2])
    best = (fitness + inside * EPSILON * EPSILON).topk(top, dim=2).indices
    return torch.zeros_like(inside).scatter_(2, best, True) & inside


def _resolve(chosen: Tensor, overlaps: Tensor) -> tuple[Tensor, Tensor]:
    """Owner ``(B, A)`` of each point, the target it overlaps most, and whether it has one."""
    ranked = torch.where(chosen, overlaps + EPSILON, torch.zeros_like(overlaps))
    best = ranked.max(dim=1)
    return best.indices, best.values > 0


def _wished_scores(fitness: Tensor, overlaps: Tensor, owner: Tensor, positive: Tensor) -> Tensor:
    """Fitness of each point for its owner, scaled so that the owner's best point wishes its IoU."""
    mine = torch.zeros_like(fitness, dtype=torch.bool).scatter_(1, owner[:, None], True)
    mine &= positive[:, None]
    fit = fitness * mine
    best_fit = fit.amax(dim=2, keepdim=True)
    best_overlap = (overlaps * mine).amax(dim=2, keepdim=True)
    scaled = fit / (best_fit + EPSILON) * best_overlap
    return scaled.amax(dim=1)
