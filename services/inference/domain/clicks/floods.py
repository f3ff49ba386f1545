"""Candidates by colour: what hangs together with a click and looks like it, within a tolerance."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from services.inference.domain.clicks.patches import Bits, Floats

_TOLERANCES = (3.0, 4.5, 6.5, 9.0, 12.0, 16.0, 21.0, 28.0, 38.0)  # ΔE
_SHARES = (0.2, 0.35, 0.5, 0.65)  # of the way from the click's lightness to the usual one
_LEAST_STEP = 3.0  # lightness: less is noise
_GROWN = 1.05
_ABOUT = 1  # a click's colour is the median of so many pixels around it
_SQUARE = np.ones((2, 2), np.uint8)


def floods(lab: Floats, cell: tuple[int, int]) -> Iterator[Bits]:
    """Yield areas about a cell (column, row), each connected and without holes.

    First those whose colour is near that of the cell, then those that are as dark or as light as
    the cell is: a crack is darker in its middle.

    Args:
        lab: ``(h, w, 3)``, CIE L*a*b*.
        cell: Within it.
    """
    smooth = np.asarray(cv2.bilateralFilter(lab, 5, 12.0, 2.0), np.float32)
    column, row = cell
    rows = slice(max(0, row - _ABOUT), row + _ABOUT + 1)
    columns = slice(max(0, column - _ABOUT), column + _ABOUT + 1)
    colour = np.median(smooth[rows, columns].reshape(-1, 3), axis=0)
    distances = np.linalg.norm(smooth - colour, axis=2)
    yield from _growing((distances <= tolerance for tolerance in _TOLERANCES), cell)
    lightness = smooth[:, :, 0]
    step = float(np.median(lightness)) - float(colour[0])
    if abs(step) < _LEAST_STEP:
        return
    side = np.sign(step)
    limits = (colour[0] + share * step for share in _SHARES)
    yield from _growing(((limit - lightness) * side >= 0 for limit in limits), cell)


def _growing(levels: Iterator[Bits], cell: tuple[int, int]) -> Iterator[Bits]:
    """The part of each level that holds the cell, where it is larger than the one before."""
    column, row = cell
    size = 0.0
    for level in levels:
        near = cv2.morphologyEx(level.astype(np.uint8), cv2.MORPH_OPEN, _SQUARE)
        near[row, column] = 1
        found = without_holes(part_at(near > 0, cell))
        if found.sum() > size * _GROWN:
            size = float(found.sum())
            yield found


def part_at(mask: Bits, cell: tuple[int, int]) -> Bits:
    """Return the connected part (4 neighbours) of a mask at a cell that it covers.

    >>> part_at(np.array([[True, False, True]]), (2, 0)).tolist()
    [[False, False, True]]
    """
    return _flooded(mask.astype(np.uint8), cell)


def without_holes(mask: Bits) -> Bits:
    """Return a mask with what it surrounds.

    >>> without_holes(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]) > 0).all()
    np.True_
    """
    framed: NDArray[np.uint8] = np.pad(mask.astype(np.uint8), 1)
    return ~_flooded(framed, (0, 0))[1:-1, 1:-1]


def _flooded(pixels: NDArray[np.uint8], cell: tuple[int, int]) -> Bits:
    marks = np.zeros((pixels.shape[0] + 2, pixels.shape[1] + 2), np.uint8)
    cv2.floodFill(pixels.copy(), marks, cell, 1, flags=4 | cv2.FLOODFILL_MASK_ONLY | 1 << 8)
    return np.asarray(marks[1:-1, 1:-1] > 0)
