"""The anchor-free detector: backbone, feature pyramid, one head shared by all levels.

FCOS (Tian et al., ICCV 2019, https://arxiv.org/abs/1904.01355) with the distance distributions of
GFL (https://arxiv.org/abs/2006.04388) and head convolutions shared between levels.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from services.trainer.domain.detector.planning import DetectionPlan
from services.trainer.domain.detector.points import anchor_points
from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.networks.necks import Branch, PyramidMaps
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import GRAPH, BackboneName, Recipe

BINS = 16
PRIOR = 0.01  # first score of every point, focal loss paper section 4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorShape:
    """All that fixes the detector's tensors.

    Attributes:
        labels: Number of labels.
        input_size: Width and height in pixels, multiples of the largest stride.
        backbone: Which feature extractor.
        strides: Levels of the pyramid, finest first.
        channels: Width of the pyramid and the head.
        head_depth: Convolutions of each branch of the head.
        bins: Whole strides that a distance's distribution covers; 1 where distances are no
            distributions.
    """

    labels: int
    input_size: tuple[int, int]
    backbone: BackboneName = "mobilenet_v2"
    strides: tuple[int, ...] = (8, 16, 32)
    channels: int = 64
    head_depth: int = 2
    bins: int = BINS

    @classmethod
    def of(cls, recipe: Recipe, plan: DetectionPlan, *, labels: int) -> Self:
        """The shape that a recipe and the plan made by it come to."""
        return cls(
            labels=labels,
            input_size=plan.input_size,
            backbone=recipe.backbone,
            strides=plan.strides,
            channels=recipe.channels,
            bins=1 if recipe.backbone == GRAPH else BINS,
        )

    def to_json(self) -> dict[str, Any]:
        """The shape in JSON's types, equal for equal shapes."""
        return asdict(self) | {"input_size": list(self.input_size), "strides": list(self.strides)}


@dataclass(frozen=True, slots=True)
class RawOutput:
    """The head's answer: score logits ``(B, A, C)`` and distance logits ``(B, A, 4, bins)``."""

    score_logits: Tensor
    distance_logits: Tensor


class PointDetector(nn.Module, ABC):
    """Normalised images in, `RawOutput` over the points of all levels out.

    Attributes:
        shape: All that fixes its tensors.
        points: ``(A, 2)`` in input pixels.
        strides: ``(A,)``.
        label_tensors: Its only tensors with a row a label.
    """

    points: Tensor
    strides: Tensor
    label_tensors: tuple[str, ...]

    def __init__(self, shape: DetectorShape) -> None:
        super().__init__()
        self.shape = shape
        points, strides = anchor_points(shape.input_size, shape.strides)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("strides", strides, persistent=False)

    @abstractmethod
    def freeze(self, *, stages: int) -> None:
        """Keeps the first stages of what is pretrained as they are."""

    @abstractmethod
    def forward(self, images: Tensor) -> RawOutput:
        """The answer for normalised images ``(B, 3, H, W)`` of the input size."""

    @abstractmethod
    def decode(self, distance_logits: Tensor) -> Tensor:
        """Boxes ``(B, A, 4)`` xyxy in input pixels."""


class Detector(PointDetector):
    """Backbone, pyramid and head of our own."""

    projection: Tensor
    label_tensors = ("score.weight", "score.bias")

    def __init__(self, shape: DetectorShape, backbone: Mapping[str, Tensor] | None = None) -> None:
        """Builds the network; ``backbone`` holds pretrained classifier weights."""
        super().__init__(shape)
        self.backbone = build_backbone(shape.backbone, backbone)
        self._maps = PyramidMaps(shape.strides)
        self.pyramid = self._maps.network(self.backbone, shape.channels)
        self.score_branch = Branch(shape.channels, shape.head_depth, len(shape.strides))
        self.box_branch = Branch(shape.channels, shape.head_depth, len(shape.strides))
        self.score = nn.Conv2d(shape.channels, shape.labels, 3, padding=1)
        self.distance = nn.Conv2d(shape.channels, 4 * shape.bins, 3, padding=1)
        self.register_buffer("projection", torch.arange(float(shape.bins)), persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        for branch in (self.score_branch, self.box_branch):
            branch.initialise()
        for convolution in (self.score, self.distance):
            nn.init.normal_(convolution.weight, std=0.01)
        assert self.score.bias is not None  # noqa: S101  built with a bias above
        assert self.distance.bias is not None  # noqa: S101
        nn.init.constant_(self.score.bias, -math.log((1 - PRIOR) / PRIOR))
        first_distances = -0.5 * self.projection  # about 1.5 strides: starts near small targets
        self.distance.bias.data.copy_(first_distances.repeat(4))

    def freeze(self, *, stages: int) -> None:
        """Keeps the backbone's first stages as they are, and all its statistics."""
        self.backbone.freeze(stages=stages, statistics=True)

    def forward(self, images: Tensor) -> RawOutput:
        """The head's answer for normalised images ``(B, 3, H, W)`` of the input size."""
        scores, distances = [], []
        for level, features in enumerate(self.levels(self.backbone(images))):
            scores.append(flat(self.score(self.score_branch(features, level))))
            distances.append(flat(self.distance(self.box_branch(features, level))))
        return self.raw(scores, distances)

    def levels(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """The pyramid over the backbone's maps, finest first."""
        return list(self.pyramid(self._maps.named(maps)).values())

    def raw(self, scores: list[Tensor], distances: list[Tensor]) -> RawOutput:
        """The answers of all levels as one."""
        distance = torch.cat(distances, 1)
        return RawOutput(
            torch.cat(scores, 1),
            distance.reshape(distance.shape[0], distance.shape[1], 4, self.shape.bins),
        )

    def decode(self, distance_logits: Tensor) -> Tensor:
        """Boxes ``(B, A, 4)`` xyxy in input pixels: each distance is its distribution's mean."""
        distances = (distance_logits.softmax(-1) * self.projection).sum(-1)
        distances = distances * self.strides[:, None]
        return torch.cat(
            [self.points - distances[..., :2], self.points + distances[..., 2:]], dim=-1
        )


class ExportableDetector(nn.Module):
    """The detector as it is exported: uint8 pixels in, boxes and scores out."""

    def __init__(self, detector: PointDetector) -> None:
        super().__init__()
        self.detector = detector
        self.normalise = Normalisation()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes ``(B, A, 4)`` in input pixels and scores ``(B, A, C)`` of uint8 images."""
        raw = self.detector(self.normalise(image))
        return self.detector.decode(raw.distance_logits), raw.score_logits.sigmoid()


def flat(features: Tensor) -> Tensor:
    """``(B, C, H, W)`` as ``(B, H * W, C)``, row-major like the anchor points."""
    return features.flatten(2).transpose(1, 2)
