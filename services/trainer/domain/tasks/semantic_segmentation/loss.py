"""The loss of a segmenter: of pixels, of whole masks, and of their outlines."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from services.trainer.domain.losses.table import WeightedSum, weighted_sum
from services.trainer.domain.recipe import Recipe
from services.trainer.domain.tasks.semantic_segmentation.truths import IGNORED

TARGET_PX = 2  # of the input: side of a target's pixel; half a cell, for what is thin


@dataclass(frozen=True, slots=True)
class SegmentationLosses:
    """The weighted sums of losses by part; see `losses.table` for what each gets."""

    pixel: WeightedSum
    region: WeightedSum
    outline: WeightedSum

    @classmethod
    def of(cls, recipe: Recipe) -> "SegmentationLosses":
        """Those that a recipe names, else the task's own."""
        terms = recipe.losses
        return cls(*(weighted_sum("semantic_segmentation", part, terms) for part in _PARTS))


_PARTS = ("pixel", "region", "outline")


def segmentation_loss(logits: Tensor, targets: Tensor, losses: SegmentationLosses) -> Tensor:
    """The scalar loss of one batch, with its graph.

    Args:
        logits: ``(B, 1 + C, h, w)`` of cells, the background first.
        targets: ``(B, H, W)`` uint8 label index + 1, 0 the background; `IGNORED` costs nothing:
            no loss gets to see what the network says there.
        losses: What is summed.
    """
    size = (targets.shape[1], targets.shape[2])
    grown = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    counted = targets != IGNORED
    known = targets.long().masked_fill(~counted, 0)
    seen, right = grown.permute(0, 2, 3, 1)[counted], known[counted]
    total = losses.pixel(seen, right).sum() / max(1, len(right))
    there = [value for value in torch.unique(right).tolist() if value]
    if not there:
        return total
    shares = torch.softmax(grown, dim=1)
    mine = torch.stack([shares[:, value] for value in there]).masked_fill(~counted, 0.0)
    truth = torch.stack([known == value for value in there]).to(mine.dtype)
    total = total + losses.region(mine.flatten(1), truth.flatten(1)).mean()
    drawn = truth.flatten(2).any(dim=2)
    return total + losses.outline(mine[drawn], truth[drawn]).mean()
