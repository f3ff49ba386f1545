"""What light and camera do to a scene."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.pretrain.dice import Dice
from tools.pretrain.textures import smooth_field

BLOCK = 8  # of JPEG


def photographed(dice: Dice, pixels: Tensor) -> Tensor:
    """Pictures ``(B, 3, S, S)`` in [0, 1] lit, blurred, grained and compressed at random."""
    count, _, side, _ = pixels.shape
    shade = smooth_field(dice, count, side, 3) * dice.uniform(count, 1, 1, 1, high=0.18)
    pixels = pixels * (1 + shade * dice.chance(count, 1, 1, 1, of=0.5))
    pixels = _blurred(dice, pixels)
    middle = pixels.mean((1, 2, 3), keepdim=True)
    contrast = dice.log_uniform(count, 1, 1, 1, low=0.6, high=1.8)
    pixels = (pixels - middle) * contrast + middle + 0.08 * dice.normal(count, 1, 1, 1)
    grey = dice.chance(count, 1, 1, 1, of=0.4)
    pixels = torch.where(grey, pixels.mean(1, keepdim=True).expand_as(pixels), pixels)
    noise = dice.normal(count, 3, side, side)
    noise = torch.where(grey, noise[:, :1], noise)
    level = dice.uniform(count, 1, 1, 1) ** 2 * 0.05 * dice.chance(count, 1, 1, 1, of=0.6)
    return _compressed(dice, (pixels + level * noise).clamp(0, 1)).clamp(0, 1)


def _blurred(dice: Dice, pixels: Tensor) -> Tensor:
    """A Gaussian of its own width for every picture, none for half of them."""
    count, channels, side, _ = pixels.shape
    sigma = dice.uniform(count, 1, low=0.3, high=1.7)
    reach = torch.arange(-4, 5, device=pixels.device, dtype=pixels.dtype)
    kernel = torch.exp(-(reach**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum(1, keepdim=True)
    kernel = torch.where(dice.chance(count, 1, of=0.5), kernel, (reach == 0).to(kernel.dtype))
    weight = kernel.repeat_interleave(channels, 0)[:, None]
    flat = pixels.reshape(1, count * channels, side, side)
    for shape in ((1, 9), (9, 1)):
        padding = [shape[1] // 2] * 2 + [shape[0] // 2] * 2
        padded = F.pad(flat, padding, mode="reflect")
        flat = F.conv2d(padded, weight.reshape(-1, 1, *shape), groups=count * channels)
    return flat.reshape(pixels.shape)


def _compressed(dice: Dice, pixels: Tensor) -> Tensor:
    """Quantised cosine coefficients of blocks of 8 x 8, as JPEG does; half of the pictures."""
    count, channels, side, _ = pixels.shape
    line = torch.arange(BLOCK, device=pixels.device, dtype=pixels.dtype)
    basis = torch.cos(math.pi * (2 * line[None] + 1) * line[:, None] / (2 * BLOCK)) / 2
    basis[0] /= math.sqrt(2)
    blocks = pixels.reshape(count, channels, side // BLOCK, BLOCK, side // BLOCK, BLOCK)
    blocks = blocks.permute(0, 1, 2, 4, 3, 5)
    coefficients = basis @ blocks @ basis.T
    coarse = (line[:, None] + line[None] + 2) / 255
    step = coarse * dice.log_uniform(count, 1, 1, 1, 1, 1, low=0.5, high=8)
    rounded = (coefficients / step).round() * step
    back = (basis.T @ rounded @ basis).permute(0, 1, 2, 4, 3, 5).reshape(pixels.shape)
    return torch.where(dice.chance(count, 1, 1, 1, of=0.5), back, pixels)
