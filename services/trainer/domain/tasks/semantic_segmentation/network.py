"""The segmenter: a backbone, a small decoder over its four maps, logits for each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.networks.decoders import Decoder
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import BackboneName


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterShape:
    """All that fixes the segmenter's tensors."""

    labels: int
    input_size: tuple[int, int]
    backbone: BackboneName
    channels: int

    def to_json(self) -> dict[str, Any]:
        """The shape in JSON's types, equal for equal shapes."""
        return asdict(self) | {"input_size": list(self.input_size)}


class Segmenter(nn.Module):
    """Normalised images in, logits of the background and of each label for each cell out.

    The background's layer stands apart, so that a row of ``head`` is a label.
    """

    def __init__(self, shape: SegmenterShape, backbone: Mapping[str, Tensor] | None) -> None:
        """Builds the network; ``backbone`` holds pretrained classifier weights."""
        super().__init__()
        self.shape = shape
        self.backbone = build_backbone(shape.backbone, backbone)
        self.decoder = Decoder(self.backbone.channels, shape.channels)
        self.background = nn.Conv2d(shape.channels, 1, 1)
        self.head = nn.Conv2d(shape.channels, shape.labels, 1)
        assert self.background.bias is not None  # noqa: S101  narrows torch's optional bias
        nn.init.constant_(self.background.bias, 2.0)  # nearly all is background

    def decoded(self, maps: Sequence[Tensor]) -> Tensor:
        """Logits ``(B, 1 + C, H / 4, W / 4)`` of the backbone's maps."""
        features = self.decoder(maps)
        return torch.cat([self.background(features), self.head(features)], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """The same of normalised images ``(B, 3, H, W)``."""
        return self.decoded(self.backbone(images))


class ExportableSegmenter(nn.Module):
    """The segmenter as it is exported: uint8 pixels in, each label's score in [0, 1] out."""

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter
        self.normalise = Normalisation()

    def forward(self, image: Tensor) -> Tensor:
        """Scores ``(B, C, H / 4, W / 4)``; what they lack to 1 is the background's."""
        return torch.softmax(self.segmenter(self.normalise(image)), dim=1)[:, 1:]
