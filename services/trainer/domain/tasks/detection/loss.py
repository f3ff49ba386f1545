"""The detector's whole loss: scores of all points, boxes of the positive ones."""

from dataclasses import dataclass

import torch
from torch import Tensor

from services.trainer.domain.losses.distribution_focal import distribution_focal
from services.trainer.domain.losses.table import BoxLoss, ScoreLoss, box_loss, score_loss
from services.trainer.domain.tasks.detection.network import Detector, RawOutput
from services.trainer.domain.tasks.detection.targets import Targets, assign

LEAST_SHARE = 0.1  # a box without overlap yet wishes score 0, but must still be pulled in


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Shares of the parts of the loss, and which formulas they use."""

    score_loss: ScoreLoss = "quality_focal"
    box_loss: BoxLoss = "giou"
    score: float = 1.0
    box: float = 2.0
    distribution: float = 0.5


def detection_loss(
    detector: Detector, raw: RawOutput, targets: Targets, weights: LossWeights
) -> Tensor:
    """The scalar loss of a batch, normalised by the sum of the wished scores (at least 1).

    A batch without targets is legal: all its points learn to say nothing. Points in ignore regions
    add nothing.
    """
    boxes = detector.decode(raw.distance_logits)
    wished = assign(
        raw.score_logits.detach().sigmoid(),
        boxes.detach(),
        targets,
        points=detector.points,
        strides=detector.strides,
    )
    scores = score_loss(weights.score_loss)(raw.score_logits, wished.scores)
    scores = scores.masked_fill(targets.ignored_points[..., None], 0.0)
    total = wished.scores.sum().clamp(min=1.0)
    loss = weights.score * scores.sum() / total
    positive = wished.positive
    if not bool(positive.any()):
        return loss
    share = wished.scores.sum(-1)[positive].clamp(min=LEAST_SHARE)
    target = wished.boxes_xyxy[positive]
    box = (box_loss(weights.box_loss)(boxes[positive], target) * share).sum() / total
    edges = _edge_distances(detector, positive, target)
    distribution = distribution_focal(
        raw.distance_logits[positive].reshape(-1, detector.shape.bins), edges.reshape(-1)
    )
    spread = (distribution.reshape(-1, 4).mean(1) * share).sum() / total
    return loss + weights.box * box + weights.distribution * spread


def _edge_distances(detector: Detector, positive: Tensor, target_xyxy: Tensor) -> Tensor:
    """Distances from the positive points to their target's edges in strides, ``(N, 4)``."""
    index = positive.nonzero()[:, 1]
    points, strides = detector.points[index], detector.strides[index]
    corners = torch.cat([points - target_xyxy[:, :2], target_xyxy[:, 2:] - points], dim=1)
    return corners / strides[:, None]
