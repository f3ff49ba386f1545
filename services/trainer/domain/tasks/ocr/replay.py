"""Lines that the first network reads, shown again so that it does not forget them.

Rehearsal (Robins, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal", Connection Science 7,
1995): made lines of every script that the font has, with what the first network reads in them.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from shared.runtime.preprocess import Image
from shared.runtime.text_crops import LINE_HEIGHT, padded, padded_width

LINES = 192
_SIZE_PX = 30  # of the signs
_LENGTHS = (4, 13)  # signs of a line


def made_lines(signs: Sequence[str], rng: np.random.Generator, count: int = LINES) -> list[Image]:
    """Lines ``(48, W, 3)`` of random signs, padded; half of them of ASCII alone.

    Args:
        signs: What the first network reads.
        rng: Where the randomness comes from.
        count: How many.
    """
    plain = [sign for sign in signs if len(sign) == 1 and "!" <= sign <= "~"]
    whole = [sign for sign in signs if len(sign) == 1 and sign.isalpha()]
    font = cv2.FontFace("uni")
    lines = []
    for number in range(count):
        pool = plain if number % 2 or not whole else whole
        text = "".join(rng.choice(pool, int(rng.integers(*_LENGTHS))).tolist())
        lines.append(_drawn(text, font, rng))
    return lines


def _drawn(text: str, font: "cv2.FontFace", rng: np.random.Generator) -> Image:
    light = int(rng.integers(170, 256))
    canvas = np.full((LINE_HEIGHT, 64 * _LENGTHS[1], 3), light, np.uint8)
    dark = int(rng.integers(0, 90))
    colour = (dark, dark, dark)
    end, _ = cv2.putText(canvas, text, (6, 35), colour, font, _SIZE_PX, int(rng.integers(300, 700)))
    line = np.ascontiguousarray(canvas[:, : min(max(int(end[0]) + 6, 8), canvas.shape[1])])
    return padded(line, padded_width(line))
