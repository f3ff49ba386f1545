"""Questions and responses of tiling."""

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel

from services.tiling.domain.planning import SMALLEST_TARGET_AREA
from services.tiling.handlers.plans import PlanQuestion
from shared.vision.tile_advice import Advice
from shared.vision.tiles import MAX_GRID, MAX_OVERLAP

_Side = Annotated[int | None, Query(ge=1, le=100_000)]
_Count = Annotated[int | None, Query(ge=1, le=MAX_GRID)]


def plan_question(
    width: _Side = None,
    height: _Side = None,
    min_target_area: Annotated[
        float | None,
        Query(ge=SMALLEST_TARGET_AREA, le=1e12, description="px², of the smallest target"),
    ] = None,
    max_target_side: Annotated[
        float | None, Query(gt=0, le=1e6, description="px, of the largest small target")
    ] = None,
    rows: _Count = None,
    columns: _Count = None,
    overlap_px: Annotated[
        int, Query(ge=0, le=MAX_OVERLAP, description="px, of neighbours in the grid asked about")
    ] = 0,
) -> PlanQuestion:
    """Read the question of a request."""
    return PlanQuestion(**locals())


Question = Annotated[PlanQuestion, Depends(plan_question)]


class PlanBody(BaseModel):
    """A tile plan with its identity."""

    grid: tuple[int, int] | None
    tile_size: tuple[int, int] | None
    overlap_px: int
    hash: str


class AdviceBody(BaseModel):
    """What to do about the smallest target, and the plan that follows.

    ``standard_pixels`` is the size of the standard image to ask for; ``tile_width`` and
    ``tile_height`` are those of the largest tile.
    """

    advice: Advice
    min_target_area: float
    max_target_side: float
    standard_pixels: int
    min_tiles: int
    rows: int
    columns: int
    tile_width: int
    tile_height: int
    holds_every_target: bool
    plan: PlanBody
    any_size_plan: PlanBody


class PreviewTile(BaseModel):
    """A tile of the preview, numbered from one, row by row."""

    number: int
    row: int
    column: int
    x: int
    y: int
    width: int
    height: int


class PlanResponse(BaseModel):
    """The plan in force (or asked for), what is advised, and how an image would be cut."""

    project_id: str
    mode: Literal["whole", "grid"]
    plan: PlanBody
    image_width: int | None
    image_height: int | None
    area_ratio: float | None
    tile_area_ratio: float | None
    advice: AdviceBody | None
    preview: tuple[PreviewTile, ...]
    violations: tuple[str, ...]
