"""The anchor-free detector: backbone, feature pyramid, one head shared by all levels.

FCOS (Tian et al., ICCV 2019, https://arxiv.org/abs/1904.01355) with the distance distributions of
GFL (https://arxiv.org/abs/2006.04388) and, as RTMDet (https://arxiv.org/abs/2212.07784) does, head
convolutions shared between levels with batch normalisation of each level's own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork

from services.trainer.domain.backbones import STRIDES, build_backbone
from services.trainer.domain.points import anchor_points
from services.trainer.domain.recipe import BackboneName

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, what the pretrained backbones expect
DEVIATION = (0.229, 0.224, 0.225)
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
        bins: Whole strides that a distance's distribution covers.
    """

    labels: int
    input_size: tuple[int, int]
    backbone: BackboneName = "mobilenet_v2"
    strides: tuple[int, ...] = (8, 16, 32)
    channels: int = 64
    head_depth: int = 2
    bins: int = 16


@dataclass(frozen=True, slots=True)
class RawOutput:
    """The head's answer: score logits ``(B, A, C)`` and distance logits ``(B, A, 4, bins)``."""

    score_logits: Tensor
    distance_logits: Tensor


class Branch(nn.Module):
    """Convolutions shared by all levels, each level with its own normalisation."""

    def __init__(self, channels: int, depth: int, levels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(depth)
        )
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(depth)) for _ in range(levels)
        )

    def forward(self, features: Tensor, level: int) -> Tensor:
        """Features of one level, same shape."""
        norms = self.norms[level]
        assert isinstance(norms, nn.ModuleList)  # noqa: S101  narrows torch's Module | Tensor
        for convolution, norm in zip(self.convolutions, norms, strict=True):
            features = nn.functional.relu(norm(convolution(features)))
        return features


class Detector(nn.Module):
    """Normalised images in, `RawOutput` over the points of all levels out."""

    points: Tensor
    strides: Tensor
    projection: Tensor

    def __init__(self, shape: DetectorShape, backbone: Mapping[str, Tensor] | None = None) -> None:
        """Builds the network; ``backbone`` holds pretrained classifier weights."""
        super().__init__()
        self.shape = shape
        self.backbone = build_backbone(shape.backbone, backbone)
        used = [STRIDES.index(stride) for stride in shape.strides]
        self._used = used
        self.pyramid = FeaturePyramidNetwork(
            [self.backbone.channels[index] for index in used], shape.channels
        )
        self.score_branch = Branch(shape.channels, shape.head_depth, len(used))
        self.box_branch = Branch(shape.channels, shape.head_depth, len(used))
        self.score = nn.Conv2d(shape.channels, shape.labels, 3, padding=1)
        self.distance = nn.Conv2d(shape.channels, 4 * shape.bins, 3, padding=1)
        points, strides = anchor_points(shape.input_size, shape.strides)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("strides", strides, persistent=False)
        self.register_buffer("projection", torch.arange(float(shape.bins)), persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        for branch in (self.score_branch, self.box_branch):
            for convolution in branch.convolutions:
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")  # type: ignore[arg-type]
        for convolution in (self.score, self.distance):
            nn.init.normal_(convolution.weight, std=0.01)
        assert self.score.bias is not None  # noqa: S101  built with a bias above
        assert self.distance.bias is not None  # noqa: S101
        nn.init.constant_(self.score.bias, -math.log((1 - PRIOR) / PRIOR))
        first_distances = -0.5 * self.projection  # about 1.5 strides: starts near small targets
        self.distance.bias.data.copy_(first_distances.repeat(4))

    def forward(self, images: Tensor) -> RawOutput:
        """The head's answer for normalised images ``(B, 3, H, W)`` of the input size."""
        maps = self.backbone(images)
        pyramid = self.pyramid({str(index): maps[index] for index in self._used})
        scores, distances = [], []
        for level, features in enumerate(pyramid.values()):
            scores.append(_flatten(self.score(self.score_branch(features, level))))
            distances.append(_flatten(self.distance(self.box_branch(features, level))))
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

    mean: Tensor
    deviation: Tensor

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None] * 255, persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(DEVIATION)[:, None, None] * 255, persistent=False
        )

    def normalise(self, images: Tensor) -> Tensor:
        """uint8 ``(B, H, W, 3)`` as normalised float32 ``(B, 3, H, W)``."""
        return (images.permute(0, 3, 1, 2).to(torch.float32) - self.mean) / self.deviation

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes ``(B, A, 4)`` in input pixels and scores ``(B, A, C)`` of uint8 images."""
        raw = self.detector(self.normalise(image))
        return self.detector.decode(raw.distance_logits), raw.score_logits.sigmoid()


def _flatten(features: Tensor) -> Tensor:
    """``(B, C, H, W)`` as ``(B, H * W, C)``, row-major like the anchor points."""
    return features.flatten(2).transpose(1, 2)
