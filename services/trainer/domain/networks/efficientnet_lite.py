"""EfficientNet-Lite0: MobileNetV2's blocks, scaled by search, without squeeze and excitation.

Tan and Le, "EfficientNet", ICML 2019 (https://arxiv.org/abs/1905.11946); the lite variants are
TensorFlow's, whose padding and scale of pixels the published weights expect.
"""

import torch
from torch import Tensor, nn

from services.trainer.domain.networks.normalisation import DEVIATION, MEAN

# Kernel, stride, expansion, channels and number of each group of blocks; table 1 of the paper.
_GROUPS = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM = 32
_EPSILON = 1e-3
CUTS = ((0, 4), (4, 6), (6, 12), (12, 17))  # layers of the maps of strides 4, 8, 16 and 32
CHANNELS = (24, 40, 112, 320)


class OtherScale(nn.Module):
    """From pixels as `Normalisation` gives them to those of TensorFlow: (x - 127) / 128."""

    factor: Tensor
    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        mean, deviation = torch.tensor(MEAN)[:, None, None], torch.tensor(DEVIATION)[:, None, None]
        self.register_buffer("factor", deviation * 255 / 128, persistent=False)
        self.register_buffer("offset", (mean * 255 - 127) / 128, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """The same images ``(B, 3, H, W)``."""
        return images * self.factor + self.offset


class Block(nn.Module):
    """An inverted residual block (Sandler et al., CVPR 2018)."""

    def __init__(
        self, channels: tuple[int, int], *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        taken, given = channels
        wide = taken * expansion
        layers = [] if expansion == 1 else _convolution(taken, wide)
        layers += _convolution(wide, wide, kernel=kernel, stride=stride, groups=wide)
        layers += [nn.Conv2d(wide, given, 1, bias=False), nn.BatchNorm2d(given, eps=_EPSILON)]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and taken == given

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the block's channels, smaller by its stride."""
        made: Tensor = self.layers(maps)
        return maps + made if self.adds else made


class EfficientNetLite0(nn.Module):
    """The layers up to the last map; `CUTS` says which of them end a stride."""

    def __init__(self) -> None:
        super().__init__()
        stem = [OtherScale(), *_convolution(3, _STEM, kernel=3, stride=2)]
        layers: list[nn.Module] = [nn.Sequential(*stem)]
        taken = _STEM
        for kernel, stride, expansion, channels, count in _GROUPS:
            for number in range(count):
                step = stride if number == 0 else 1
                block = Block((taken, channels), kernel=kernel, stride=step, expansion=expansion)
                layers.append(block)
                taken = channels
        self.features = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """The map of stride 32, ``(B, 320, H / 32, W / 32)``."""
        maps: Tensor = self.features(images)
        return maps


def _convolution(
    taken: int, given: int, *, kernel: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Padding, convolution, normalisation, rectifier; places are the same for every kernel."""
    return [
        _padding(kernel, stride),
        nn.Conv2d(taken, given, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(given, eps=_EPSILON),
        nn.ReLU6(inplace=True),
    ]


def _padding(kernel: int, stride: int) -> nn.Module:
    """TensorFlow's "same" for even sides: with stride 2 more at the right and below."""
    before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
    return nn.ZeroPad2d((before, after, before, after)) if kernel > 1 else nn.Identity()
