"""The classifier: backbone, means and maxima of its last map, one linear layer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import BackboneName


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierShape:
    """All that fixes the classifier's tensors."""

    labels: int
    input_size: tuple[int, int]
    backbone: BackboneName

    def to_json(self) -> dict[str, Any]:
        """The shape in JSON's types, equal for equal shapes."""
        return asdict(self) | {"input_size": list(self.input_size)}


class Classifier(nn.Module):
    """Normalised images in, a logit for each label out.

    The maximum of a channel over the map finds what is small, the mean what is everywhere. Features
    are brought to a common scale by ``centre`` and ``scale``, which the first fit sets.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, shape: ClassifierShape, backbone: Mapping[str, Tensor] | None) -> None:
        """Builds the network; ``backbone`` holds pretrained classifier weights."""
        super().__init__()
        self.shape = shape
        self.backbone = build_backbone(shape.backbone, backbone)
        width = 2 * self.backbone.channels[-1]
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        self.head = nn.Linear(width, shape.labels)

    def features(self, images: Tensor) -> Tensor:
        """Means and maxima ``(B, F)`` of the last map of normalised images ``(B, 3, H, W)``."""
        maps = self.backbone(images)[-1]
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(B, C)`` of normalised images."""
        logits: Tensor = self.head((self.features(images) - self.centre) * self.scale)
        return logits


class ExportableClassifier(nn.Module):
    """The classifier as it is exported: uint8 pixels in, a score in [0, 1] for each label out."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier = classifier
        self.normalise = Normalisation()

    def forward(self, image: Tensor) -> Tensor:
        """Scores ``(B, C)`` of uint8 images ``(B, H, W, 3)``; they add up to 1."""
        return torch.softmax(self.classifier(self.normalise(image)), dim=1)
