"""What the pixels of a random view look like: lit and coloured differently, blurred, noisy."""

import cv2
import numpy as np
from numpy.typing import NDArray

from services.trainer.domain.training.augmentation import Augmentation
from shared.runtime.preprocess import Image

GREY = np.array([0.299, 0.587, 0.114])  # of red, green and blue, ITU-R BT.601
LEAST_BLUR = 0.1  # standard deviation in px, below which nothing changes


def changed(image: Image, settings: Augmentation, rng: np.random.Generator) -> Image:
    """The image ``(h, w, 3)`` uint8 RGB in another light, of other colours, worse to see."""
    shown = _relit(image, settings, rng)
    if settings.saturation or settings.hue:
        strength = 1 + rng.uniform(-settings.saturation, settings.saturation)
        colours = colour_matrix(strength, rng.uniform(-settings.hue, settings.hue))
        shown = np.asarray(cv2.transform(shown, colours), np.uint8)
    if settings.blur and (sigma := rng.uniform(0, settings.blur)) > LEAST_BLUR:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), sigma), np.uint8)
    if settings.noise:
        spread = 255 * rng.uniform(0, settings.noise)
        added = shown + spread * rng.standard_normal(shown.shape, np.float32)
        shown = np.clip(np.rint(added), 0, 255).astype(np.uint8)
    return shown


def colour_matrix(strength: float, turn: float) -> NDArray[np.float64]:
    """The map ``(3, 3)`` of RGB that changes how strong colours are, and which.

    Haeberli, "Matrix Operations for Image Processing", 1993: colours move from or towards their
    grey, and turn about the grey axis. Grey stays grey.

    Args:
        strength: 0 makes everything grey, 1 changes nothing.
        turn: As a share of a whole turn; a third makes red green.

    >>> np.round(colour_matrix(1, 1 / 3) @ [200, 10, 30]).tolist()
    [30.0, 200.0, 10.0]
    """
    cosine, sine = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
    axis = np.full((3, 3), 1 / 3)
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turned = cosine * np.eye(3) + (1 - cosine) * axis + sine * across
    return np.asarray(turned @ (strength * np.eye(3) + (1 - strength) * np.tile(GREY, (3, 1))))


def _relit(image: Image, settings: Augmentation, rng: np.random.Generator) -> Image:
    """Light, contrast and tint changed through one look-up table a channel."""
    if not (settings.brightness or settings.contrast or settings.colour):
        return image
    gain = 1 + rng.uniform(-settings.brightness, settings.brightness)
    contrast = 1 + rng.uniform(-settings.contrast, settings.contrast)
    tint = 1 + rng.uniform(-settings.colour, settings.colour, 3)
    levels = np.arange(256, dtype=np.float32)[:, None]
    table = ((levels - 128) * contrast + 128) * gain * tint
    lookup = np.clip(table, 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(image, lookup), np.uint8)
