"""Tile plans: one rule that cuts an image for gallery, training, serving and SDK (C-129..139)."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

MAX_GRID = 50  # rows or columns of a project's grid
MAX_OVERLAP = 1500  # px: half the shorter side of the largest tile (C-041)


@dataclass(frozen=True, slots=True)
class Window:
    """One tile of an image, in pixels of the upright whole image."""

    row: int
    column: int
    x: int
    y: int
    width: int
    height: int

    @property
    def box_xyxy(self) -> tuple[int, int, int, int]:
        """The window as `(x1, y1, x2, y2)`, the right and lower edges excluded.

        >>> Window(0, 1, 10, 0, 5, 4).box_xyxy
        (10, 0, 15, 4)
        """
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True, slots=True)
class TilePlan:
    """A rule that cuts an image of any size into windows.

    Attributes:
        grid: `(rows, columns)`, the option of a tiled project: every image gets that many tiles.
        tile_size: `(width, height)` px, the plan for images of many sizes: as many tiles as needed.
        overlap_px: the least overlap of neighbours. A target no longer than this on either side
            lies whole in at least one tile.

    With neither `grid` nor `tile_size` the image stays whole.
    """

    grid: tuple[int, int] | None = None
    tile_size: tuple[int, int] | None = None
    overlap_px: int = 0

    def __post_init__(self) -> None:
        """Refuse a plan that cannot cut.

        Raises:
            ValueError: both forms at once, a side below 1, or an overlap not below the tile.
        """
        if self.grid is not None and self.tile_size is not None:
            raise ValueError("a plan has a grid or a tile size, not both")
        if any(side < 1 for side in (*(self.grid or ()), *(self.tile_size or ()))):
            raise ValueError("rows, columns and tile sides are at least 1")
        if self.overlap_px < 0 or (self.tile_size and self.overlap_px >= min(self.tile_size)):
            raise ValueError("the overlap is at least 0 and below the tile's shorter side")

    def windows(self, width: int, height: int) -> list[Window]:
        """Cut an image of `width` × `height` px; row-major, the whole image covered.

        Raises:
            ValueError: the image is empty, or has fewer pixels on a side than the grid has tiles.

        >>> [w.box_xyxy for w in TilePlan(grid=(1, 2)).windows(5, 4)]
        [(0, 0, 2, 4), (2, 0, 5, 4)]
        >>> [w.x for w in TilePlan(tile_size=(40, 40), overlap_px=10).windows(100, 40)]
        [0, 30, 60]
        >>> len(TilePlan(tile_size=(40, 40)).windows(40, 30))
        1
        """
        if width < 1 or height < 1:
            raise ValueError("an image has at least one pixel")
        columns, rows = self._spans(width, axis=0), self._spans(height, axis=1)
        return [
            Window(row, column, x, y, span_x, span_y)
            for (row, (y, span_y)), (column, (x, span_x)) in product(
                enumerate(rows), enumerate(columns)
            )
        ]

    @property
    def is_whole(self) -> bool:
        """Whether the plan leaves every image whole.

        >>> TilePlan().is_whole, TilePlan(grid=(1, 1)).is_whole, TilePlan(grid=(2, 1)).is_whole
        (True, True, False)
        """
        return self.tile_size is None and self.grid in (None, (1, 1))

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON: serving refuses a model made under another plan.

        >>> TilePlan(grid=(2, 2)).hash == TilePlan(grid=(2, 2), overlap_px=1).hash
        False
        """
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values.

        >>> TilePlan(grid=(2, 3)).to_json()
        {'grid': [2, 3], 'tile_size': None, 'overlap_px': 0}
        """
        return {
            "grid": list(self.grid) if self.grid else None,
            "tile_size": list(self.tile_size) if self.tile_size else None,
            "overlap_px": self.overlap_px,
        }

    @classmethod
    def from_json(cls, plan: Mapping[str, Any]) -> "TilePlan":
        """Read what `to_json` wrote; unknown keys are ignored.

        Raises:
            ValueError: the values make no plan.

        >>> TilePlan.from_json({"tile_size": [40, 30], "overlap_px": 8}).tile_size
        (40, 30)
        """
        return cls(
            grid=_pair(plan.get("grid")),
            tile_size=_pair(plan.get("tile_size")),
            overlap_px=int(plan.get("overlap_px") or 0),
        )

    def _spans(self, length: int, *, axis: int) -> list[tuple[int, int]]:
        if self.grid is not None:
            return _spans_by_count(length, self.grid[1 - axis], overlap=self.overlap_px)
        if self.tile_size is not None:
            return _spans_by_size(length, self.tile_size[axis], overlap=self.overlap_px)
        return [(0, length)]


def _pair(value: Sequence[int] | None) -> tuple[int, int] | None:
    if value is None:
        return None
    first, second = value
    return int(first), int(second)


def _spans_by_count(length: int, count: int, *, overlap: int) -> list[tuple[int, int]]:
    if count > length:
        raise ValueError(f"{length} px cannot be cut into {count} tiles")
    if overlap == 0 or count == 1:  # an exact partition: no pixel twice
        edges = [index * length // count for index in range(count + 1)]
        return [(start, stop - start) for start, stop in pairwise(edges)]
    return _even_spans(length, count, min(length, span_of(length, count, overlap=overlap)))


def _spans_by_size(length: int, size: int, *, overlap: int) -> list[tuple[int, int]]:
    if length <= size:
        return [(0, length)]
    return _even_spans(length, math.ceil((length - overlap) / (size - overlap)), size)


def _even_spans(length: int, count: int, size: int) -> list[tuple[int, int]]:
    # Floors of an even walk: neighbours then overlap by at least the wanted pixels, because
    # ceil(step) <= size - overlap whenever step <= size - overlap.
    return [(index * (length - size) // (count - 1), size) for index in range(count)]


def span_of(length: int, count: int, *, overlap: int) -> int:
    """Pixels of one tile when `length` px are cut in `count` tiles that overlap by `overlap`.

    >>> span_of(100, 4, overlap=0), span_of(100, 4, overlap=20)
    (25, 40)
    """
    return math.ceil((length + (count - 1) * overlap) / count)
