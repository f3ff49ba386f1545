"""Clean surfaces: the textures that defects are drawn on, as float32 RGB in 0..1."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

SURFACES = ("brushed", "cast", "coated", "machined", "anodised")
"""Surface kinds; `anodised` is the dark one that the demo's training part hardly holds."""

_BASE_RGB: dict[str, tuple[float, float, float]] = {
    "brushed": (0.60, 0.61, 0.63),
    "cast": (0.42, 0.41, 0.40),
    "coated": (0.52, 0.60, 0.54),
    "machined": (0.66, 0.65, 0.62),
    "anodised": (0.15, 0.19, 0.30),
}


def render_surface(
    kind: str, width: int, height: int, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Render a defect-free surface.

    Args:
        kind: One of `SURFACES`.
        width: Image width in pixels.
        height: Image height in pixels.
        rng: Source of all randomness; the same state gives the same pixels.

    Returns:
        `(height, width, 3)` float32 RGB in 0..1, evenly lit.

    Raises:
        KeyError: `kind` is not a known surface.
    """
    texture = _TEXTURES[kind](width, height, rng)
    base = np.asarray(_BASE_RGB[kind], np.float32)
    base = base * np.float32(rng.uniform(0.85, 1.15)) + rng.normal(0, 0.015, 3).astype(np.float32)
    gain = 0.35 + 0.65 * float(base.mean()) / 0.6  # dark coats show their grain less
    image: FloatImage = texture[..., None] * np.float32(gain) + base
    return image


def _noise(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    return rng.standard_normal((height, width), dtype=np.float32)


def _unit(texture: object) -> FloatImage:
    values = np.asarray(texture, np.float32)
    return values / (float(values.std()) + 1e-6)


def _cloud(width: int, height: int, cell_px: float, rng: np.random.Generator) -> FloatImage:
    """Smooth noise of about unit deviation whose grains are `cell_px` wide."""
    columns, rows = max(2, round(width / cell_px)), max(2, round(height / cell_px))
    coarse = rng.standard_normal((rows + 2, columns + 2), dtype=np.float32)
    cloud = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cloud, np.float32)


def _brushed(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    length = int(rng.integers(41, 91))
    streaks = _unit(cv2.blur(_noise(width, height, rng), (length, 1)))
    if rng.random() < 0.35:  # some parts lie across the camera
        streaks = _unit(cv2.blur(_noise(width, height, rng), (1, length)))
    return np.asarray(0.030 * streaks + 0.012 * _noise(width, height, rng), np.float32)


def _cast(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    fine = _unit(cv2.GaussianBlur(_noise(width, height, rng), (0, 0), 1.2))
    grains = _cloud(width, height, 7.0, rng)
    return np.asarray(0.030 * fine + 0.018 * grains, np.float32)


def _coated(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    peel = _cloud(width, height, 9.0, rng)
    return np.asarray(0.016 * peel + 0.010 * _noise(width, height, rng), np.float32)


def _machined(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    """Turning marks: arcs around a centre that lies outside the picture."""
    centre_x = rng.uniform(-1.5, -0.3) * width
    centre_y = rng.uniform(-0.5, 1.5) * height
    x = np.arange(width, dtype=np.float32) - np.float32(centre_x)
    y = np.arange(height, dtype=np.float32) - np.float32(centre_y)
    radius = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2)
    profile = rng.standard_normal(int(radius.max()) + 4, dtype=np.float32)
    profile = 0.6 * profile + 0.4 * np.roll(profile, 1)
    rings = profile[(radius + np.float32(rng.uniform(0, 1))).astype(np.int32)]
    return np.asarray(0.028 * rings + 0.010 * _noise(width, height, rng), np.float32)


def _anodised(width: int, height: int, rng: np.random.Generator) -> FloatImage:
    sheen = _cloud(width, height, 160.0, rng)
    return np.asarray(0.035 * sheen + 0.034 * _noise(width, height, rng), np.float32)


_TEXTURES: dict[str, Callable[[int, int, np.random.Generator], FloatImage]] = {
    "brushed": _brushed,
    "cast": _cast,
    "coated": _coated,
    "machined": _machined,
    "anodised": _anodised,
}
