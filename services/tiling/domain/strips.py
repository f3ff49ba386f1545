"""One walk down an image in strips, tiles filled as they are met and given away when full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.vision.tiles import Window

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows of an image: `pixels` is `(rows, width, channels)`, its first row is `y`."""

    y: int
    pixels: Pixels


@dataclass(slots=True)
class _Open:
    window: Window
    pixels: Pixels


def fill_tiles(
    windows: Sequence[Window], strips: Iterator[Strip]
) -> Iterator[tuple[Window, Pixels]]:
    """Give each tile's pixels `(height, width, channels)` as soon as its last row came.

    `windows` are in row-major order; `strips` cover the image from the top without gaps. Only tiles
    that the current strip meets are in memory.

    >>> image = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    >>> strips = (Strip(y, image[y : y + 2]) for y in (0, 2))
    >>> [tile.ravel().tolist() for _, tile in fill_tiles([Window(0, 0, 1, 1, 2, 2)], strips)]
    [[7, 8, 13, 14]]
    """
    waiting = sorted(windows, key=lambda window: window.y)
    first = 0
    open_tiles: list[_Open] = []
    for strip in strips:
        end = strip.y + len(strip.pixels)
        while first < len(waiting) and waiting[first].y < end:
            window = waiting[first]
            shape = (window.height, window.width, strip.pixels.shape[2])
            open_tiles.append(_Open(window, np.empty(shape, np.uint8)))
            first += 1
        for tile in open_tiles:
            _copy(strip, tile)
        full = [tile for tile in open_tiles if tile.window.y + tile.window.height <= end]
        open_tiles = [tile for tile in open_tiles if tile.window.y + tile.window.height > end]
        while full:
            tile = full.pop(0)  # not kept here: its memory is the taker's now
            yield tile.window, tile.pixels


def _copy(strip: Strip, tile: _Open) -> None:
    window = tile.window
    start = max(strip.y, window.y)
    stop = min(strip.y + len(strip.pixels), window.y + window.height)
    if start < stop:
        tile.pixels[start - window.y : stop - window.y] = strip.pixels[
            start - strip.y : stop - strip.y, window.x : window.x + window.width
        ]
