"""How an image is cut for a model: the same way in production as in training (C-139)."""

from dataclasses import dataclass

from shared.runtime.manifest import ModelManifest
from shared.vision.tile_advice import within_tile_bounds
from shared.vision.tiles import TilePlan, Window


class PlanRefused(ValueError):
    """The image was cut by another plan than those the model learnt from, or cannot be cut so."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a model looks at one image, in pixels of that image.

    Attributes:
        tiles: What the model knows as one image each: the image itself, or tiles of its input plan.
        windows: For each tile the windows that go through the network.
    """

    tiles: tuple[Window, ...]
    windows: tuple[tuple[Window, ...], ...]

    @property
    def all_windows(self) -> list[Window]:
        """Every window once."""
        return list(dict.fromkeys(window for tile in self.windows for window in tile))


def cut_for(
    manifest: ModelManifest, width: int, height: int, *, tile_plan_hash: str | None = None
) -> Cut:
    """Cut an image of ``width`` x ``height`` px for a model.

    * A tile of the plan that the model learnt from is not cut by that plan again.
    * A tile of any other plan is refused.
    * A whole image is cut by the input plan first, and each tile then as in training.

    Args:
        manifest: The model's description.
        width: Width of the upright image.
        height: Its height.
        tile_plan_hash: Plan by which the image was cut out of a larger one; None for a whole one.

    Raises:
        PlanRefused: Another plan, or an image that the model's plan cannot cut.

    >>> plan = TilePlan(grid=(1, 2))
    >>> manifest = ModelManifest(
    ...     task="detection", labels=("a",), input_width=8, input_height=8, input_plan=plan
    ... )
    >>> len(cut_for(manifest, 80, 40).tiles)
    2
    >>> len(cut_for(manifest, 40, 40, tile_plan_hash=plan.hash).tiles)
    1
    >>> cut_for(manifest, 40, 40, tile_plan_hash=TilePlan(grid=(2, 2)).hash)
    Traceback (most recent call last):
    shared.runtime.cuts.PlanRefused: the image is a tile of another plan than the model's
    """
    before, within = manifest.input_plan or TilePlan(), manifest.tile_plan or TilePlan()
    if tile_plan_hash is not None:
        if tile_plan_hash != manifest.learnt_plan.hash:
            raise PlanRefused("the image is a tile of another plan than the model's")
        within = within if manifest.input_plan else TilePlan()
        before = TilePlan()
    try:
        tiles = before.windows(width, height)
        windows = tuple(_within(tile, within) for tile in tiles)
    except ValueError as error:
        raise PlanRefused(f"the image cannot be cut as in training: {error}") from error
    if not before.is_whole:
        _check_bounds(tiles)
    return Cut(tuple(tiles), windows)


def _within(tile: Window, plan: TilePlan) -> tuple[Window, ...]:
    return tuple(
        Window(part.row, part.column, tile.x + part.x, tile.y + part.y, part.width, part.height)
        for part in plan.windows(tile.width, tile.height)
    )


def _check_bounds(tiles: list[Window]) -> None:
    for tile in tiles:
        if not within_tile_bounds(tile.width, tile.height):
            raise PlanRefused(f"a tile would have {tile.width} x {tile.height} px")
