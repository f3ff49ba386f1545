"""A project's plan from what is known of its images and targets."""

from dataclasses import dataclass

from shared.vision.tile_advice import (
    MAX_TILE_SIDES,
    MIN_TILE_SIDE,
    TileAdvice,
    advise,
    within_tile_bounds,
)
from shared.vision.tiles import TilePlan, Window


@dataclass(frozen=True, slots=True)
class TargetSizes:
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


def plan_image(
    plan: TilePlan, size: tuple[int, int] | None, targets: TargetSizes | None
) -> Planned:
    """Put a plan on an image of `size` (width, height) with these targets, and advise on it.

    >>> planned = plan_image(TilePlan(grid=(1, 2)), (200, 100), TargetSizes(25.0, 5.0))
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
