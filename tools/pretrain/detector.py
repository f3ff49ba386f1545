"""The detector that becomes a start: one score for any object, more to learn what objects are."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from services.trainer.domain.detector.loss import LEAST_SHARE
from services.trainer.domain.detector.network import Detector, DetectorShape
from services.trainer.domain.detector.start import STRIDES
from services.trainer.domain.detector.targets import Targets, assign
from services.trainer.domain.losses.distribution_focal import distribution_focal
from services.trainer.domain.losses.giou import giou
from services.trainer.domain.losses.quality_focal import quality_focal
from tools.pretrain.scenes import CELL, KINDS, Scenes

KIND_SHARE = 0.5  # of the loss of the scores
COARSE = STRIDES[1:]  # the levels of most detectors


class StartDetectors:
    """One set of weights as a detector of four levels and one of the three coarse ones.

    Attributes:
        fine: With the level of stride 4; its state dict holds all weights.
        coarse: Without; shares the weights.
    """

    def __init__(self, side: int, backbone: Mapping[str, Tensor] | None, channels: int) -> None:
        self.fine, self.coarse = (
            Detector(
                DetectorShape(
                    labels=1 + KINDS,
                    input_size=(side, side),
                    strides=strides,
                    channels=channels,
                ),
                backbone,
            )
            for strides in (STRIDES, COARSE)
        )
        fine, coarse = self.fine, self.coarse
        coarse.backbone, coarse.score, coarse.distance = fine.backbone, fine.score, fine.distance
        for blocks in ("inner_blocks", "layer_blocks"):
            setattr(coarse.pyramid, blocks, nn.ModuleList(getattr(fine.pyramid, blocks)[1:]))
        for branch in ("score_branch", "box_branch"):
            mine, shared = getattr(coarse, branch), getattr(fine, branch)
            mine.convolutions = shared.convolutions
            mine.norms = nn.ModuleList(shared.norms[1:])

    def freeze(self, *, stages: int) -> None:
        """Freezes the first stages and all statistics of the backbone, as a training will."""
        backbone = self.fine.backbone
        backbone.frozen_stages, backbone.frozen_statistics = stages, True
        for number, stage in enumerate(backbone.stages):
            stage.requires_grad_(number >= stages)
        self.fine.train()
        self.coarse.train()


def start_tensors(detector: Detector) -> dict[str, Tensor]:
    """The state dict of a start: kinds left out, float16 but for vectors."""
    tensors = {}
    for name, value in detector.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        kept = value[:1] if name.startswith("score.") else value
        kept = kept.detach().cpu().contiguous()
        tensors[name] = kept.half() if kept.ndim > 1 else kept.float()
    return tensors


def start_loss(detector: Detector, images: Tensor, scenes: Scenes) -> Tensor:
    """The loss of `detection_loss` with one score for any object and one for each kind."""
    raw = detector(images)
    logits, distances = raw.score_logits.float(), raw.distance_logits.float()
    boxes = detector.decode(distances)
    targets = Targets(scenes.boxes_xyxy, scenes.kinds, scenes.present, _ignored(detector, scenes))
    agnostic = logits[..., :1].detach().sigmoid().expand(-1, -1, KINDS)
    wished = assign(agnostic, boxes.detach(), targets,
                    points=detector.points, strides=detector.strides)  # fmt: skip
    any_object = wished.scores.sum(-1, keepdim=True)
    losses = quality_focal(logits, torch.cat([any_object, wished.scores], -1))
    losses = losses.masked_fill(targets.ignored_points[..., None], 0.0)
    total = any_object.sum().clamp(min=1.0)
    loss = (losses[..., 0].sum() + KIND_SHARE * losses[..., 1:].sum()) / total
    positive = wished.positive
    share = any_object[..., 0][positive].clamp(min=LEAST_SHARE)
    target = wished.boxes_xyxy[positive]
    box = (giou(boxes[positive], target) * share).sum() / total
    index = positive.nonzero()[:, 1]
    points, strides = detector.points[index], detector.strides[index]
    edges = torch.cat([points - target[:, :2], target[:, 2:] - points], 1) / strides[:, None]
    spread = distribution_focal(
        distances[positive].reshape(-1, detector.shape.bins), edges.reshape(-1)
    )
    spread = (spread.reshape(-1, 4).mean(1) * share).sum() / total
    return loss + 2.0 * box + 0.5 * spread


def _ignored(detector: Detector, scenes: Scenes) -> Tensor:
    cells = (detector.points / CELL).long()
    return scenes.ignored[:, cells[:, 1], cells[:, 0]]
