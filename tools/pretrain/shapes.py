"""Outlines of objects as implicit functions: positive inside, about 1 deep in units of the size."""

import math
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from tools.pretrain.dice import Dice

FAMILIES = 6  # blob, polygon, rounded box, stroke, glyph, composed part
KNOTS = 17
WAVES = 5
BARS = 4


@dataclass(frozen=True, slots=True)
class Outlines:
    """Parameters of objects ``(B, N, ...)``; see `draw_outlines` for their ranges."""

    family: Tensor
    aspect: Tensor
    angle: Tensor
    waves: Tensor
    phases: Tensor
    corners: Tensor
    power: Tensor
    star: Tensor
    ring: Tensor
    rough: Tensor
    knots: Tensor
    thickness: Tensor
    bars: Tensor
    second: Tensor

    def alike(self, same: Tensor) -> "Outlines":
        """Where ``same`` ``(B,)`` holds, all objects have the first one's outline, turned anew."""
        changed = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "angle":
                continue
            mask = same.reshape(-1, *[1] * (value.ndim - 1))
            changed[field.name] = torch.where(mask, value[:, :1].expand_as(value), value)
        return replace(self, **changed)


def draw_outlines(dice: Dice, scenes: int, count: int) -> Outlines:
    """Random outlines of ``count`` objects in each scene."""
    shape = (scenes, count)
    family = dice.integers(*shape, below=FAMILIES)
    slim = (family == 3).float()
    aspect = dice.log_uniform(*shape, low=0.35, high=1.0)
    aspect = torch.where(dice.chance(*shape, of=0.4), torch.ones_like(aspect), aspect)
    wavy = dice.uniform(*shape, high=0.3) * dice.chance(*shape, of=0.6)
    steps = dice.normal(*shape, KNOTS) * dice.log_uniform(*shape, 1, low=0.02, high=0.22)
    walk = steps.cumsum(-1)
    return Outlines(
        family=family,
        aspect=aspect,
        angle=dice.uniform(*shape, high=2 * math.pi),
        waves=dice.normal(*shape, WAVES) * wavy[..., None] * 0.4,
        phases=dice.uniform(*shape, WAVES, high=2 * math.pi),
        corners=3.0 + dice.integers(*shape, below=6),
        power=dice.log_uniform(*shape, low=1.2, high=12),
        star=dice.uniform(*shape, high=0.5) * dice.chance(*shape, of=0.3),
        ring=dice.uniform(*shape, low=0.12, high=0.5) * dice.chance(*shape, of=0.18),
        rough=dice.uniform(*shape, high=0.12) * dice.chance(*shape, of=0.4),
        knots=(walk - walk.mean(-1, keepdim=True)).clamp(-0.6, 0.6),
        thickness=dice.log_uniform(*shape, low=0.02, high=0.22) * (1 - 0.3 * slim),
        bars=(dice.integers(*shape, BARS, 4, below=3) - 1.0) * 0.75,
        second=dice.uniform(*shape, 5, low=-1.0, high=1.0),
    )


def depth(outlines: Outlines, u: Tensor, v: Tensor, size_px: Tensor) -> Tensor:
    """How deep points lie inside.

    Args:
        outlines: ``(B, N)`` objects.
        u: ``(B, N, H, W)`` coordinates along the object's first axis, about [-1, 1].
        v: Across it, in the same units.
        size_px: ``(B, N)`` pixels per unit; strokes are never thinner than a pixel.

    Returns:
        ``(B, N, H, W)`` in the same units, negative outside.
    """
    family = outlines.family[..., None, None]
    across = v / _wide(outlines.aspect)
    theta, rho = torch.atan2(across, u), (u**2 + across**2).sqrt()
    blob = _blob(outlines, theta) - rho
    polygon = _polygon(outlines, theta) - rho
    box = _rounded(u, across, _wide(outlines.power))
    least = (0.7 / size_px)[..., None, None]
    solid = torch.where(family == 0, blob, torch.where(family == 1, polygon, box))
    solid = torch.where(family == 5, _composed(outlines, polygon, box, u, across), solid)
    ring = _wide(outlines.ring)
    solid = torch.where(ring > 0, torch.minimum(solid, ring - solid), solid)
    rough = _wide(outlines.rough)
    solid = solid + rough * ((9 * theta + 7 * rho).sin() * (17 * theta - 5 * rho).cos())
    solid = solid * _wide(outlines.aspect)
    stroke = _stroke(outlines, u, v, least)
    glyph = _glyph(outlines, u, across, least)
    return torch.where(family == 3, stroke, torch.where(family == 4, glyph, solid))


def _wide(values: Tensor) -> Tensor:
    return values[..., None, None]


def _blob(outlines: Outlines, theta: Tensor) -> Tensor:
    radius = torch.full_like(theta, 0.95)
    for wave in range(WAVES):
        factor, phase = outlines.waves[..., wave], outlines.phases[..., wave]
        radius = radius + _wide(factor) * ((wave + 2) * theta + _wide(phase)).cos()
    return radius.clamp(0.25, 1.2)


def _polygon(outlines: Outlines, theta: Tensor) -> Tensor:
    sector = 2 * math.pi / _wide(outlines.corners)
    within = theta.remainder(sector) - sector / 2
    straight = (sector / 2).cos() / within.cos()
    return straight * (1 - _wide(outlines.star) * (1 - 2 * within.abs() / sector))


def _rounded(u: Tensor, v: Tensor, power: Tensor) -> Tensor:
    total = (u.abs() * 1.1 + 1e-4).pow(power) + (v.abs() * 1.1 + 1e-4).pow(power)
    return 1 - total.pow(1 / power)


def _composed(outlines: Outlines, polygon: Tensor, box: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """A plate with a hole or a notch, or two plates joined."""
    pick = outlines.second
    x, y = u - 0.6 * _wide(pick[..., 0]), v - 0.6 * _wide(pick[..., 1])
    radius = 0.25 + 0.35 * _wide(pick[..., 2]).abs()
    other = torch.where(_wide(pick[..., 4]) > 0, radius - (x**2 + y**2).sqrt(),
                        radius - torch.maximum(x.abs(), y.abs()))  # fmt: skip
    first = torch.where(_wide(pick[..., 3]).abs() < 0.5, polygon, box)
    joined = torch.maximum(first - 0.25, other)
    return torch.where(_wide(pick[..., 3]) > 0.4, joined, torch.minimum(first, -other))


def _stroke(outlines: Outlines, u: Tensor, v: Tensor, least: Tensor) -> Tensor:
    """A scratch, crack or fibre along a bent line."""
    place = ((u.clamp(-1, 1) + 1) / 2 * (KNOTS - 1)).clamp(0, KNOTS - 1 - 1e-3)
    left = place.long()
    share = place - left
    knots = outlines.knots
    flat = left.flatten(2)
    low = knots.gather(2, flat).reshape(u.shape)
    high = knots.gather(2, flat + 1).reshape(u.shape)
    middle = low + (high - low) * share
    taper = (1.02 - u**2).clamp(min=0.0).sqrt()
    thick = torch.maximum(_wide(outlines.thickness) * 0.5 * taper, least)
    return torch.minimum(thick - (v - middle).abs() * 0.85, 1 - u.abs())


def _glyph(outlines: Outlines, u: Tensor, v: Tensor, least: Tensor) -> Tensor:
    """A sign of a few bars between the nodes of a grid of 3 x 3: letters, digits, marks."""
    nearest = torch.full_like(u, 9.0)
    for bar in range(BARS):
        x1, y1, x2, y2 = (_wide(outlines.bars[..., bar, index]) for index in range(4))
        dx, dy = x2 - x1, y2 - y1
        along = ((u - x1) * dx + (v - y1) * dy) / (dx**2 + dy**2 + 1e-6)
        along = along.clamp(0, 1)
        nearest = torch.minimum(
            nearest, ((u - x1 - along * dx) ** 2 + (v - y1 - along * dy) ** 2).sqrt()
        )
    thick = _wide(outlines.thickness).clamp(min=0.06)
    return (torch.maximum(thick, least) - nearest) * _wide(outlines.aspect)
