"""The detector with masks: prototypes of the whole input, and for each point how to mix them.

YOLACT (Bolya et al., ICCV 2019, https://arxiv.org/abs/1904.02689): an object's mask is the sum of
prototypes, each times the object's coefficient for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from services.trainer.domain.detector.network import Detector, DetectorShape, RawOutput, flat
from services.trainer.domain.networks.decoders import Decoder
from services.trainer.domain.networks.normalisation import Normalisation

PROTOTYPES = 32
MASKS = "masks"
"""Name of the child that holds all that a detector has not."""


@dataclass(frozen=True, slots=True)
class RawInstances:
    """The head's answer.

    Attributes:
        found: Scores and distances.
        coefficients: ``(B, A, K)`` in [-1, 1].
        prototypes: ``(B, K, H / 4, W / 4)``.
    """

    found: RawOutput
    coefficients: Tensor
    prototypes: Tensor


class Masks(nn.Module):
    """What makes masks: a decoder of fine prototypes, and the coefficients of each point."""

    def __init__(self, taken: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.decoder = Decoder(taken, channels)
        self.prototypes = nn.Conv2d(channels, PROTOTYPES, 1)
        self.coefficients = nn.Conv2d(channels, PROTOTYPES, 3, padding=1)
        nn.init.normal_(self.coefficients.weight, std=0.05)


class InstanceSegmenter(Detector):
    """A `Detector` that also says which pixels an object has."""

    def __init__(self, shape: DetectorShape, backbone: Mapping[str, Tensor] | None = None) -> None:
        """Builds the network; ``backbone`` holds pretrained classifier weights."""
        super().__init__(shape, backbone)
        self.masks = Masks(self.backbone.channels, shape.channels)

    def instances(self, images: Tensor) -> RawInstances:
        """The answer for normalised images ``(B, 3, H, W)`` of the input size."""
        maps = self.backbone(images)
        scores, distances, coefficients = [], [], []
        for level, features in enumerate(self.levels(maps)):
            boxed = self.box_branch(features, level)
            scores.append(flat(self.score(self.score_branch(features, level))))
            distances.append(flat(self.distance(boxed)))
            coefficients.append(flat(self.masks.coefficients(boxed)))
        prototypes = self.masks.prototypes(self.masks.decoder(maps))
        return RawInstances(
            self.raw(scores, distances), torch.cat(coefficients, 1).tanh(), prototypes
        )


class ExportableInstances(nn.Module):
    """As it is exported: uint8 pixels in, boxes, scores, coefficients and prototypes out."""

    def __init__(self, network: InstanceSegmenter) -> None:
        super().__init__()
        self.network = network
        self.normalise = Normalisation()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Boxes ``(B, A, 4)`` in input pixels, scores ``(B, A, C)``, and what makes masks."""
        raw = self.network.instances(self.normalise(image))
        boxes = self.network.decode(raw.found.distance_logits)
        return boxes, raw.found.score_logits.sigmoid(), raw.coefficients, raw.prototypes
