"""A project's plan from what is known of its images and targets."""

from dataclasses import dataclass

import numpy as np

from shared.vision.tile_advice import (
    MAX_TILE_SIDES,
    MIN_TILE_SIDE,
    RECOGNISED_RATIO,
    TileAdvice,
    advise,
    within_tile_bounds,
)
from shared.vision.tiles import TilePlan, Window

SMALLEST_TARGET_AREA = 1e-6  # px²: under that nothing was drawn, and ratios leave the numbers


@dataclass(frozen=True, slots=True)
class TargetExtremes:
    """The extremes of the annotated targets: px² and px."""

    smallest_area: float
    longest_small_side: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan on one image.

    Attributes:
        windows: how the image is cut; empty when no image size is known or it cannot be cut.
        violations: why it may not be cut so, in words.
        advice: None when no target is known.
        area_ratio: image area / smallest target area; `tile_area_ratio` that of the largest tile.
    """

    plan: TilePlan
    windows: tuple[Window, ...] = ()
    violations: tuple[str, ...] = ()
    advice: TileAdvice | None = None
    area_ratio: float | None = None
    tile_area_ratio: float | None = None


def extremes(
    areas: tuple[float, ...], sides: tuple[float, ...], image_area: int
) -> TargetExtremes | None:
    """Return the smallest area and the longest side of the small targets; None without targets.

    A target is small when its image holds it more than 1000 times. `areas` and `sides` belong
    together, one of each a target.

    >>> extremes((100.0, 90000.0), (12.0, 300.0), 1_000_000)
    TargetExtremes(smallest_area=100.0, longest_small_side=12.0)
    """
    area, side = np.array(areas, dtype=np.float64), np.array(sides, dtype=np.float64)
    real = area >= SMALLEST_TARGET_AREA
    if not real.any():
        return None
    small = real & (image_area > RECOGNISED_RATIO * area)
    longest = float(side[small].max()) if small.any() and len(side) == len(area) else 0.0
    return TargetExtremes(float(area[real].min()), longest)


def refusal_of(plan: TilePlan, width: int, height: int) -> str | None:
    """Return why an image of this size may not be cut by `plan`, None when it may.

    >>> refusal_of(TilePlan(grid=(1, 20)), 200, 100)
    'a tile of 10×100 px is out of bounds'
    """
    try:
        windows = plan.windows(width, height)
    except ValueError as error:
        return str(error)
    for window in windows:
        if not within_tile_bounds(window.width, window.height):
            return f"a tile of {window.width}×{window.height} px is out of bounds"
    return None


def plan_image(
    plan: TilePlan, size: tuple[int, int] | None, targets: TargetExtremes | None
) -> Planned:
    """Put a plan on an image of `size` (width, height) with these targets, and advise on it.

    >>> planned = plan_image(TilePlan(grid=(1, 2)), (200, 100), TargetExtremes(25.0, 5.0))
    >>> planned.area_ratio, planned.tile_area_ratio, planned.violations
    (800.0, 400.0, ())
    """
    if size is None:
        return Planned(plan)
    width, height = size
    windows, violations = _cut(plan, width, height)
    if targets is None:
        return Planned(plan, windows, violations)
    largest = max((window.width * window.height for window in windows), default=None)
    return Planned(
        plan,
        windows,
        violations,
        advise(
            width,
            height,
            min_target_area=targets.smallest_area,
            largest_small_side=targets.longest_small_side,
        ),
        width * height / targets.smallest_area,
        largest / targets.smallest_area if largest else None,
    )


def _cut(plan: TilePlan, width: int, height: int) -> tuple[tuple[Window, ...], tuple[str, ...]]:
    try:
        windows = tuple(plan.windows(width, height))
    except ValueError as error:
        return (), (str(error),)
    if plan.is_whole:
        return windows, ()
    short, long = MAX_TILE_SIDES
    sizes = sorted({(window.width, window.height) for window in windows})
    return windows, tuple(
        f"a tile of {w}×{h} px is outside {MIN_TILE_SIDE}×{MIN_TILE_SIDE} to {short}×{long} px"
        for w, h in sizes
        if not within_tile_bounds(w, h)
    )
