"""The three defects (scratch, puncture, stain), each drawn in a patch with its exact mask."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

DEFECT_LABELS = ("scratch", "puncture", "stain")

_MARGIN_PX = 4
_MASK_ALPHA = 0.35  # a pixel belongs to the defect when at least this much of it is covered


@dataclass(frozen=True)
class DefectLook:
    """How strongly and in which style a defect shows.

    Attributes:
        size_px: Longest side of the defect, in pixels.
        strength: 0..1, contrast against the surface.
        light_angle: Direction the lamp comes from, radians; decides which rim is bright.
        inverted: Light stains and dark scratches instead of dark stains and bright scratches.
    """

    size_px: float
    strength: float
    light_angle: float
    inverted: bool


@dataclass(frozen=True)
class DefectPatch:
    """A drawn defect, ready to be blended into a surface.

    Attributes:
        factor: `(h, w, 3)` float32, multiplies the surface.
        offset: `(h, w, 3)` float32, is added afterwards.
        mask: `(h, w)` bool, the defect's exact pixels.
    """

    factor: NDArray[np.float32]
    offset: NDArray[np.float32]
    mask: NDArray[np.bool_]


def draw_defect(label: str, look: DefectLook, *, rng: np.random.Generator) -> DefectPatch:
    """Draw one defect in a patch of its own, cut tight to its mask.

    Args:
        label: One of `DEFECT_LABELS`.
        look: Size, contrast and style.
        rng: Source of all randomness.

    Returns:
        The patch; its mask holds at least one pixel.

    Raises:
        KeyError: `label` is not a known defect.
    """
    return _trim(_DRAWERS[label](look, rng))


def _trim(patch: DefectPatch) -> DefectPatch:
    """Cut the patch to its mask plus a margin, so that placing it is exact."""
    rows, columns = np.flatnonzero(patch.mask.any(1)), np.flatnonzero(patch.mask.any(0))
    top, bottom = max(rows[0] - _MARGIN_PX, 0), rows[-1] + 1 + _MARGIN_PX
    left, right = max(columns[0] - _MARGIN_PX, 0), columns[-1] + 1 + _MARGIN_PX
    window = (slice(top, bottom), slice(left, right))
    return DefectPatch(patch.factor[window], patch.offset[window], patch.mask[window])


def _draw_scratch(look: DefectLook, rng: np.random.Generator) -> DefectPatch:
    length = look.size_px
    side = int(length + 6 * _MARGIN_PX)
    angle = rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    t = np.linspace(-0.5, 0.5, max(8, int(length / 3)))
    bend = rng.uniform(-0.18, 0.18) * length * (0.25 - t**2) * 4
    wobble = np.cumsum(rng.normal(0, 0.12, t.size))
    path = side / 2 + t[:, None] * length * along + (bend + wobble)[:, None] * across
    widest = float(np.clip(length / 28, 1.4, 4.0)) * rng.uniform(0.85, 1.15)
    width = widest * np.clip(1.25 - 1.7 * np.abs(t), 0.45, 1.0)  # tapered ends: a seam has none
    core = _stroke(path, width, side)
    shade_shift = 1.2 * np.array([np.cos(look.light_angle), np.sin(look.light_angle)])
    shade = _stroke(path + shade_shift, width, side) * (1 - core)
    bright = 0.42 * look.strength * (-0.8 if look.inverted else 1.0)
    factor = 1 - 0.5 * look.strength * shade
    return DefectPatch(_grey(factor), _grey(bright * core), core >= _MASK_ALPHA)


def _stroke(
    path: NDArray[np.float64], width: NDArray[np.float64], side: int
) -> NDArray[np.float64]:
    """Coverage of a line of varying width, 4x oversampled."""
    scale = 4
    canvas = np.zeros((side * scale, side * scale), np.uint8)
    points = np.round(path * scale).astype(int)
    for start, end, width_px in zip(points[:-1], points[1:], width, strict=False):
        thickness = max(1, round(float(width_px) * scale))
        first, last = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
        cv2.line(canvas, first, last, 255, thickness)
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64) / 255


def _draw_puncture(look: DefectLook, rng: np.random.Generator) -> DefectPatch:
    radius = look.size_px / 2
    side = int(look.size_px + 6 * _MARGIN_PX)
    dx, dy, distance = _polar(side)
    outline = radius * _ragged(np.arctan2(dy, dx), 0.13, rng) * 0.86
    hole = _edge(outline - distance, 0.8)
    rim = _edge(outline * 1.16 + 0.8 - distance, 0.8) * (1 - hole)
    facing = (dx * np.cos(look.light_angle) + dy * np.sin(look.light_angle)) / (distance + 1e-6)
    factor = 1 - hole * (0.45 + 0.5 * look.strength)
    offset = rim * facing * 0.5 * look.strength
    mask = (hole + rim) >= _MASK_ALPHA
    return DefectPatch(_grey(factor), _grey(offset), mask)


def _draw_stain(look: DefectLook, rng: np.random.Generator) -> DefectPatch:
    radius = look.size_px / 2
    side = int(look.size_px * 1.5 + 6 * _MARGIN_PX)
    dx, dy, _ = _polar(side)
    turn, squeeze = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)
    u = dx * np.cos(turn) + dy * np.sin(turn)
    v = (-dx * np.sin(turn) + dy * np.cos(turn)) / squeeze
    distance = np.hypot(u, v)
    outline = radius * _ragged(np.arctan2(v, u), 0.22, rng)
    body = _edge(outline - distance, 2.5)
    ring = np.exp(-(((outline - distance) / max(1.5, radius / 7)) ** 2)) * body
    blotch = cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), max(1.2, radius / 4))
    blotch = 1 + 0.25 * blotch / (float(blotch.std()) + 1e-6)
    depth = look.strength * np.clip(0.42 * body * blotch + 0.25 * ring, 0, 0.95)
    tint = np.array([0.75, 0.95, 1.15]) if rng.random() < 0.6 else np.ones(3)
    if look.inverted:
        offset = 0.40 * depth[..., None] * (2 - tint)
        return DefectPatch(np.ones((side, side, 3), np.float32), _f32(offset), body >= 0.5)
    factor = 1 - np.clip(depth[..., None] * tint, 0, 0.9)
    return DefectPatch(_f32(factor), np.zeros((side, side, 3), np.float32), body >= 0.5)


def _polar(
    side: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    axis = np.arange(side, dtype=np.float64) - (side - 1) / 2
    dx, dy = np.meshgrid(axis, axis)
    return dx, dy, np.hypot(dx, dy)


def _ragged(
    theta: NDArray[np.float64], amount: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Radius factor over the angle: a few random harmonics around 1."""
    factor = np.ones_like(theta)
    for harmonic in range(2, 7):
        factor += (
            amount
            * rng.normal()
            / harmonic**0.7
            * np.cos(harmonic * theta + rng.uniform(0, 2 * np.pi))
        )
    return np.clip(factor, 0.55, 1.5)


def _edge(signed_distance: NDArray[np.float64], softness_px: float) -> NDArray[np.float64]:
    return np.clip(signed_distance / softness_px + 0.5, 0, 1)


def _grey(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(values[..., None].repeat(3, 2), np.float32)


def _f32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


_DRAWERS: dict[str, Callable[[DefectLook, np.random.Generator], DefectPatch]] = {
    "scratch": _draw_scratch,
    "puncture": _draw_puncture,
    "stain": _draw_stain,
}
