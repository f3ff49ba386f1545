"""Chooses what a recipe leaves open: input size and tiles, from images and targets of any task."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.trainer.domain.recipe import Recipe
from shared.vision.boxes import Boxes, Floats, area
from shared.vision.tile_advice import RESOLUTION_RATIO, smallest_and_largest_small
from shared.vision.tiles import TilePlan

LONG_SIDE = 416  # of the input: 35 ms a training window on two CPU cores
MOST_PIXELS = LONG_SIDE**2  # of an input that nobody chose
MULTIPLE = 32
SMALL_QUANTILE = 0.1  # a tenth of the targets may be smaller than planned for
LEAST_SIDE_PX = 7.0  # of a target in the input, where the finest level of stride 8 still finds it
LEAST_KEPT_PX = LONG_SIDE / math.sqrt(RESOLUTION_RATIO)  # of the smallest that are never cut for
LARGEST_VIEW = 2.0  # times its own size: beyond that an input shows nothing more of an image
MAX_OVERLAP_SHARE = 0.25
LARGER_TILE = 1.5  # a tile may be this much larger than needed if usual images then stay whole

Size = tuple[int, int]
"""Width and height in px."""


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """What the data and the recipe come to.

    Attributes:
        input_size: Width and height of the model's input.
        tile_plan: How these images (tiles already, in a tiled project) are cut further, for
            training and prediction alike.
    """

    input_size: tuple[int, int]
    tile_plan: TilePlan


def plan_windows(
    recipe: Recipe,
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[Boxes],
    *,
    typical: Callable[[Sequence[Size]], Size] | None = None,
) -> WindowPlan:
    """Plans the windows of a training.

    Args:
        recipe: What it fixes is kept.
        sizes: Width and height of each image, at least one.
        boxes: Around the targets of each image, ``(N, 4)``.
        typical: Of the windows' sizes the one whose shape the input has; `usual` unless it is told.
    """
    tiles = _choose_tiles(sizes, boxes, recipe.input_pixels or MOST_PIXELS)
    window = (typical or usual)([_window_size(tiles, size) for size in sizes])
    chosen = WindowPlan(input_size(window, recipe.input_pixels), tiles)
    if recipe.input_pixels is None:
        chosen = _raised(chosen, window, small_side(sizes, boxes, chosen))
    planned = chosen.input_size
    return WindowPlan((recipe.input_width or planned[0], recipe.input_height or planned[1]), tiles)


def _raised(plan: WindowPlan, window: Size, small_px: float) -> WindowPlan:
    """More pixels for small targets of images that are long and narrow, up to `MOST_PIXELS`."""
    width, height = plan.input_size
    needed = width * height * (LEAST_KEPT_PX / max(small_px, 0.1)) ** 2
    if needed <= width * height:
        return plan
    return WindowPlan(input_size(window, min(round(needed), MOST_PIXELS)), plan.tile_plan)


def usual(sizes: Sequence[Size]) -> Size:
    """The most frequent size, the largest of equally frequent ones.

    >>> usual([(64, 48), (32, 32), (64, 48)])
    (64, 48)
    """
    counts = Counter(sizes)
    return max(counts, key=lambda size: (counts[size], size[0] * size[1]))


def middle(sizes: Sequence[Size]) -> Size:
    """The middle width and height: where shapes differ much, the most frequent may be of few.

    >>> middle([(115, 300), (115, 300), (400, 200), (500, 250), (620, 260)])
    (400, 260)
    """
    return round(statistics.median(w for w, _ in sizes)), round(
        statistics.median(h for _, h in sizes)
    )


def _window_size(tiles: TilePlan, size: tuple[int, int]) -> tuple[int, int]:
    window = tiles.windows(*size)[0]
    return window.width, window.height


def input_size(window: tuple[int, int], pixels: int | None = None) -> tuple[int, int]:
    """Input of the window's shape: of so many pixels, or with `LONG_SIDE` as its longer side.

    It shows a window at most twice as large as it is, or `LONG_SIDE` long.

    >>> input_size((640, 480)), input_size((100, 100))
    ((416, 320), (416, 416))
    >>> input_size((4000, 3000), 1_000_000), input_size((640, 480), 5_000_000)
    ((1152, 864), (1280, 960))
    """
    usual = LONG_SIDE / max(window)
    asked = usual if pixels is None else math.sqrt(pixels / (window[0] * window[1]))
    factor = min(asked, max(usual, LARGEST_VIEW))
    width, height = (
        max(MULTIPLE, math.ceil(side * factor / MULTIPLE - 0.25) * MULTIPLE) for side in window
    )
    return width, height


def _sides(boxes: Boxes) -> Floats:
    """Root of the area of each target, ``(N,)``: its size whatever its shape."""
    return np.asarray(np.sqrt(area(boxes)), np.float32)


def _choose_tiles(
    sizes: Sequence[tuple[int, int]], boxes: Sequence[Boxes], pixels: int
) -> TilePlan:
    """Tiles for data where whole images would shrink small targets away, else the whole image.

    The rule is the one of the advice on tiles: an input of `MOST_PIXELS` shows targets of images
    that hold them up to `RESOLUTION_RATIO` times, a larger one as many more as it has more pixels.
    The usual image's size is the first choice for a tile, so that usual images stay whole.
    """
    most = RESOLUTION_RATIO * pixels / MOST_PIXELS
    lacking = [
        LEAST_SIDE_PX / small
        for size, found in zip(sizes, boxes, strict=True)
        if len(found) and size[0] * size[1] > most * (small := _small(found)) ** 2
    ]
    if not lacking:
        return TilePlan()
    scale, whole, long = float(np.quantile(lacking, 0.75)), usual(sizes), math.sqrt(pixels)
    side = max(round(long), round(long / min(scale, 1.0)))
    tiles = [whole] if max(whole) <= LARGER_TILE * side else []
    for tile in (*tiles, (side, side)):
        chosen = TilePlan(tile_size=tile, overlap_px=_overlap(sizes, boxes, tile))
        if any(len(chosen.windows(*size)) > 1 for size in set(sizes)):
            return chosen
    return TilePlan()


def _overlap(
    sizes: Sequence[tuple[int, int]], boxes: Sequence[Boxes], tile: tuple[int, int]
) -> int:
    """Enough for most targets, and for every small one: each lies whole in at least one tile.

    A target that an image holds less than 1000 times is recognised from a part of it, too; half a
    tile is the most, for tiles that overlap more than that add work and no view.
    """
    everything = np.concatenate(boxes)
    areas = np.repeat([float(width * height) for width, height in sizes], [len(b) for b in boxes])
    found = smallest_and_largest_small(everything, areas)
    usual = min(float(np.quantile(_longest(everything), 0.9)), MAX_OVERLAP_SHARE * min(tile))
    small = math.ceil(found[1]) if found else 0
    return min(max(int(usual), small), min(tile) // 2)


def _small(boxes: Boxes) -> float:
    """Side in px below which only a tenth of the targets lies."""
    return max(float(np.quantile(_sides(boxes), SMALL_QUANTILE)), 1.0)


def _longest(boxes: Boxes) -> Floats:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1))


def small_side(
    sizes: Sequence[tuple[int, int]], boxes: Sequence[Boxes], planned: WindowPlan
) -> float:
    """Size in input pixels below which only a tenth of the targets lies; infinite without any.

    Args:
        sizes: As `plan_windows` takes them.
        boxes: Likewise.
        planned: What it came to.
    """
    scaled = []
    for size, found in zip(sizes, boxes, strict=True):
        window = _window_size(planned.tile_plan, size)
        factor = min(planned.input_size[0] / window[0], planned.input_size[1] / window[1])
        scaled.append(_sides(found) * factor)
    everything = np.concatenate(scaled)
    return float(np.quantile(everything, SMALL_QUANTILE)) if len(everything) else math.inf
