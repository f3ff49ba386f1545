"""Patches: parts of an image on small grids, on which clicks are looked at."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in image pixels."""

GRID = 128
"""Side of a patch's grid at most, in its own pixels."""
_COARSEST = 16  # image pixels of a grid's pixel


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the image on a grid.

    Attributes:
        box: Of the part; whole pixels.
        pixels: ``(h, w, 3)`` RGB on the grid.
        size: Width and height of the image in its pixels.
    """

    box: Box
    pixels: Pixels
    size: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Image pixels of a grid's pixel, across and down."""
        height, width = self.pixels.shape[:2]
        left, top, right, bottom = self.box
        return (right - left) / width, (bottom - top) / height

    def lab(self) -> Floats:
        """Return ``(h, w, 3)`` CIE L*a*b*, L in [0, 100]."""
        as_floats = self.pixels.astype(np.float32) / 255
        return np.asarray(cv2.cvtColor(as_floats, cv2.COLOR_RGB2Lab), np.float32)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return column and row of a place of the image; of one outside the nearest ones."""
        height, width = self.pixels.shape[:2]
        across, down = self.scale
        column, row = int((x - self.box[0]) // across), int((y - self.box[1]) // down)
        return min(max(column, 0), width - 1), min(max(row, 0), height - 1)

    def cuts(self, mask: Bits) -> bool:
        """Tell whether a mask on the grid reaches an edge behind which the image goes on."""
        left, top, right, bottom = self.box
        width, height = self.size
        edges = (mask[:, 0], mask[0], mask[:, -1], mask[-1])
        open_sides = (left > 0, top > 0, right < width, bottom < height)
        return any(side and edge.any() for side, edge in zip(open_sides, edges, strict=True))

    def box_of(self, mask: Bits) -> Box:
        """Return the box in image pixels around a mask on the grid, which is not empty."""
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        across, down = self.scale
        left, top = self.box[:2]
        return (
            left + float(columns[0]) * across, top + float(rows[0]) * down,
            left + float(columns[-1] + 1) * across, top + float(rows[-1] + 1) * down,
        )  # fmt: skip

    def redrawn(self, mask: Bits, other: "Patch") -> Bits:
        """Return a mask of this grid on that of ``other``; nothing lies outside of this one."""
        across, down = self.scale
        there_across, there_down = other.scale
        height, width = other.pixels.shape[:2]
        shift = ((other.box[0] - self.box[0]) / across, (other.box[1] - self.box[1]) / down)
        turn = np.array([
            [there_across / across, 0, shift[0] + there_across / across / 2 - 0.5],
            [0, there_down / down, shift[1] + there_down / down / 2 - 0.5],
        ])  # fmt: skip
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpAffine(mask.astype(np.float32), turn, (width, height), flags=flags)
        return np.asarray(drawn >= 0.5)


def patches_about(image: Pixels, x: float, y: float) -> Iterator[Patch]:
    """Yield patches about a place, each twice as wide as the one before, until all is in one."""
    height, width = image.shape[:2]
    scale = 1
    while True:
        half = GRID * scale / 2
        yield patch_of(image, (x - half, y - half, x + half, y + half))
        if scale >= _COARSEST or half >= max(height, width):
            return
        scale *= 2


def patch_of(image: Pixels, box: Box) -> Patch:
    """Return what of an image ``(H, W, 3)`` is in a box, on a grid of at most `GRID` a side."""
    height, width = image.shape[:2]
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = (
        min(width, max(left + 1, round(box[2]))),
        min(height, max(top + 1, round(box[3]))),
    )
    part = image[top:bottom, left:right]
    scale = max(right - left, bottom - top) / GRID
    if scale > 1:
        size = (max(1, round((right - left) / scale)), max(1, round((bottom - top) / scale)))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Patch((left, top, right, bottom), np.ascontiguousarray(part), (width, height))
