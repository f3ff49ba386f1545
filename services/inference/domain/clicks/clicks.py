"""Clicks: places that an annotator says to be inside or outside of the object that is meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import FieldError, InvalidInput

MOST_CLICKS = 64
_PLACE = r"(?:in|out):\d{1,5}(?:\.\d{1,4})?,\d{1,5}(?:\.\d{1,4})?"
PATTERN = rf"^{_PLACE}(?:;{_PLACE}){{0,{MOST_CLICKS - 1}}}$"
"""``in:x,y`` and ``out:x,y``, with a semicolon between them."""


@dataclass(frozen=True, slots=True)
class Click:
    """A place ``(x, y)`` in image pixels that is inside of the object, or is not."""

    x: float
    y: float
    inside: bool = True


def read_clicks(text: str) -> tuple[Click, ...]:
    """Read clicks that fit `PATTERN`.

    >>> read_clicks("in:4,5;out:9.5,5")
    (Click(x=4.0, y=5.0, inside=True), Click(x=9.5, y=5.0, inside=False))
    """
    found = re.findall(r"(in|out):([\d.]+),([\d.]+)", text)
    return tuple(Click(float(x), float(y), side == "in") for side, x, y in found)


def check_clicks(clicks: Sequence[Click], width: int, height: int) -> None:
    """Raise InvalidInput unless all lie in an image of this size and one is inside the object."""
    if not any(click.inside for click in clicks):
        raise InvalidInput("one click at least must be inside of the object")
    errors = [
        FieldError(f"clicks.{place}", f"({click.x:g}, {click.y:g}) is outside of the image")
        for place, click in enumerate(clicks)
        if not (click.x < width and click.y < height)
    ]
    if errors:
        raise InvalidInput(f"the image has {width} x {height} px", errors=errors)
