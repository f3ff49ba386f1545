"""Routes of versions: what succeeded trainings made."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.trainer.api.promotions import Promotions, PromotionWish
from services.trainer.api.schemas import TrainingResponse, Trend, TrendPoint
from services.trainer.handlers.trainings import Trainings
from services.trainer.handlers.versions import Versions
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

Asked = Annotated[Trainings, Depends(use(Trainings))]
Chosen = Annotated[Versions, Depends(use(Versions))]
router = APIRouter(tags=["trainings"])


@router.get("/projects/{project_id}/versions")
async def list_versions(
    project_id: str, who: Who, trainings: Asked, paging: Paging
) -> Page[TrainingResponse]:
    """List the project's versions, newest first."""
    page = await trainings.versions(who, project_id, paging)
    return page.map(TrainingResponse.of_training)


@router.get("/projects/{project_id}/trend")
async def show_trend(project_id: str, who: Who, trainings: Asked) -> Trend:
    """Return minutes and average detection rate of the last ten versions, oldest first."""
    found = await trainings.trend(who, project_id)
    return Trend(items=tuple(TrendPoint.of(training) for training in found))


@router.post("/projects/{project_id}/versions/{version}:promote")
async def promote_version(
    project_id: str, version: str, who: Who, wish: PromotionWish, versions: Chosen
) -> Promotions:
    """Make any version serve, with a reason; an earlier version than the serving one rolls back."""
    line = await versions.promote(who, project_id, version, reason=wish.reason)
    return Promotions.of(line)


@router.get("/projects/{project_id}/promotions")
async def list_promotions(project_id: str, who: Who, versions: Chosen) -> Promotions:
    """Return which version serves, and the last hundred promotions, newest first."""
    return Promotions.of(await versions.line(who, project_id))
