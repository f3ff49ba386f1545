"""The detector's whole loss: scores of all points, boxes of the positive ones."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from services.trainer.domain.detector.network import PointDetector, RawOutput
from services.trainer.domain.detector.targets import Assignment, Targets, assign
from services.trainer.domain.losses.table import LossTerm, WeightedSum, parts_of, weighted_sum
from services.trainer.domain.recipe import Recipe
from shared.runtime.tasks.names import TaskName

LEAST_SHARE = 0.1  # a box without overlap yet wishes score 0, but must still be pulled in


@dataclass(frozen=True, slots=True)
class DetectionLosses:
    """The parts of the loss, each a weighted sum."""

    score: WeightedSum
    box: WeightedSum
    distribution: WeightedSum

    @classmethod
    def of(cls, recipe: Recipe, task: TaskName = "detection") -> Self:
        """The sums that a recipe asks for; its plug-ins must be known to this process.

        Args:
            recipe: Its terms, and the plain names of the losses of scores and boxes.
            task: Whose; each of its parts is a field of this class.
        """
        named = {term.part for term in recipe.losses}
        plain = {"score": recipe.score_loss, "box": recipe.box_loss}
        parts = parts_of(task)
        terms = [
            *recipe.losses,
            *(
                LossTerm(part=part.name, loss=plain[part.name], weight=part.weight)
                for part in parts
                if part.name in plain.keys() - named
            ),
        ]
        return cls(**{part.name: weighted_sum(task, part.name, terms) for part in parts})


def detection_loss(
    detector: PointDetector, raw: RawOutput, targets: Targets, losses: DetectionLosses
) -> Tensor:
    """The scalar loss of a batch, normalised by the sum of the wished scores (at least 1).

    A batch without targets is legal: all its points learn to say nothing. Points in ignore regions
    add nothing.
    """
    return assigned_loss(detector, raw, targets, losses)[0]


def assigned_loss(
    detector: PointDetector, raw: RawOutput, targets: Targets, losses: DetectionLosses
) -> tuple[Tensor, Assignment]:
    """`detection_loss`, and what each point was to learn."""
    boxes = detector.decode(raw.distance_logits)
    wished = assign(
        raw.score_logits.detach().sigmoid(),
        boxes.detach(),
        targets,
        points=detector.points,
        strides=detector.strides,
    )
    scores = losses.score(raw.score_logits, wished.scores)
    scores = scores.masked_fill(targets.ignored_points[..., None], 0.0)
    total = wished.scores.sum().clamp(min=1.0)
    loss = scores.sum() / total
    positive = wished.positive
    if not bool(positive.any()):
        return loss, wished
    share = wished.scores.sum(-1)[positive].clamp(min=LEAST_SHARE)
    target = wished.boxes_xyxy[positive]
    box = (losses.box(boxes[positive], target) * share).sum() / total
    if detector.shape.bins == 1:
        return loss + box, wished
    edges = _edge_distances(detector, positive, target)
    distribution = losses.distribution(
        raw.distance_logits[positive].reshape(-1, detector.shape.bins), edges.reshape(-1)
    )
    spread = (distribution.reshape(-1, 4).mean(1) * share).sum() / total
    return loss + box + spread, wished


def _edge_distances(detector: PointDetector, positive: Tensor, target_xyxy: Tensor) -> Tensor:
    """Distances from the positive points to their target's edges in strides, ``(N, 4)``."""
    index = positive.nonzero()[:, 1]
    points, strides = detector.points[index], detector.strides[index]
    corners = torch.cat([points - target_xyxy[:, :2], target_xyxy[:, 2:] - points], dim=1)
    return corners / strides[:, None]
