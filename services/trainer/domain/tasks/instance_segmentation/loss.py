"""The loss of an instance segmenter: a detector's, and that of each positive point's mask."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from services.trainer.domain.detector.loss import DetectionLosses, assigned_loss
from services.trainer.domain.detector.samples import WHOLE
from services.trainer.domain.detector.targets import Assignment
from services.trainer.domain.losses.table import WeightedSum
from services.trainer.domain.tasks.instance_segmentation.batches import TARGET_PX, InstanceBatch
from services.trainer.domain.tasks.instance_segmentation.network import (
    InstanceSegmenter,
    RawInstances,
)

MOST_MASKS = 64  # of a batch that are learnt a step; the positive points of a target say the same
AROUND = 0.25  # of a box's sides: how far beyond it its mask is learnt
LEAST_AROUND_PX = 8.0  # of the input


@dataclass(frozen=True, slots=True)
class InstanceLosses(DetectionLosses):
    """The parts of the loss, each a weighted sum."""

    mask: WeightedSum
    region: WeightedSum


def instance_loss(
    network: InstanceSegmenter, raw: RawInstances, batch: InstanceBatch, losses: InstanceLosses
) -> Tensor:
    """The scalar loss of a batch.

    A mask is learnt by the points that learn its box, on the pixels in and around the box. Pixels
    in ignore regions cost nothing, whatever the network says there.
    """
    loss, wished = assigned_loss(network, raw.found, batch.detection.targets, losses)
    if not bool(wished.positive.any()):
        return loss
    return loss + _mask_loss(raw, wished, batch, losses)


def _mask_loss(
    raw: RawInstances, wished: Assignment, batch: InstanceBatch, losses: InstanceLosses
) -> Tensor:
    """Mean over some positive points, without those whose target shows no pixel in the view.

    Of such a one only the box was kept: it says nothing of where its pixels are.
    """
    views, points = wished.positive.nonzero(as_tuple=True)
    step = -(-len(views) // MOST_MASKS)
    views, points = views[::step], points[::step]
    coefficients = torch.split(raw.coefficients[views, points], views.bincount().tolist())
    of_views = zip(coefficients, raw.prototypes, strict=False)  # the last views may have no target
    logits = torch.cat([torch.einsum("nk,khw->nhw", mix, one) for mix, one in of_views])
    size = batch.masks.counted.shape[1:]
    grown = functional.interpolate(
        logits[:, None], size=size, mode="bilinear", align_corners=False
    )[:, 0]
    targets = batch.masks.starts[views] + wished.owners[views, points]
    truth = batch.masks.dense(targets.tolist()).to(grown) / WHOLE
    shown = truth.flatten(1).any(1)
    counted = batch.masks.counted[views] & _around(wished.boxes_xyxy[views, points], size)
    # No loss gets to see what the network says where nothing is learnt.
    seen = grown.masked_fill(~counted, 0.0).flatten(1)
    truth = truth.masked_fill(~counted, 0.0).flatten(1)
    there = counted.flatten(1)
    pixels = losses.mask(seen, truth).masked_fill(~there, 0.0)
    mask = pixels.sum(1) / there.sum(1).clamp(min=1)
    shares = seen.sigmoid().masked_fill(~there, 0.0)
    each = (mask + losses.region(shares, truth)).masked_fill(~shown, 0.0)
    return each.sum() / shown.sum().clamp(min=1)


def _around(boxes_xyxy: Tensor, size: torch.Size) -> Tensor:
    """Target pixels in and around each box, ``(N, h, w)``."""
    spare = (AROUND * (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2])).clamp(min=LEAST_AROUND_PX)
    low = (boxes_xyxy[:, :2] - spare) / TARGET_PX
    high = (boxes_xyxy[:, 2:] + spare) / TARGET_PX
    ys = torch.arange(size[0], device=boxes_xyxy.device) + 0.5
    xs = torch.arange(size[1], device=boxes_xyxy.device) + 0.5
    across = (xs > low[:, :1]) & (xs < high[:, :1])
    down = (ys > low[:, 1:]) & (ys < high[:, 1:])
    return down[:, :, None] & across[:, None, :]
