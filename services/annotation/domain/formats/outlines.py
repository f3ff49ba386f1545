"""Outlines of masks, along the edges of their pixels.

Only the corners are looked at: a mask of long edges has few, and one that is noise is known by
their number before anything is made of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.formats.raster import decode_part
from shared.contracts.shapes import MAX_POINTS, Rle
from shared.vision import polygons

Point = tuple[float, float]

_EAST, _SOUTH, _WEST, _NORTH = range(4)
_TURNS = (  # coming, going, at which corners: the sum of the set pixels around them as in `_around`
    (_NORTH, _EAST, (8,)),
    (_EAST, _SOUTH, (4,)),
    (_SOUTH, _WEST, (1,)),
    (_WEST, _NORTH, (2,)),
    (_WEST, _SOUTH, (7, 6)),  # where two parts touch (6, 9), to the left, along the other one
    (_EAST, _NORTH, (14, 6)),
    (_NORTH, _WEST, (11, 9)),
    (_SOUTH, _EAST, (13, 9)),
)
_TURNS_AT = np.array([sum(here in at for _, _, at in _TURNS) for here in range(16)], np.uint8)


@dataclass(frozen=True)
class MaskOutlines:
    """The rings around the parts of a mask, clockwise on the screen, and how many holes they lose.

    Pixels that touch at a corner are one part.
    """

    rings: tuple[tuple[Point, ...], ...]
    holes: int


def outlines_of(rle: Rle) -> MaskOutlines | None:
    """Return the outlines of a mask; filled, they cover its pixels and its holes, no other.

    None for a mask whose outlines and holes have more than `MAX_POINTS` corners.

    Raises:
        ValueError: The text is no code, or does not cover its size.

    >>> outlines_of(Rle(size=(1, 2), counts="11"))
    MaskOutlines(rings=(((1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)),), holes=0)
    """
    pixels, left, top = decode_part(rle)
    around = _around(pixels)
    if int(_TURNS_AT[around].sum(dtype=np.int64)) > MAX_POINTS:
        return None
    corners, after = _linked(around)
    rings, holes = [], 0
    for ring in _loops(after.tolist()):
        points = polygons.as_ring(corners[ring] + (left, top))
        if polygons.signed_area(points) > 0:
            rings.append(tuple((float(x), float(y)) for x, y in points.tolist()))
        else:
            holes += 1
    return MaskOutlines(tuple(rings), holes)


def _around(pixels: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Which pixels around each corner are set: 1 above left, 2 above right, 4 and 8 below."""
    padded = np.pad(pixels, 1).view(np.uint8)
    around = padded[:-1, :-1].copy()
    for bit, side in enumerate((padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]), start=1):
        around |= side << np.uint8(bit)
    return around


def _linked(around: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turns of the rings, `(N, 2)` as x, y, from top to bottom; the turn that follows each, `(N,)`.

    Set pixels are on the right of an edge. On a line of the grid the edges of one direction follow
    each other without a touch, so that the first to start is the first to end.
    """
    places = np.argwhere(_TURNS_AT[around])
    here = around[places[:, 0], places[:, 1]]
    found = [(np.flatnonzero(np.isin(here, at)), come, go) for come, go, at in _TURNS]
    index = np.concatenate([at for at, _, _ in found])
    order = np.argsort(index, kind="stable")
    come = np.repeat([come for _, come, _ in found], [at.size for at, _, _ in found])[order]
    go = np.repeat([go for _, _, go in found], [at.size for at, _, _ in found])[order]
    corners = places[index[order], ::-1]
    after = np.empty(len(corners), np.int64)
    for way in range(4):
        starts, ends = np.flatnonzero(go == way), np.flatnonzero(come == way)
        if way in (_SOUTH, _NORTH):
            starts = starts[np.argsort(corners[starts, 0], kind="stable")]
            ends = ends[np.argsort(corners[ends, 0], kind="stable")]
        after[starts] = ends
    return corners, after


def _loops(after: Sequence[int]) -> Iterator[list[int]]:
    """The turns of each ring, from its topmost one."""
    seen = bytearray(len(after))
    for start in range(len(after)):
        ring, turn = [], start
        while not seen[turn]:
            seen[turn] = True
            ring.append(turn)
            turn = after[turn]
        if ring:
            yield ring
