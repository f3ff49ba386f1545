"""From pixels to what pretrained backbones expect."""

import torch
from torch import Tensor, nn

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, what the pretrained backbones expect
DEVIATION = (0.229, 0.224, 0.225)


class Normalisation(nn.Module):
    """uint8 ``(B, H, W, 3)`` RGB as normalised float32 ``(B, 3, H, W)``; no state of its own."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None] * 255, persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(DEVIATION)[:, None, None] * 255, persistent=False
        )

    def forward(self, images: Tensor) -> Tensor:
        """The normalised images."""
        return (images.permute(0, 3, 1, 2).to(torch.float32) - self.mean) / self.deviation
