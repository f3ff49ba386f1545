"""Surfaces: fields of grey in many manners, coloured by a palette of two colours."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.pretrain.dice import Dice


def textures(dice: Dice, count: int, side: int) -> Tensor:
    """Surfaces ``(B, 3, S, S)`` about in [0, 1]."""
    made = (_cloud, _brushed, _weave, _cells, _traces, _marble, _plain, _dots)
    each = math.ceil(count / len(made))
    field = torch.cat([make(dice, each, side) for make in made])
    order = dice.uniform(len(field)).argsort()[:count]
    return _split(dice, _coloured(dice, field[order]))


def smooth_field(dice: Dice, count: int, side: int, cells: int) -> Tensor:
    """Soft noise ``(B, 1, S, S)`` of about ``cells`` bumps a side."""
    return _stretch(dice.normal(count, 1, cells, cells), side)


def _stretch(field: Tensor, side: int) -> Tensor:
    return F.interpolate(field, size=(side, side), mode="bicubic", align_corners=False)


def _cloud(dice: Dice, count: int, side: int) -> Tensor:
    """Octaves of noise, from soft clouds to sand."""
    share = dice.uniform(count, 1, 1, 1, low=0.35, high=1.1)
    total, cells = torch.zeros(count, 1, side, side, device=dice.device), 3
    factor = torch.ones_like(share)
    while cells <= side:
        total = total + factor * smooth_field(dice, count, side, cells)
        cells, factor = cells * 2, factor * share
    return total


def _turned(dice: Dice, field: Tensor, zoom: tuple[float, float] = (0.7, 1.4)) -> Tensor:
    """The fields rotated by any angle and scaled."""
    count = len(field)
    angle = dice.uniform(count, high=2 * math.pi)
    scale = dice.log_uniform(count, low=zoom[0], high=zoom[1])
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    zero = torch.zeros_like(angle)
    matrix = torch.stack(
        [torch.stack([cosine, -sine, zero], 1), torch.stack([sine, cosine, zero], 1)], 1
    )
    grid = F.affine_grid(matrix, list(field.shape), align_corners=False)
    return F.grid_sample(field, grid, padding_mode="reflection", align_corners=False)


def _brushed(dice: Dice, count: int, side: int) -> Tensor:
    """Long thin strokes of one direction: rolled and brushed metal, wood."""
    field = _stretch(dice.normal(count, 1, side, 4), side)
    field = field + 1.5 * _stretch(dice.normal(count, 1, side // 4, 2), side)
    return _turned(dice, field) + 0.3 * smooth_field(dice, count, side, 6)


def _plane(dice: Dice, count: int, side: int) -> tuple[Tensor, Tensor]:
    """Turned and bent coordinates ``(B, 1, S, S)`` in pixels."""
    line = torch.arange(side, device=dice.device, dtype=torch.float32)
    y, x = torch.meshgrid(line, line, indexing="ij")
    angle = dice.uniform(count, 1, 1, 1, high=2 * math.pi)
    bend = dice.uniform(count, 1, 1, 1, high=6.0) * dice.chance(count, 1, 1, 1, of=0.5)
    u = x * angle.cos() + y * angle.sin() + bend * smooth_field(dice, count, side, 5)
    v = y * angle.cos() - x * angle.sin() + bend * smooth_field(dice, count, side, 5)
    return u, v


def _weave(dice: Dice, count: int, side: int) -> Tensor:
    """Threads over and under each other."""
    u, v = _plane(dice, count, side)
    period = dice.log_uniform(count, 1, 1, 1, low=4, high=40) / (2 * math.pi)
    other = period * dice.log_uniform(count, 1, 1, 1, low=0.6, high=1.6)
    hardness = dice.log_uniform(count, 1, 1, 1, low=0.5, high=6)
    waves = (u / period).sin() * (v / other).sin()
    lines = (u / period).sin() * dice.uniform(count, 1, 1, 1)
    return torch.tanh((waves + lines) * hardness) + 0.2 * dice.normal(count, 1, side, side)


def _dots(dice: Dice, count: int, side: int) -> Tensor:
    """A grid of dots or holes."""
    u, v = _plane(dice, count, side)
    period = dice.log_uniform(count, 1, 1, 1, low=6, high=48) / (2 * math.pi)
    level = dice.uniform(count, 1, 1, 1, low=-1.2, high=1.2)
    hardness = dice.log_uniform(count, 1, 1, 1, low=1, high=10)
    return torch.tanh(((u / period).cos() + (v / period).cos() + level) * hardness)


def _cells(dice: Dice, count: int, side: int, points: int = 40) -> Tensor:
    """A mosaic of grains with or without borders (Voronoi)."""
    half = side // 2
    line = torch.linspace(0, 1, half, device=dice.device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    used = dice.integers(count, 1, 1, below=points - 8) + 8
    spare = torch.arange(points, device=dice.device)[None, :, None] >= used
    px, py = (dice.uniform(count, points, low=-0.1, high=1.1)[..., None, None] for _ in range(2))
    bent = 0.02 * _stretch(dice.normal(count, 1, 12, 12), half)
    distance = ((x + bent - px) ** 2 + (y + bent - py) ** 2).sqrt() + 9.0 * spare[..., None]
    nearest = distance.topk(2, dim=1, largest=False)
    shade = dice.normal(count, points, 1, 1).expand(-1, -1, half, half)
    flat = shade.gather(1, nearest.indices[:, :1])
    border = torch.exp(-((nearest.values[:, 1:] - nearest.values[:, :1]) * half / 3.0))
    mix = dice.uniform(count, 1, 1, 1)
    sign = dice.normal(count, 1, 1, 1).sign()
    return _stretch(flat * mix + 3 * sign * border * (1 - mix), side)


def _traces(dice: Dice, count: int, side: int, lines: int = 22) -> Tensor:
    """Printed tracks at right angles and 45 degrees, with pads."""
    line = torch.arange(side, device=dice.device, dtype=torch.float32)
    y, x = torch.meshgrid(line, line, indexing="ij")
    nearest = torch.full((count, side, side), 1e3, device=dice.device)
    turn = dice.uniform(count, high=math.pi) * dice.chance(count, of=0.3)
    width = dice.log_uniform(count, low=2, high=14)[:, None, None]
    pads = dice.chance(count, of=0.6)[:, None, None] * width * dice.uniform(count, 1, 1, high=1.2)
    for _ in range(lines):
        angle = (turn + dice.integers(count, below=4) * (math.pi / 4))[:, None, None]
        cx, cy = (dice.uniform(count, 1, 1, high=side) for _ in range(2))
        half = dice.log_uniform(count, 1, 1, low=0.05 * side, high=0.7 * side)
        u = (x - cx) * angle.cos() + (y - cy) * angle.sin()
        v = (y - cy) * angle.cos() - (x - cx) * angle.sin()
        over = (u.abs() - half).clamp(min=0)
        nearest = torch.minimum(nearest, (over**2 + v**2).sqrt() - width)
        nearest = torch.minimum(nearest, ((u - half) ** 2 + v**2).sqrt() - width - pads)
    return torch.tanh(-nearest)[:, None] + 0.05 * dice.normal(count, 1, side, side)


def _marble(dice: Dice, count: int, side: int) -> Tensor:
    """Stripes bent by clouds: wood, marble, flow lines."""
    u, _ = _plane(dice, count, side)
    period = dice.log_uniform(count, 1, 1, 1, low=8, high=90) / (2 * math.pi)
    bend = dice.uniform(count, 1, 1, 1, high=2.0)
    return (u / period + bend * _cloud(dice, count, side)).sin()


def _plain(dice: Dice, count: int, side: int) -> Tensor:
    """Almost nothing: a smooth part, a backlight."""
    return 0.15 * smooth_field(dice, count, side, 3) + 0.05 * dice.normal(count, 1, side, side)


def _coloured(dice: Dice, field: Tensor) -> Tensor:
    """Fields as mixtures of two colours, soft or hard."""
    count = len(field)
    grey = dice.uniform(count, 1, 1, 1, low=0.05, high=0.95)
    tinted = dice.chance(count, 1, 1, 1, of=0.6)
    first = grey + 0.25 * dice.normal(count, 3, 1, 1) * tinted * dice.uniform(count, 1, 1, 1)
    step = dice.log_uniform(count, 1, 1, 1, low=0.03, high=0.8)
    step = torch.where(first.mean(1, keepdim=True) > 0.5, -step, step)
    second = first + step * (1 + 0.5 * dice.normal(count, 3, 1, 1) * tinted)
    hardness = dice.log_uniform(count, 1, 1, 1, low=0.6, high=8)
    share = torch.sigmoid(field * hardness)
    return (first + (second - first) * share).clamp(0, 1)


def _split(dice: Dice, surfaces: Tensor) -> Tensor:
    """Some pictures show two surfaces that meet at a line: a part's edge, a belt, a seam."""
    count, side = len(surfaces), surfaces.shape[-1]
    u, _ = _plane(dice, count, side)
    reach = u.amax((2, 3), keepdim=True) - u.amin((2, 3), keepdim=True)
    at = u.amin((2, 3), keepdim=True) + reach * dice.uniform(count, 1, 1, 1, low=0.2, high=0.8)
    soft = dice.log_uniform(count, 1, 1, 1, low=0.7, high=12)
    share = torch.sigmoid((u - at) / soft) * dice.chance(count, 1, 1, 1, of=0.3)
    return surfaces + (surfaces.roll(1, 0) - surfaces) * share
