"""Which tile plan images need, from their smallest annotated target (C-129..137, O5, O6)."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shared.vision.tiles import MAX_GRID, MAX_OVERLAP, TilePlan, span_of

RECOGNISED_RATIO = 1000.0  # C-133: a target of 1/1000 of the image is recognised well
RESOLUTION_RATIO = 5000.0  # C-134: beyond this a higher resolution no longer helps
STANDARD_PIXELS = 1_000_000  # C-131: every input becomes a one-megapixel image
MAX_TILE_SIDES = (3000, 5000)  # C-041, shorter and longer side
MIN_TILE_SIDE = 30  # C-042
SMALLEST_USEFUL_TILE = 320  # our models' smallest input: a smaller tile adds work, not detail

Boxes = NDArray[np.float32]


class Advice(StrEnum):
    """What to do about small targets."""

    KEEP = "keep"
    RAISE_RESOLUTION = "raise_resolution"
    TILE = "tile"


@dataclass(frozen=True, slots=True)
class TileAdvice:
    """The advice for one image size.

    Attributes:
        image_size: width and height of the image, in px.
        min_target_area: what it was asked for, in px²; `largest_small_side` likewise, in px.
        area_ratio: image area / smallest target area.
        standard_pixels: size of the standard image to ask for; 1 Mpx unless resolution is raised.
        min_tiles: `ceil(ratio / 1000)`, the least number of tiles that could do.
        plan: rows × columns with overlap when the advice is to tile, else the whole image.
        holds_every_target: False when a target was longer than any useful overlap.
    """

    image_size: tuple[int, int]
    min_target_area: float
    largest_small_side: float
    advice: Advice
    area_ratio: float
    standard_pixels: int
    min_tiles: int
    plan: TilePlan
    holds_every_target: bool = True


def advise(
    width: int, height: int, *, min_target_area: float, largest_small_side: float = 0.0
) -> TileAdvice:
    """Advise on images of `width` × `height` px whose smallest target has `min_target_area` px².

    `largest_small_side` is the longest side of the small targets: the overlap follows from it.

    Raises:
        ValueError: a size or the target's area is not above zero.

    >>> advise(1000, 1000, min_target_area=1000).advice.value
    'keep'
    >>> advise(2000, 1000, min_target_area=1000).standard_pixels
    2000000
    >>> advise(4000, 3000, min_target_area=1600).plan.grid
    (3, 4)
    """
    if width < 1 or height < 1 or not min_target_area > 0:
        raise ValueError("image sides and target area are above zero")
    ratio = width * height / min_target_area
    pixels, plan, advice = STANDARD_PIXELS, TilePlan(), Advice.KEEP
    if ratio > RESOLUTION_RATIO:
        advice = Advice.TILE
        overlap = overlap_for(min_target_area, largest_small_side)
        grid = _squarest_grid(width, height, min_target_area, overlap)
        plan = TilePlan(grid=grid, overlap_px=overlap)
    elif ratio > RECOGNISED_RATIO:
        advice = Advice.RAISE_RESOLUTION
        pixels = round(ratio * STANDARD_PIXELS / RECOGNISED_RATIO)
    return TileAdvice(
        image_size=(width, height),
        min_target_area=min_target_area,
        largest_small_side=largest_small_side,
        advice=advice,
        area_ratio=ratio,
        standard_pixels=pixels,
        min_tiles=math.ceil(ratio / RECOGNISED_RATIO),
        plan=plan,
        holds_every_target=plan.is_whole or plan.overlap_px >= largest_small_side,
    )


def plan_for_any_size(min_target_area: float, largest_small_side: float) -> TilePlan:
    """The plan by tile size for images of many sizes: a square tile of ratio under 1000.

    Images no larger than the tile stay whole.

    Raises:
        ValueError: the target's area is not above zero.

    >>> plan_for_any_size(min_target_area=1024, largest_small_side=40)
    TilePlan(grid=None, tile_size=(1011, 1011), overlap_px=40)
    """
    if not min_target_area > 0:
        raise ValueError("the target's area is above zero")
    side = math.ceil(math.sqrt(RECOGNISED_RATIO * min_target_area)) - 1  # strictly under 1000
    side = min(max(side, SMALLEST_USEFUL_TILE), MAX_TILE_SIDES[0])
    overlap = min(math.ceil(largest_small_side), side // 2)
    return TilePlan(tile_size=(side, side), overlap_px=overlap)


def overlap_for(min_target_area: float, largest_small_side: float) -> int:
    """Overlap in px that holds the largest small target, at most half of a good tile's side.

    >>> overlap_for(100, 20.5), overlap_for(100, 900)
    (21, 158)
    """
    half_tile = int(math.sqrt(RECOGNISED_RATIO * min_target_area) / 2)
    return min(math.ceil(largest_small_side), half_tile, MAX_OVERLAP)


def smallest_and_largest_small(
    boxes_xyxy: Boxes, image_areas: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Read `(smallest area, longest side of a small target)` from boxes `(N, 4)`.

    A target is small when its own image holds it more than 1000 times; only those must lie whole
    in a tile. Boxes without area are annotation slips and do not count. `image_areas` is `(N,)`.

    Returns:
        None when no box has an area.

    >>> boxes = np.array([[0, 0, 10, 20], [0, 0, 500, 500]], dtype=np.float32)
    >>> smallest_and_largest_small(boxes, np.array([1e6, 1e6]))
    (200.0, 20.0)
    """
    sides = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).astype(np.float64)
    areas = np.where((sides > 0).all(axis=1), sides.prod(axis=1), 0.0)
    if not (areas > 0).any():
        return None
    small = (areas > 0) & (image_areas / np.maximum(areas, 1e-9) > RECOGNISED_RATIO)
    longest = float(sides[small].max()) if small.any() else 0.0
    return float(areas[areas > 0].min()), longest


def _squarest_grid(
    width: int, height: int, min_target_area: float, overlap: int
) -> tuple[int, int]:
    long_side, short_side = max(width, height), min(width, height)
    for across in range(1, MAX_GRID + 1):
        along = min(MAX_GRID, max(1, round(across * long_side / short_side)))
        tile_short = span_of(short_side, across, overlap=overlap if across > 1 else 0)
        tile_long = span_of(long_side, along, overlap=overlap if along > 1 else 0)
        if min(tile_short, tile_long) <= max(overlap, MIN_TILE_SIDE):
            break
        small_enough = tile_short * tile_long < RECOGNISED_RATIO * min_target_area
        if small_enough and within_tile_bounds(tile_short, tile_long):
            return (along, across) if height >= width else (across, along)
    return _finest_grid(width, height, overlap)


def _finest_grid(width: int, height: int, overlap: int) -> tuple[int, int]:
    # A target of a few pixels: the ratio is out of reach, take the smallest useful tiles.
    step = max(SMALLEST_USEFUL_TILE - overlap, MIN_TILE_SIDE)
    rows, columns = (min(MAX_GRID, math.ceil(side / step)) for side in (height, width))
    return max(1, rows), max(1, columns)


def within_tile_bounds(width: int, height: int) -> bool:
    """Whether a tile keeps items 41 and 42 (30×30 to 3000×5000, in either orientation).

    >>> within_tile_bounds(5000, 3000), within_tile_bounds(3001, 3001), within_tile_bounds(29, 40)
    (True, False, False)
    """
    short, long = min(width, height), max(width, height)
    return MIN_TILE_SIDE <= short <= MAX_TILE_SIDES[0] and long <= MAX_TILE_SIDES[1]
