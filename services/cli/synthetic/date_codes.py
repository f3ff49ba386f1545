"""Printed date codes: text that an OCR project reads and a detector must leave alone."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.cli.synthetic.distractors import Box


@dataclass(frozen=True)
class DateCode:
    """A printed line.

    Attributes:
        text: The transcription, e.g. `L07 2026-03-14`.
        box: x1, y1, x2, y2 in pixels, end exclusive, tight around the ink.
    """

    text: str
    box: Box


def print_date_code(
    image_rgb: NDArray[np.float32], *, rng: np.random.Generator, scale: float
) -> DateCode:
    """Print a lot number and a date on the surface, in place.

    Args:
        image_rgb: `(H, W, 3)` float32, changed in place.
        rng: Source of all randomness.
        scale: Font scale of OpenCV's Hershey fonts; 0.6 gives letters of about 13 px.

    Returns:
        The text and its tight box.
    """
    height, width = image_rgb.shape[:2]
    lot, year = int(rng.integers(1, 99)), int(rng.integers(2024, 2028))
    month, day = int(rng.integers(1, 13)), int(rng.integers(1, 29))
    text = f"L{lot:02d} {year}-{month:02d}-{day:02d}"
    font = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX)[int(rng.integers(2))]
    thickness = max(1, round(scale * 2))
    (text_width, text_height), baseline = cv2.getTextSize(text, font, scale, thickness)
    x = int(rng.integers(8, max(9, width - text_width - 8)))
    y = int(rng.integers(text_height + 8, height - baseline - 8))
    ink = np.zeros((text_height + 2 * baseline + 4, text_width + 8), np.uint8)
    cv2.putText(ink, text, (4, text_height + 2), font, scale, 255, thickness, cv2.LINE_AA)
    left, top = x - 4, y - text_height - 2
    window = image_rgb[top : top + ink.shape[0], left : left + ink.shape[1]]
    ink = ink[: window.shape[0], : window.shape[1]]
    alpha = ink.astype(np.float32)[..., None] / 255 * 0.85
    tone = float(window.mean())
    colour = np.float32(tone * 0.25 if tone > 0.35 else tone + 0.45)
    window[...] = window * (1 - alpha) + colour * alpha
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    box = (
        left + int(columns[0]),
        top + int(rows[0]),
        left + int(columns[-1]) + 1,
        top + int(rows[-1]) + 1,
    )
    return DateCode(text, box)
