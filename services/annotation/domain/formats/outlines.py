"""Outlines of masks, along the edges of their pixels."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.formats.raster import decode_mask
from shared.contracts.shapes import Rle
from shared.vision import polygons

Point = tuple[float, float]
_Corner = tuple[int, int]


@dataclass(frozen=True)
class Outlines:
    """The rings around the parts of a mask, clockwise on the screen, and how many holes they lose.

    Pixels that touch at a corner are one part.
    """

    rings: tuple[tuple[Point, ...], ...]
    holes: int


def outlines_of(rle: Rle) -> Outlines:
    """Return the outlines of a mask; filled, they cover its pixels and its holes, no other.

    Raises:
        ValueError: The text is no code, or does not cover its size.

    >>> outlines_of(Rle(size=(1, 2), counts="11"))
    Outlines(rings=(((2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0)),), holes=0)
    """
    rings, holes = [], 0
    for ring in _loops(_edges(decode_mask(rle))):
        if polygons.signed_area(polygons.as_ring(ring)) > 0:
            rings.append(tuple((float(x), float(y)) for x, y in ring))
        else:
            holes += 1
    return Outlines(tuple(rings), holes)


def _edges(pixels: NDArray[np.bool_]) -> dict[_Corner, list[_Corner]]:
    """Edges of set pixels towards unset ones, from corner to corner, the set ones on the right."""
    inside = np.pad(pixels, 1)
    core = inside[1:-1, 1:-1]
    sides = (
        (core & ~inside[:-2, 1:-1], (0, 0), (1, 0)),
        (core & ~inside[1:-1, 2:], (1, 0), (1, 1)),
        (core & ~inside[2:, 1:-1], (1, 1), (0, 1)),
        (core & ~inside[1:-1, :-2], (0, 1), (0, 0)),
    )
    edges: dict[_Corner, list[_Corner]] = defaultdict(list)
    for side, (ax, ay), (bx, by) in sides:
        for y, x in np.argwhere(side).tolist():
            edges[x + ax, y + ay].append((x + bx, y + by))
    return edges


def _loops(edges: dict[_Corner, list[_Corner]]) -> Iterator[Sequence[_Corner]]:
    for start in sorted(edges, key=lambda corner: (corner[1], corner[0])):
        while edges[start]:
            yield _loop(edges, start)


def _loop(edges: dict[_Corner, list[_Corner]], start: _Corner) -> Sequence[_Corner]:
    """The corners of one ring, where it turns only; its edges leave `edges`."""
    first = edges[start][0]
    here, there, corners = start, first, []
    while True:
        following = _next(edges, here, there)
        if _way(there, following) != _way(here, there):
            corners.append(there)
        if (there, following) == (start, first):
            return corners
        here, there = there, following


def _next(edges: dict[_Corner, list[_Corner]], here: _Corner, there: _Corner) -> _Corner:
    """Where a ring goes on; at a corner where two parts touch, to the left, along the other one."""
    ways = edges[there]
    if len(ways) == 1:
        return ways.pop()
    dx, dy = _way(here, there)
    return ways.pop(ways.index((there[0] + dy, there[1] - dx)))


def _way(one: _Corner, other: _Corner) -> tuple[int, int]:
    return other[0] - one[0], other[1] - one[1]
