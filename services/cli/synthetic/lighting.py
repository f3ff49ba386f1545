"""Lighting: gradients, vignettes and soft reflections that a real line's lamps cause."""

import cv2
import numpy as np
from numpy.typing import NDArray


def light_surface(
    image_rgb: NDArray[np.float32], *, level: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Multiply a surface by an uneven lamp.

    Args:
        image_rgb: `(H, W, 3)` float32 in 0..1.
        level: Overall brightness, 1.0 is the normal exposure.
        rng: Source of all randomness.

    Returns:
        A new `(H, W, 3)` float32 image; values may leave 0..1 and are clipped at the end.
    """
    height, width = image_rgb.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    slope = rng.uniform(0.0, 0.22)
    ramp = np.float32(slope * np.cos(angle)) * x + np.float32(slope * np.sin(angle)) * y
    vignette = np.float32(rng.uniform(0.0, 0.16)) * (x * x + y * y) / 2
    lamp = np.asarray(level * (1 + ramp - vignette), np.float32)
    if rng.random() < 0.4:
        lamp = lamp + _reflection(width, height, rng)
    lit: NDArray[np.float32] = image_rgb * lamp[..., None]
    return lit


def _reflection(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A broad, soft, bright band or spot: no edge, hence no defect."""
    small = np.zeros((48, 64), np.float32)
    centre = (int(rng.integers(0, 64)), int(rng.integers(0, 48)))
    axes = (int(rng.integers(6, 30)), int(rng.integers(4, 10)))
    cv2.ellipse(small, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(3.0, 6.0)))
    glow = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(glow * np.float32(rng.uniform(0.12, 0.35)), np.float32)
