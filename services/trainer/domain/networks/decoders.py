"""From the maps of a backbone to one fine map, for tasks that answer pixel by pixel."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

CELL_PX = 4  # of the input: side of a cell of the answer


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
