"""Candidates by edges: closed contours about a click, each the strongest of its size.

In polar coordinates about the click a contour is a path from the first angle to the last; the best
one is found by dynamic programming, as in Denzler and Niemann, "Active rays: polar-transformed
active contours for real-time contour tracking", Real-Time Imaging 5(3), 1999.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from services.inference.domain.clicks.patches import Bits, Floats

_ANGLES = 48
_SHIFT = 4  # bits behind the point of what is drawn
_RADII = 60
_STEP = 2  # radii that a contour may go in or out from one angle to the next
_BANDS = ((2, 11), (6, 22), (12, 38), (22, 59))  # of radii, in pixels


def contours(lab: Floats, centre: tuple[int, int]) -> Iterator[Bits]:
    """Yield areas about ``centre`` (column, row) that the strongest closed contours bound.

    Args:
        lab: ``(h, w, 3)``, CIE L*a*b*.
        centre: Within it.
    """
    polar = _polar(lab, centre)
    before, behind = polar[:, :-2], polar[:, 2:]
    change = np.linalg.norm(behind - before, axis=2)
    colour = np.median(polar[:, :3].reshape(-1, 3), axis=0)
    off = np.linalg.norm(polar - colour, axis=2)
    leaving = np.maximum(off[:, 2:] - off[:, :-2], 0)
    for strength in (change, leaving):
        scaled = strength / (np.quantile(strength, 0.95) + 1e-3)
        for low, high in _BANDS:
            path = _closed_path(np.minimum(scaled[:, low - 1 : high - 1], 1.5)) + low
            yield _area(path, centre, lab.shape[:2])


def _polar(lab: Floats, centre: tuple[int, int]) -> Floats:
    """``(angles, radii, 3)``: the image along rays, smoothed."""
    angles = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
    radii = np.arange(_RADII)
    xs = centre[0] + np.cos(angles)[:, None] * radii
    ys = centre[1] + np.sin(angles)[:, None] * radii
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    return np.asarray(cv2.remap(
        smooth, xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ), np.float32)  # fmt: skip


def _closed_path(strength: Floats) -> NDArray[np.int64]:
    """Radius of the strongest path at each angle; it goes round twice, so that it closes."""
    angles, radii = strength.shape
    rounds = np.concatenate([strength, strength])
    best = rounds[0].copy()
    came = np.zeros((len(rounds), radii), np.int64)
    framed = np.full(radii + 2 * _STEP, -np.inf)
    shifts = np.arange(2 * _STEP + 1)
    penalty = -0.15 * np.abs(shifts - _STEP)[:, None]
    views = np.lib.stride_tricks.sliding_window_view(framed, radii)
    columns = np.arange(radii)
    for place in range(1, len(rounds)):
        framed[_STEP:-_STEP] = best
        options = views + penalty
        chosen = options.argmax(axis=0)
        came[place] = columns + chosen - _STEP
        best = options[chosen, columns] + rounds[place]
    path = np.empty(len(rounds), np.int64)
    path[-1] = int(best.argmax())
    for place in range(len(rounds) - 1, 0, -1):
        path[place - 1] = came[place, path[place]]
    middle = angles // 2
    turned = path[middle : middle + angles]
    return np.roll(turned, middle)


def _area(radii: NDArray[np.int64], centre: tuple[int, int], size: tuple[int, int]) -> Bits:
    """What lies within a contour; the pixels that it runs through count by half."""
    angles = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
    reach = np.maximum(radii - 0.5, 0.5)
    ring = np.array(centre) + np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
    mask = np.zeros(size, np.uint8)
    fine = np.rint(ring * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fine], 1, shift=_SHIFT)
    return mask > 0
