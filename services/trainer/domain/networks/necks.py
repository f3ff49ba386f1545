"""What lies between a backbone's maps and a task's head."""

from collections.abc import Sequence

from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork

from services.trainer.domain.networks.backbones import STRIDES, Backbone


class PyramidMaps:
    """Which maps of a backbone a pyramid of some strides takes."""

    def __init__(self, strides: Sequence[int]) -> None:
        self.used = tuple(STRIDES.index(stride) for stride in strides)

    def network(self, backbone: Backbone, channels: int) -> FeaturePyramidNetwork:
        """The pyramid (Lin et al., CVPR 2017, https://arxiv.org/abs/1612.03144) over its maps."""
        return FeaturePyramidNetwork([backbone.channels[index] for index in self.used], channels)

    def named(self, maps: Sequence[Tensor]) -> dict[str, Tensor]:
        """The backbone's maps as the pyramid takes them, finest first."""
        return {str(index): maps[index] for index in self.used}


class Branch(nn.Module):
    """Convolutions shared by all levels, each level with its own normalisation.

    As in RTMDet (https://arxiv.org/abs/2212.07784).
    """

    def __init__(self, channels: int, depth: int, levels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(depth)
        )
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(depth)) for _ in range(levels)
        )

    def initialise(self) -> None:
        """First weights for the rectifier after each convolution."""
        for module in self.convolutions.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, features: Tensor, level: int) -> Tensor:
        """Features of one level, same shape."""
        norms = self.norms[level]
        assert isinstance(norms, nn.ModuleList)  # noqa: S101  narrows torch's Module | Tensor
        for convolution, norm in zip(self.convolutions, norms, strict=True):
            features = nn.functional.relu(norm(convolution(features)))
        return features
