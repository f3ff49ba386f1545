"""From prototypes and coefficients to the pixels of each object (YOLACT, arXiv:1904.02689)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.runtime.instances import Patch
from shared.runtime.manifest import ModelManifest
from shared.runtime.tasks.spec import View
from shared.vision.boxes import Indices

Floats = NDArray[np.float32]
MARGIN = 0.1  # of a box's sides: how far beyond it its object may reach
LEAST_MARGIN_PX = 4.0  # of the input


class MaskReader:
    """Reads the pixels of objects out of one view's prototypes."""

    def __init__(self, prototypes: Floats, view: View, manifest: ModelManifest) -> None:
        """Takes ``prototypes`` ``(K, h, w)`` of the whole input, on a coarser grid of cells."""
        placement = view.placement
        cell_x = manifest.input_width / prototypes.shape[2]
        cell_y = manifest.input_height / prototypes.shape[1]
        # Only cells that show some of the image: what lies beyond it says nothing of its edge.
        down, across = math.ceil(placement.height / cell_y), math.ceil(placement.width / cell_x)
        self._prototypes = prototypes[:, :down, :across]
        self._cell = (cell_x / placement.scale_x, cell_y / placement.scale_y)
        self._margin = (LEAST_MARGIN_PX / placement.scale_x, LEAST_MARGIN_PX / placement.scale_y)
        self._window = view.window
        self._inner = view.inner

    def read(self, box_xyxy: Floats, coefficients: Floats) -> Patch | None:
        """The pixels of one object; None without any.

        Args:
            box_xyxy: ``(4,)`` around it, in pixels of the whole image.
            coefficients: ``(K,)``.
        """
        window = self._window
        left, top, right, bottom = self._reach(box_xyxy)
        if right <= left or bottom <= top:
            return None
        columns = _between(left, right, self._cell[0], self._prototypes.shape[2])
        rows = _between(top, bottom, self._cell[1], self._prototypes.shape[1])
        part = self._prototypes[:, rows.cells, columns.cells]
        logits = np.tensordot(coefficients, part, axes=1)
        tall = logits[rows.first] + (logits[rows.second] - logits[rows.first]) * rows.share[:, None]
        before = tall[:, columns.first]
        whole = before + (tall[:, columns.second] - before) * columns.share
        return Patch.of(whole > 0, window.x + left, window.y + top)

    def is_inner(self, box_xyxy: Floats) -> bool:
        """Whether no other view shows or meets any pixel that the object may have."""
        if self._inner is None:
            return False
        left, top, right, bottom = self._reach(box_xyxy)
        x, y = self._inner[0] - self._window.x, self._inner[1] - self._window.y
        end_x, end_y = x + self._inner[2], y + self._inner[3]
        return left >= x and top >= y and right <= end_x and bottom <= end_y

    def _reach(self, box_xyxy: Floats) -> tuple[int, int, int, int]:
        """Where in the window the object may have pixels: left, top, right and bottom."""
        window = self._window
        left, right = self._span(box_xyxy[[0, 2]].tolist(), 0, window.x, window.width)
        top, bottom = self._span(box_xyxy[[1, 3]].tolist(), 1, window.y, window.height)
        return left, top, right, bottom

    def _span(self, ends: list[float], axis: int, start: int, length: int) -> tuple[int, int]:
        """Pixels of the window from ``first`` to before ``last`` in which the object may lie."""
        low, high = ends[0] - start, ends[1] - start
        spare = max(MARGIN * (high - low), self._margin[axis])
        return max(0, math.floor(low - spare)), min(length, math.ceil(high + spare))


@dataclass(frozen=True, slots=True)
class _Line:
    """Along one axis: the cells that are needed, and between which two of them each pixel lies."""

    cells: slice
    first: Indices
    second: Indices
    share: Floats


def _between(start: int, stop: int, cell_px: float, cells: int) -> _Line:
    """Where the middles of the pixels ``start`` to ``stop`` lie between those of the cells."""
    places = np.clip((np.arange(start, stop) + 0.5) / cell_px - 0.5, 0, cells - 1)
    first = places.astype(np.int64)
    second = np.minimum(first + 1, cells - 1)
    begin = int(first[0])
    share = (places - first).astype(np.float32)
    return _Line(slice(begin, int(second[-1]) + 1), first - begin, second - begin, share)
