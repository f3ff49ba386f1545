"""Image classifiers as feature extractors of strides 4, 8, 16 and 32."""

from collections.abc import Mapping

import torch
import torchvision
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from services.trainer.domain.networks.efficientnet_lite import CHANNELS, CUTS, EfficientNetLite0
from services.trainer.domain.recipe import BackboneName

STRIDES = (4, 8, 16, 32)


class Backbone(nn.Module):
    """Stages that each halve the size; `forward` gives the maps of strides 4, 8, 16 and 32.

    Attributes:
        channels: Channels of those four maps.
        stages: The layers of each map, in order; the first also holds the stem.
    """

    def __init__(self, stages: list[nn.Module], channels: tuple[int, ...]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.channels = channels
        self.frozen_stages = 0
        self.frozen_statistics = False

    def freeze(self, *, stages: int, statistics: bool) -> None:
        """Keeps the first stages as they are, and with ``statistics`` every batch normalisation.

        Frozen first stages save about half of the backward pass on a CPU, where the largest maps
        are; statistics of a few small batches are worse than those of the pretraining. Call it
        once, before anything refers to the parameters.
        """
        self.frozen_stages = stages
        for stage in self.stages[:stages]:
            stage.requires_grad_(False)
            _fold_norms(stage.eval(), fixed=True)
        self.frozen_statistics = statistics
        if statistics:
            for stage in self.stages[stages:]:
                _fold_norms(stage, fixed=False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Backbone":
        """Sets the mode, frozen parts stay in evaluation mode."""
        super().train(mode)
        for index, stage in enumerate(self.stages):
            if index < self.frozen_stages:
                stage.eval()
            elif self.frozen_statistics:
                for module in stage.modules():
                    if isinstance(module, nn.BatchNorm2d):
                        module.eval()
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps of strides 4, 8, 16, 32 of normalised images ``(B, 3, H, W)``."""
        maps, current = [], images
        for stage in self.stages:
            current = stage(current)
            maps.append(current)
        return maps


class FixedNormConv(nn.Module):
    """A convolution and the normalisation after it as one convolution, both still trained.

    With fixed statistics the normalisation is a factor and a shift a channel. Multiplying the
    filters instead of the maps gives the same function and gradients with two passes less.
    """

    def __init__(self, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = norm

    def forward(self, maps: Tensor) -> Tensor:
        """The normalised convolution of ``(B, C, H, W)``."""
        norm, convolution = self.norm, self.convolution
        assert norm.running_mean is not None  # noqa: S101  the backbones track statistics
        assert norm.running_var is not None  # noqa: S101
        factor = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        return nn.functional.conv2d(
            maps,
            convolution.weight * factor[:, None, None, None],
            norm.bias - norm.running_mean * factor,
            convolution.stride,
            convolution.padding,
            convolution.dilation,
            convolution.groups,
        )


def _fold_norms(module: nn.Module, *, fixed: bool) -> None:
    """Joins each normalisation with the convolution before it: one pass less over the map.

    ``fixed`` pairs become a plain convolution, others a `FixedNormConv`. Only pairs inside an
    `nn.Sequential` are joined, where the order is sure.
    """
    for child in module.children():
        _fold_norms(child, fixed=fixed)
    if not isinstance(module, nn.Sequential):
        return
    for index in range(len(module) - 1):
        first, second = module[index], module[index + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            join = fuse_conv_bn_eval if fixed else FixedNormConv
            module[index] = join(first, second)
            module[index + 1] = nn.Identity()


def build_backbone(name: BackboneName, weights: Mapping[str, Tensor] | None) -> Backbone:
    """A backbone with the given classifier weights, or with random ones.

    Args:
        name: Which network.
        weights: State dict with torchvision's names, or `efficientnet_lite`'s; its classifier part
            is not used.

    Raises:
        ValueError: A tensor of the backbone is missing in the weights or has another shape.
    """
    if name == "efficientnet_lite0":
        lite = EfficientNetLite0()
        if weights is not None:
            _load(lite, weights)
        return Backbone([lite.features[start:stop] for start, stop in CUTS], CHANNELS)
    network = getattr(torchvision.models, name)(weights=None)
    if weights is not None:
        _load(network, weights)
    if name == "mobilenet_v2":
        layers = network.features
        cuts = ((0, 4), (4, 7), (7, 14), (14, 18))
        return Backbone([layers[start:stop] for start, stop in cuts], (24, 32, 96, 320))
    stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
    widths = (256, 512, 1024, 2048) if name == "resnet50" else (64, 128, 256, 512)
    first = nn.Sequential(stem, network.layer1)
    return Backbone([first, network.layer2, network.layer3, network.layer4], widths)


def _load(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    own = network.state_dict()
    classifier = ("classifier.", "fc.")
    wanted = [key for key in own if not key.startswith(classifier)]
    missing = [key for key in wanted if key not in weights or weights[key].shape != own[key].shape]
    if missing:
        raise ValueError(f"the weights do not fit the backbone, first at {missing[0]!r}")
    network.load_state_dict({key: weights[key] for key in wanted}, strict=False)
