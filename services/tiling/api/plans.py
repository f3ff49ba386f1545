"""Routes of tile plans."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.tiling.api.schemas import (
    AdviceBody,
    PlanBody,
    PlanResponse,
    PreviewTile,
    Question,
)
from services.tiling.domain.planning import Planned
from services.tiling.handlers.plans import Plans
from shared.http.callers import Who
from shared.http.use_cases import use
from shared.vision.tile_advice import TileAdvice, plan_for_any_size
from shared.vision.tiles import TilePlan, Window

router = APIRouter(tags=["tile plans"])

Planning = Annotated[Plans, Depends(use(Plans))]


@router.get("/projects/{project_id}/plan")
async def get_tile_plan(
    who: Who, project_id: str, plans: Planning, asked: Question
) -> PlanResponse:
    """Return the tile plan in force, the advice for the smallest target, and a preview.

    With ``rows``, ``columns`` and ``overlap_px`` that grid is previewed and checked; with
    ``width`` and ``height`` that image instead of the project's largest; with
    ``min_target_area`` that target instead of the smallest annotated one.
    """
    return _response(project_id, await plans.plan(who.tenant, project_id, asked))


def _response(project_id: str, planned: Planned) -> PlanResponse:
    windows = planned.windows
    return PlanResponse(
        project_id=project_id,
        mode="whole" if planned.plan.is_whole else "grid",
        plan=_plan(planned.plan),
        image_width=max((w.x + w.width for w in windows), default=None),
        image_height=max((w.y + w.height for w in windows), default=None),
        area_ratio=planned.area_ratio,
        tile_area_ratio=planned.tile_area_ratio,
        advice=_advice(planned.advice) if planned.advice else None,
        preview=tuple(_tile(number, window) for number, window in enumerate(windows, start=1)),
        violations=planned.violations,
    )


def _plan(plan: TilePlan) -> PlanBody:
    return PlanBody(
        grid=plan.grid, tile_size=plan.tile_size, overlap_px=plan.overlap_px, hash=plan.hash
    )


def _advice(advice: TileAdvice) -> AdviceBody:
    rows, columns = advice.plan.grid or (1, 1)
    windows = advice.plan.windows(*advice.image_size)
    area, side = advice.min_target_area, advice.largest_small_side
    return AdviceBody(
        advice=advice.advice,
        min_target_area=area,
        max_target_side=side,
        standard_pixels=advice.standard_pixels,
        min_tiles=advice.min_tiles,
        rows=rows,
        columns=columns,
        tile_width=max(window.width for window in windows),
        tile_height=max(window.height for window in windows),
        holds_every_target=advice.holds_every_target,
        plan=_plan(advice.plan),
        any_size_plan=_plan(plan_for_any_size(area, side)),
    )


def _tile(number: int, window: Window) -> PreviewTile:
    return PreviewTile(
        number=number,
        row=window.row,
        column=window.column,
        x=window.x,
        y=window.y,
        width=window.width,
        height=window.height,
    )
