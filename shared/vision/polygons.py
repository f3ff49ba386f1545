"""Polygons as ``(N, 2)`` float64 rings of ``x, y`` in continuous pixels, without rasterising.

The ring closes by itself (the first point is not repeated) and may run either way round.
Pixel-exact work (masks, overlap of ragged outlines) belongs to `shared.vision.masks`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ring = NDArray[np.float64]
Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # beside the ring's own size
_MAX_BANDS = 256
_MAX_LEVELS = 2000  # heights of corners, each of which is looked at
_MAX_CELLS = 1 << 20  # lines times corners that are looked at together
_SIMPLE = 0.02  # what measuring on lines may differ for an outline that does not cross itself


def as_ring(points: ArrayLike) -> Ring:
    """Any nested sequence of points as an ``(N, 2)`` float64 array.

    Args:
        points: ``N`` pairs; an empty sequence gives ``(0, 2)``.

    Raises:
        ValueError: The values are not pairs.

    >>> as_ring([]).shape
    (0, 2)
    """
    ring = np.asarray(points, np.float64)
    if ring.size == 0:
        return np.zeros((0, 2))
    if ring.ndim != 2 or ring.shape[1] != 2:
        raise ValueError(f"a polygon must have shape (N, 2), not {ring.shape}")
    return ring


def signed_area(ring: Ring) -> float:
    """Area by the shoelace formula, square pixels; positive when clockwise on the screen.

    Fewer than three points have area 0.

    >>> signed_area(as_ring([[0, 0], [4, 0], [4, 3], [0, 3]]))
    12.0
    """
    if len(ring) < 3:
        return 0.0
    origin = ring[0]  # small numbers: far from the origin the products would cancel
    x, y = (ring - origin).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def area(ring: Ring) -> float:
    """Area in square pixels, whichever way round the ring runs.

    >>> area(as_ring([[0, 3], [4, 3], [4, 0], [0, 0]]))
    12.0
    """
    return abs(signed_area(ring))


def inside_area(ring: Ring) -> float:
    """Area in square pixels by the even-odd rule: the halves of a bow-tie add up.

    Exact (the shoelace formula) for outlines of up to 2000 corners that do not cross themselves;
    the others are measured on 256 or more lines, to about a hundredth.

    >>> inside_area(as_ring([[0, 0], [4, 0], [4, 3], [0, 3]]))
    12.0
    >>> round(inside_area(as_ring([[0, 0], [4, 4], [4, 0], [0, 4]])), 1)  # its shoelace sum is 0
    8.0
    """
    simple = area(ring)
    if len(ring) < 4:
        return simple
    ends = np.roll(ring, -1, axis=0)
    lines, heights = _slices(ring)
    at_once = max(1, _MAX_CELLS // len(ring))
    measured = sum(
        float(
            _widths(ring, ends, lines[start : start + at_once]) @ heights[start : start + at_once]
        )
        for start in range(0, len(lines), at_once)
    )
    return simple if abs(measured - simple) <= _SIMPLE * max(measured, simple) else measured


def _slices(ring: Ring) -> tuple[Floats, Floats]:
    """Middles and heights of horizontal slices, whose ends are the heights of corners.

    Between two such heights the width of a simple outline is linear: its middle tells the area.
    """
    levels = np.unique(ring[:, 1])
    if len(levels) > _MAX_LEVELS:
        levels = np.linspace(levels[0], levels[-1], _MAX_BANDS + 1)
    parts = max(1, _MAX_BANDS // max(1, len(levels) - 1))
    heights = np.repeat(np.diff(levels) / parts, parts)
    middles = np.repeat(levels[:-1], parts) + heights * (
        np.tile(np.arange(parts), len(levels) - 1) + 0.5
    )
    return middles, heights


def has_inside(ring: Ring) -> bool:
    """Whether an outline encloses any pixels, by the even-odd rule; a symmetric bow-tie does.

    Its shoelace sum is 0, for its two halves run different ways round; so does a line walked to
    and fro, which encloses nothing.

    >>> has_inside(as_ring([[0, 0], [4, 4], [4, 0], [0, 4]]))
    True
    >>> has_inside(as_ring([[0, 0], [4, 4], [2, 2], [1, 1]]))
    False
    """
    if len(ring) < 3:
        return False
    _, _, width, height = bounds(ring - ring.min(0))
    if area(ring) > _ROUNDING * width * height:
        return True
    levels = np.unique(ring[:, 1])
    step = max(1, len(levels) // _MAX_BANDS)
    low, high = levels[:-1:step], levels[1::step]
    ends = np.roll(ring, -1, axis=0)
    lines = (low[:, None] + (high - low)[:, None] * np.array([0.37, 0.61])).ravel()
    widths = (_widths(ring, ends, lines[i : i + 1])[0] for i in range(len(lines)))
    return any(found > _ROUNDING * width for found in widths)


def _widths(starts: Ring, ends: Ring, lines: NDArray[np.floating]) -> Floats:
    """Length of the inside on the lines at these heights, which go through no corner."""
    y = lines[:, None]
    line, edge = np.nonzero((starts[:, 1] > y) != (ends[:, 1] > y))
    (x1, y1), (x2, y2) = starts[edge].T, ends[edge].T
    x = x1 + (lines[line] - y1) / (y2 - y1) * (x2 - x1)
    x = x[np.lexsort((x, line))]  # as often as a line goes in it comes out
    widths = np.bincount(line[::2], x[1::2] - x[::2], minlength=len(lines))
    return widths.astype(np.float64)


def bounds(ring: Ring) -> tuple[float, float, float, float]:
    """Upright box ``x1, y1, x2, y2`` around the points.

    Raises:
        ValueError: The ring is empty.

    >>> bounds(as_ring([[1, 5], [4, 2]]))
    (1.0, 2.0, 4.0, 5.0)
    """
    if not len(ring):
        raise ValueError("an empty polygon has no bounds")
    (x1, y1), (x2, y2) = ring.min(0), ring.max(0)
    return float(x1), float(y1), float(x2), float(y2)


def clip_to_window(ring: Ring, window_xyxy: tuple[float, float, float, float]) -> Ring:
    """Cut a polygon to an upright window (Sutherland and Hodgman, CACM 17(1), 1974).

    A concave polygon that leaves and re-enters the window comes back as one ring with parts joined
    along the border: its area is right.

    Args:
        ring: ``(N, 2)``; fewer than three points give an empty ring.
        window_xyxy: ``x1, y1, x2, y2`` of the window.

    Returns:
        ``(M, 2)`` in the same coordinates; ``(0, 2)`` when nothing is inside.

    >>> area(clip_to_window(as_ring([[0, 0], [4, 0], [4, 4], [0, 4]]), (2, 2, 9, 9)))
    4.0
    """
    x1, y1, x2, y2 = window_xyxy
    clipped = ring if len(ring) >= 3 else ring[:0]
    for axis, limit, keep_above in ((0, x1, True), (0, x2, False), (1, y1, True), (1, y2, False)):
        clipped = _clip_half_plane(clipped, axis, limit, keep_above)
    return clipped if area(clipped) > 0 else clipped[:0]


def _clip_half_plane(ring: Ring, axis: int, limit: float, keep_above: bool) -> Ring:
    if not len(ring):
        return ring
    distance = ring[:, axis] - limit if keep_above else limit - ring[:, axis]
    following, next_distance = np.roll(ring, -1, axis=0), np.roll(distance, -1)
    inside = distance >= 0
    crosses = inside != (next_distance >= 0)
    span = np.where(crosses, distance - next_distance, 1.0)
    cut = ring + (following - ring) * (distance / span)[:, None]
    cut[:, axis] = limit
    # Each edge gives its start when inside, then its crossing: interleave the two in edge order.
    candidates = np.stack([ring, cut], axis=1).reshape(-1, 2)
    clipped: Ring = candidates[np.stack([inside, crosses], axis=1).reshape(-1)]
    return clipped


def convex_intersection(first: Ring, second: Ring) -> Ring:
    """Common part of two convex polygons.

    Args:
        first: ``(N, 2)`` convex ring, either way round.
        second: ``(M, 2)`` convex ring, either way round.

    Returns:
        ``(K, 2)`` convex ring; ``(0, 2)`` when they share no area.

    >>> square = as_ring([[0, 0], [2, 0], [2, 2], [0, 2]])
    >>> area(convex_intersection(square, square + 1))
    1.0
    """
    if area(first) == 0 or area(second) == 0:
        return np.zeros((0, 2))
    if signed_area(second) < 0:
        second = second[::-1]
    clipped = first
    for start, end in zip(second, np.roll(second, -1, axis=0), strict=True):
        clipped = _clip_left_of(clipped, start, end)
        if not len(clipped):
            break
    return clipped if area(clipped) > 0 else clipped[:0]


def _clip_left_of(ring: Ring, start: Floats, end: Floats) -> Ring:
    edge = end - start
    side = edge[0] * (ring[:, 1] - start[1]) - edge[1] * (ring[:, 0] - start[0])
    following, next_side = np.roll(ring, -1, axis=0), np.roll(side, -1)
    inside = side >= 0
    crosses = inside != (next_side >= 0)
    span = np.where(crosses, side - next_side, 1.0)
    cut = ring + (following - ring) * (side / span)[:, None]
    candidates = np.stack([ring, cut], axis=1).reshape(-1, 2)
    clipped: Ring = candidates[np.stack([inside, crosses], axis=1).reshape(-1)]
    return clipped
