"""How an image is cut for a model: the same way in production as in training (C-139)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.runtime.manifest import ModelManifest
from shared.vision.tile_advice import within_tile_bounds
from shared.vision.tiles import TilePlan, Window

REACH = 2  # windows in a row: with much overlap the next but one shows some of the same pixels
Part = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the whole image."""


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

    def inner_parts(self) -> dict[Window, Part]:
        """Of each window a part that no other one near it shows or meets; it may be empty."""
        found: dict[Window, Part] = {}
        for tile, windows in zip(self.tiles, self.windows, strict=True):
            tiles, own = list(_near(tile, self.tiles)), {_place(one): one for one in windows}
            for window in windows:
                part: Part = (window.x, window.y, window.width, window.height)
                for other in (*_around(window, own), *tiles):
                    part = _without(part, other)
                found[window] = part
        return found


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


def _near(window: Window, others: Iterable[Window]) -> Iterator[Window]:
    for other in others:
        rows, columns = abs(window.row - other.row), abs(window.column - other.column)
        if other != window and rows <= REACH and columns <= REACH:
            yield other


def _place(window: Window) -> tuple[int, int]:
    return window.row, window.column


def _around(window: Window, by_place: Mapping[tuple[int, int], Window]) -> Iterator[Window]:
    """The windows of a tile that are at most `REACH` rows and columns away."""
    steps = range(-REACH, REACH + 1)
    places = ((window.row + down, window.column + across) for down in steps for across in steps)
    return _near(window, (by_place[place] for place in places if place in by_place))


def _without(part: Part, other: Window) -> Part:
    """The largest side of a part that keeps one pixel away from another window."""
    left, top, right, bottom = part[0], part[1], part[0] + part[2], part[1] + part[3]
    x1, y1, x2, y2 = other.box_xyxy
    x1, y1, x2, y2 = x1 - 1, y1 - 1, x2 + 1, y2 + 1
    if x2 <= left or right <= x1 or y2 <= top or bottom <= y1:
        return part
    sides: list[Part] = [
        (left, top, x1 - left, bottom - top),
        (x2, top, right - x2, bottom - top),
        (left, top, right - left, y1 - top),
        (left, y2, right - left, bottom - y2),
    ]
    return max(sides, key=lambda side: max(side[2], 0) * max(side[3], 0))


def _check_bounds(tiles: list[Window]) -> None:
    for tile in tiles:
        if not within_tile_bounds(tile.width, tile.height):
            raise PlanRefused(f"a tile would have {tile.width} x {tile.height} px")
