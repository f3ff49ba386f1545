"""Whole scenes: objects painted over a surface, with the truth of what stays visible.

An object is what differs from its surroundings and has a closed outline. Grains, threads, tracks
and edges that run through the picture are surface, however strong they are.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.pretrain.camera import photographed
from tools.pretrain.dice import Dice
from tools.pretrain.shapes import FAMILIES, depth, draw_outlines
from tools.pretrain.textures import textures

KINDS = 2 * FAMILIES  # a family of outlines, darker or brighter than what it lies on
CELL = 4  # pixels of a cell of the map of ignored places
PAD = 114 / 255
LEAST_CONTRAST = 0.035
LEAST_OVER_TEXTURE = 0.4  # of the surface's own deviation
LEAST_VISIBLE = 0.4
SOLID = 0.4  # opacity from which a pixel belongs to an object
LEAST_SIDE = 3.0


@dataclass(frozen=True, slots=True)
class Layer:
    """Objects of one range of sizes: window and sizes as shares of the side, most per scene."""

    window: float
    smallest: float
    largest: float
    count: int


LAYERS = (
    Layer(1.0, 0.24, 0.66, 3),
    Layer(1 / 3, 0.08, 0.27, 14),
    Layer(1 / 8, 0.018, 0.1, 36),
)
SLOTS = sum(layer.count for layer in LAYERS)


@dataclass(frozen=True, slots=True)
class Scenes:
    """Pictures with their truth.

    Attributes:
        images: ``(B, 3, S, S)`` uint8.
        boxes_xyxy: ``(B, G, 4)`` pixels.
        kinds: ``(B, G)`` below `KINDS`.
        present: ``(B, G)``.
        ignored: ``(B, S / CELL, S / CELL)``: a cut or covered object lies there.
    """

    images: Tensor
    boxes_xyxy: Tensor
    kinds: Tensor
    present: Tensor
    ignored: Tensor


@dataclass(slots=True)
class _Canvas:
    """What is painted so far, with a margin around, and the number of the object on top."""

    pixels: Tensor  # (B, S + 2M, S + 2M, 3)
    on_top: Tensor  # (B, S + 2M, S + 2M) 0 for the surface
    other: Tensor  # another surface of the same size
    margin: int
    frame: Tensor  # (B, 2) width and height of the picture inside the padding


def draw_scenes(dice: Dice, count: int, side: int) -> Scenes:
    """Draws ``count`` scenes of ``side`` pixels; the side is a multiple of 32."""
    surface, other = textures(dice, count, side), textures(dice, count, side)
    margin = side // 2
    frame = _frames(dice, count, side)
    blank = _blank(count, side, margin, dice)
    canvas = _Canvas(_margin(surface, margin), blank, _margin(other, margin), margin, frame)
    plenty = dice.uniform(count) ** 0.6 * ~dice.chance(count, of=0.06)
    truth: tuple[list[Tensor], ...] = ([], [], [], [])
    first = 1
    for layer in LAYERS:
        found = _paint(dice, canvas, layer=layer, plenty=plenty, first=first)
        for target, part in zip(truth, found, strict=True):
            target.append(part)
        first += layer.count
    inner = canvas.on_top[:, margin : margin + side, margin : margin + side]
    return _scenes(
        dice,
        canvas.pixels[:, margin : margin + side, margin : margin + side].permute(0, 3, 1, 2),
        inner,
        frame=frame,
        truth=tuple(torch.cat(part, 1) for part in truth),
    )


def _frames(dice: Dice, count: int, side: int) -> Tensor:
    """Some pictures do not fill the input, as a letterbox leaves them."""
    share = 1 - dice.uniform(count, 2, high=0.45) * dice.chance(count, 2, of=0.2)
    return (share * side).round()


def _margin(surface: Tensor, margin: int) -> Tensor:
    padded = torch.nn.functional.pad(surface, [margin] * 4, mode="reflect")
    return padded.permute(0, 2, 3, 1).contiguous()


def _blank(count: int, side: int, margin: int, dice: Dice) -> Tensor:
    whole = side + 2 * margin
    return torch.zeros(count, whole, whole, dtype=torch.int64, device=dice.device)


def _paint(
    dice: Dice, canvas: _Canvas, *, layer: Layer, plenty: Tensor, first: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Paints a layer; boxes ``(B, N, 4)``, kinds, whether painted, and whole areas ``(B, N)``."""
    scenes, side = len(plenty), canvas.pixels.shape[1] - 2 * canvas.margin
    window = min(side, max(8, round(layer.window * side / 8) * 8))
    same = dice.chance(scenes, of=0.45)
    size = _sizes(dice, layer, scenes, side, same)
    centre = _places(dice, layer, size, side, canvas.frame)
    active = _active(dice, layer, plenty)
    outlines = draw_outlines(dice, scenes, layer.count).alike(same)
    looks = _looks(dice, scenes, layer.count, same)
    line = torch.arange(window, device=dice.device)
    at = (centre - window / 2).round().long()[..., None] + line  # (B, N, 2, W)
    dx = at[:, :, 0, None, :] + 0.5 - centre[:, :, 0, None, None]
    dy = at[:, :, 1, :, None] + 0.5 - centre[:, :, 1, None, None]
    turn, half = outlines.angle[..., None, None], size[..., None, None] / 2
    u = (dx * turn.cos() + dy * turn.sin()) / half
    v = (dy * turn.cos() - dx * turn.sin()) / half
    inside = depth(outlines, u, v, size / 2)
    softness = (looks["soft"][..., None, None] * half).clamp(min=1.0)
    alpha = (inside * half / softness + 0.5).clamp(0, 1)
    solid = alpha > SOLID
    relief = _relief(looks, inside, u, v)
    alpha = alpha * looks["opacity"][..., None, None]
    brighter, used = [], []
    for slot in range(layer.count):
        look = {name: looks[name][:, slot] for name in ("flat", "other", "invert", "step")}
        stamp = (at[:, slot], alpha[:, slot], solid[:, slot], relief[:, slot])
        change, shown = _paint_one(canvas, stamp, look, active=active[:, slot], number=first + slot)
        brighter.append(change > 0)
        used.append(shown)
    kinds = outlines.family + FAMILIES * torch.stack(brighter, 1)
    boxes = _bounds(solid & _in_frame(at, canvas.frame), at)
    return boxes, kinds, torch.stack(used, 1), solid.sum((2, 3))


def _sizes(dice: Dice, layer: Layer, scenes: int, side: int, same: Tensor) -> Tensor:
    size = dice.log_uniform(scenes, layer.count, low=layer.smallest, high=layer.largest) * side
    size = size.clamp(min=5.0)
    alike = size[:, :1] * dice.log_uniform(scenes, layer.count, low=0.8, high=1.2)
    return torch.where(same[:, None], alike, size).clamp(max=layer.largest * side)


def _places(dice: Dice, layer: Layer, size: Tensor, side: int, frame: Tensor) -> Tensor:
    """Centres ``(B, N, 2)``: in cells of a lattice, in rows, or close together."""
    scenes, count = size.shape
    lattice = 1
    while lattice * lattice < 1.3 * count:
        lattice += 1
    cell = dice.orders(scenes, lattice * lattice)[:, :count]
    corner = torch.stack([cell % lattice, cell // lattice], -1).float()
    loose = dice.uniform(scenes, count, 2)
    rows = 0.5 + 0.06 * dice.normal(scenes, count, 2)
    spread = torch.where(dice.chance(scenes, 1, 1, of=0.35), rows, loose)
    even = (corner + spread) / lattice * frame[:, None]
    middle = dice.uniform(scenes, 1, 2, low=0.15, high=0.85) * frame[:, None]
    reach = size.mean(1)[:, None, None] * (0.4 * count**0.5)
    heap = middle + dice.normal(scenes, count, 2) * reach
    close = dice.chance(scenes, 1, 1, of=0.25)
    return torch.where(close, heap, even).clamp(min=0.0).minimum(frame[:, None])


def _active(dice: Dice, layer: Layer, plenty: Tensor) -> Tensor:
    """Which slots are used ``(B, N)``; a scene may have objects of one layer only."""
    scenes = len(plenty)
    used = (plenty > 0) & dice.chance(scenes, of=0.75)
    wanted = layer.count * plenty * dice.uniform(scenes, low=0.1) * used
    slots = torch.arange(layer.count, device=plenty.device)
    return slots < wanted.ceil()[:, None]


def _looks(dice: Dice, scenes: int, count: int, same: Tensor) -> dict[str, Tensor]:
    """How objects are filled: flat, with another surface, or as a change of what lies below."""
    shape = (scenes, count)
    grey = dice.log_uniform(*shape, 1, low=0.06, high=0.8) * dice.normal(*shape, 1).sign()
    hue = (
        dice.normal(*shape, 3) * dice.uniform(*shape, 1, high=0.25) * dice.chance(*shape, 1, of=0.6)
    )
    sort = dice.integers(*shape, below=8)
    looks = {
        "step": grey + hue,
        "flat": (sort < 3).float(),
        "other": ((sort >= 3) & (sort < 5)).float(),
        "invert": (sort == 5).float(),
        "opacity": dice.uniform(*shape, low=0.55, high=1.0),
        "soft": dice.uniform(*shape) ** 2 * 0.7 * dice.chance(*shape, of=0.3),
        "rim": dice.normal(*shape) * 0.3 * dice.chance(*shape, of=0.4),
        "rim_width": dice.log_uniform(*shape, low=0.03, high=0.3),
        "dome": dice.normal(*shape) * 0.25 * dice.chance(*shape, of=0.4),
        "slope": dice.normal(*shape, 2) * 0.15 * dice.chance(*shape, 1, of=0.4),
    }
    changed = {}
    for name, value in looks.items():
        mask = same.reshape(-1, *[1] * (value.ndim - 1))
        changed[name] = torch.where(mask, value[:, :1].expand_as(value), value)
    return changed


def _relief(looks: dict[str, Tensor], inside: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Shading of the objects' own: a rim, a dome, a slope, ``(B, N, H, W)``."""

    def wide(name: str) -> Tensor:
        return looks[name][..., None, None]

    rim = wide("rim") * torch.exp(-((inside / wide("rim_width")) ** 2))
    slope = u * looks["slope"][..., 0, None, None] + v * looks["slope"][..., 1, None, None]
    return rim + wide("dome") * inside.clamp(0, 1) + slope


def _paint_one(
    canvas: _Canvas,
    stamp: tuple[Tensor, Tensor, Tensor, Tensor],
    look: dict[str, Tensor],
    *,
    active: Tensor,
    number: int,
) -> tuple[Tensor, Tensor]:
    """Paints one object of each scene; its sum of change ``(B,)`` and whether it can be seen."""
    at, alpha, solid, relief = stamp
    at = at + canvas.margin
    rows = torch.arange(len(at), device=at.device)[:, None, None]
    place = (rows, at[:, 1, :, None], at[:, 0, None, :])
    below, other = canvas.pixels[place], canvas.other[place]
    flat, mixed, invert, step = (
        look[name].reshape(len(at), 1, 1, -1) for name in ("flat", "other", "invert", "step")
    )
    mean = below.mean((1, 2), keepdim=True)
    base = below + (mean - below) * flat + (other - below) * mixed
    base = base + (1 - 2 * base) * invert
    filled = (base + step * (1 - invert) + relief[..., None]).clamp(0, 1)
    added = (filled - below) * alpha[..., None]
    area = solid.sum((1, 2)).clamp(min=1)
    strength = (added.abs().mean(-1) * solid).sum((1, 2)) / area
    texture = below.mean(-1).std((1, 2))
    used = active & (strength > LEAST_CONTRAST + LEAST_OVER_TEXTURE * texture)
    mask = used[:, None, None]
    canvas.pixels[place] = below + added * mask[..., None]
    canvas.on_top[place] = torch.where(mask & solid, number, canvas.on_top[place])
    return (added.mean(-1) * solid).sum((1, 2)), used


def _in_frame(at: Tensor, frame: Tensor) -> Tensor:
    """Which pixels of windows ``(B, N, 2, W)`` lie in the picture, ``(B, N, W, W)``."""
    within = (at >= 0) & (at < frame[:, None, :, None])
    return within[:, :, 1, :, None] & within[:, :, 0, None, :]


def _bounds(mask: Tensor, at: Tensor) -> Tensor:
    """Boxes ``(B, N, 4)`` around masks ``(B, N, W, W)`` whose pixels have these coordinates."""
    far = 1e6
    columns, rows = mask.any(2), mask.any(3)
    x, y = at[:, :, 0].float(), at[:, :, 1].float()
    low_x = torch.where(columns, x, far).amin(2)
    low_y = torch.where(rows, y, far).amin(2)
    high_x = torch.where(columns, x, -far).amax(2) + 1
    high_y = torch.where(rows, y, -far).amax(2) + 1
    return torch.stack([low_x, low_y, high_x, high_y], 2)


def _scenes(
    dice: Dice,
    pixels: Tensor,
    on_top: Tensor,
    *,
    frame: Tensor,
    truth: tuple[Tensor, ...],
) -> Scenes:
    boxes, kinds, painted, whole = truth
    side = on_top.shape[1]
    line = torch.arange(side, device=pixels.device)
    outside = (line[None, :] >= frame[:, 1, None])[:, :, None]
    outside = outside | (line[None, :] >= frame[:, 0, None])[:, None, :]
    on_top = on_top.masked_fill(outside, 0)
    counts = torch.zeros(len(boxes), SLOTS + 1, device=pixels.device)
    counts.scatter_add_(
        1, on_top.flatten(1), torch.ones_like(on_top.flatten(1), dtype=counts.dtype)
    )
    visible = counts[:, 1:] / whole.clamp(min=1)
    sides = boxes[..., 2:] - boxes[..., :2]
    present = painted & (visible >= LEAST_VISIBLE) & (sides.amin(-1) >= LEAST_SIDE)
    present &= sides.amax(-1) >= 2 * LEAST_SIDE
    unlearnt = torch.cat([torch.zeros_like(present[:, :1]), painted & ~present], 1)
    centres = on_top[:, CELL // 2 :: CELL, CELL // 2 :: CELL]
    ignored = unlearnt.gather(1, centres.flatten(1)).reshape(centres.shape)
    images = photographed(dice, pixels)
    images = torch.where(outside[:, None], PAD, images)
    return Scenes(
        (images * 255).round().to(torch.uint8),
        torch.where(present[..., None], boxes, 0.0),
        kinds.long(),
        present,
        ignored,
    )
