"""The segmenter: a backbone, a small decoder over its four maps, logits for each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.recipe import BackboneName

CELL_PX = 4  # of the input: side of a cell of the answer


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


class Decoder(nn.Module):
    """From the maps of four strides to one of the finest, as panoptic feature pyramids do.

    Kirillov et al., CVPR 2019 (https://arxiv.org/abs/1901.02446): coarse maps are brought to the
    scale of finer ones and added, from the top down.
    """

    def __init__(self, taken: Sequence[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, channels, 1, bias=False), nn.BatchNorm2d(channels))
            for width in taken
        )
        self.smooth = nn.ModuleList(_smoothing(channels) for _ in taken)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Features ``(B, channels, H / 4, W / 4)`` of maps, finest first."""
        ours = [lateral(one) for lateral, one in zip(self.lateral, maps, strict=True)]
        found: Tensor | None = None
        for one, smooth in zip(reversed(ours), reversed(self.smooth), strict=True):
            if found is None:
                found = one
            else:
                found = one + functional.interpolate(
                    found, size=one.shape[2:], mode="bilinear", align_corners=False
                )
            found = smooth(found)
        assert found is not None  # noqa: S101  there are four maps
        return found


def _smoothing(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


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
