"""One walk down an image in strips, tiles filled as they are met and given away when full."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.vision.tiles import Window

Pixels = NDArray[np.uint8]
Allocate = Callable[[tuple[int, int, int]], Pixels]
"""Gives memory for a tile of `(height, width, channels)`; its content does not matter."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows of an image: `pixels` is `(rows, width, channels)`, its first row is `y`."""

    y: int
    pixels: Pixels


class RowSource(Protocol):
    """An image that is read from top to bottom, never whole in memory."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        ...

    @property
    def height(self) -> int:
        """Height in pixels."""
        ...

    def strips(self) -> Iterator[Strip]:
        """All rows from the top, without gaps."""
        ...


@dataclass(slots=True)
class _Open:
    window: Window
    pixels: Pixels


def fresh_pixels(shape: tuple[int, int, int]) -> Pixels:
    """Give new memory for a tile.

    >>> fresh_pixels((2, 3, 1)).shape
    (2, 3, 1)
    """
    return np.empty(shape, np.uint8)


def fill_tiles(
    windows: Sequence[Window], strips: Iterator[Strip], *, allocate: Allocate = fresh_pixels
) -> Iterator[tuple[Window, Pixels]]:
    """Give each tile's pixels `(height, width, channels)` as soon as its last row came.

    `strips` cover the image from the top without gaps. Tiles come in the order of
    `in_order_of_reading`; only those that the current strip meets are in memory.

    >>> image = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    >>> strips = (Strip(y, image[y : y + 2]) for y in (0, 2))
    >>> [tile.ravel().tolist() for _, tile in fill_tiles([Window(0, 0, 1, 1, 2, 2)], strips)]
    [[7, 8, 13, 14]]
    """
    waiting = sorted(windows, key=lambda window: window.y)
    first = 0
    open_tiles: list[_Open] = []
    for strip in strips:
        end, began = strip.y + len(strip.pixels), first
        while first < len(waiting) and waiting[first].y < end:
            first += 1
        short = [window for window in waiting[began:first] if _bottom(window) <= end]
        open_tiles += _opened(short, strip, allocate)
        for tile in open_tiles:
            _copy(strip, tile)
        full = [tile for tile in open_tiles if _bottom(tile.window) <= end]
        full.sort(key=lambda tile: (_bottom(tile.window), tile.window.y))
        open_tiles = [tile for tile in open_tiles if _bottom(tile.window) > end]
        while full:
            tile = full.pop(0)  # not kept here: its memory is the taker's now
            yield tile.window, tile.pixels
        # Only now: what was given away may come back by `allocate`.
        longer = [window for window in waiting[began:first] if _bottom(window) > end]
        for tile in (opened := _opened(longer, strip, allocate)):
            _copy(strip, tile)
        open_tiles += opened


def _opened(windows: Sequence[Window], strip: Strip, allocate: Allocate) -> list[_Open]:
    channels = strip.pixels.shape[2]
    return [_Open(w, allocate((w.height, w.width, channels))) for w in windows]


def in_order_of_reading(windows: Sequence[Window]) -> list[Window]:
    """Sort windows as a walk down the image completes them: by lower edge, then by upper edge.

    >>> low, high = Window(0, 0, 0, 0, 9, 9), Window(0, 1, 9, 0, 9, 5)
    >>> in_order_of_reading([low, high]) == [high, low]
    True
    """
    return sorted(windows, key=lambda window: (_bottom(window), window.y))


def _bottom(window: Window) -> int:
    return window.y + window.height


def _copy(strip: Strip, tile: _Open) -> None:
    window = tile.window
    start = max(strip.y, window.y)
    stop = min(strip.y + len(strip.pixels), _bottom(window))
    if start < stop:
        tile.pixels[start - window.y : stop - window.y] = strip.pixels[
            start - strip.y : stop - strip.y, window.x : window.x + window.width
        ]
