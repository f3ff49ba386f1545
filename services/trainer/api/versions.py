"""Routes of versions: what succeeded trainings made."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.trainer.api.schemas import TrainingResponse, Trend, TrendPoint
from services.trainer.handlers.trainings import Trainings
from shared.http.callers import Viewer
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

Asked = Annotated[Trainings, Depends(use(Trainings))]
router = APIRouter(tags=["trainings"])


@router.get("/projects/{project_id}/versions")
async def list_versions(
    project_id: str, who: Viewer, trainings: Asked, paging: Paging
) -> Page[TrainingResponse]:
    """List the project's versions, newest first."""
    page = await trainings.versions(who, project_id, paging)
    return page.map(TrainingResponse.of_training)


@router.get("/projects/{project_id}/trend")
async def show_trend(project_id: str, who: Viewer, trainings: Asked) -> Trend:
    """Return minutes and average detection rate of the last ten versions, oldest first."""
    found = await trainings.trend(who, project_id)
    return Trend(items=tuple(TrendPoint.of(training) for training in found))
