"""Routes of trainings: ask, read, watch, cancel, resume."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sse_starlette.event import ServerSentEvent

from services.trainer.api.histories import HistoryResponse
from services.trainer.api.schemas import NextTrainingResponse, TrainingRequest, TrainingResponse
from services.trainer.domain.recipe import BackboneName
from services.trainer.handlers.next_training import NextTraining
from services.trainer.handlers.trainings import Trainings, Wish
from services.trainer.repository import ENDED
from shared.callers import Caller
from shared.http.callers import Who
from shared.http.live import LIVE, Live
from shared.http.paging import Paging
from shared.http.preconditions import IdempotencyKey
from shared.http.use_cases import use
from shared.paging import Page

WATCH_EVERY_S = 0.5

Asked = Annotated[Trainings, Depends(use(Trainings))]
Coming = Annotated[NextTraining, Depends(use(NextTraining))]
router = APIRouter(tags=["trainings"])


@router.post("/projects/{project_id}/trainings", status_code=202)
async def start_training(
    project_id: str,
    body: TrainingRequest,
    who: Who,
    trainings: Asked,
    *,
    key: IdempotencyKey,
    response: Response,
) -> TrainingResponse:
    """Ask for a training; it runs, or waits for the one that runs."""
    wish = Wish(mode=body.mode, recipe=body.recipe)
    standing = await trainings.request(who, project_id, wish, key=key)
    response.headers["Location"] = (
        f"/api/trainer/projects/{project_id}/trainings/{standing.training.id}"
    )
    return TrainingResponse.of(standing)


@router.get("/projects/{project_id}/trainings")
async def list_trainings(
    project_id: str, who: Who, trainings: Asked, paging: Paging
) -> Page[TrainingResponse]:
    """List the project's trainings, newest first."""
    return (await trainings.list_page(who, project_id, paging)).map(TrainingResponse.of)


@router.get("/projects/{project_id}/next-training")
async def show_next_training(
    project_id: str, who: Who, coming: Coming, backbone: BackboneName | None = None
) -> NextTrainingResponse:
    """Tell what the next training will start from; the backbone of its recipe, or another."""
    return NextTrainingResponse.of(await coming.outlook(who, project_id, backbone=backbone))


@router.get("/projects/{project_id}/trainings/{training_id}")
async def get_training(
    project_id: str, training_id: str, who: Who, trainings: Asked
) -> TrainingResponse:
    """Return one training with its progress."""
    return TrainingResponse.of(await trainings.get(who, project_id, training_id))


@router.get("/projects/{project_id}/trainings/{training_id}/history")
async def get_training_history(
    project_id: str, training_id: str, who: Who, trainings: Asked
) -> HistoryResponse:
    """Return how a training goes or went: its curve, what it finds on a few images, its log."""
    return HistoryResponse.of(await trainings.history(who, project_id, training_id))


@router.post("/projects/{project_id}/trainings/{training_id}:cancel", status_code=202)
async def cancel_training(
    project_id: str, training_id: str, who: Who, trainings: Asked
) -> TrainingResponse:
    """Terminate a training; one that is over stays as it is."""
    return TrainingResponse.of(await trainings.cancel(who, project_id, training_id))


@router.post("/projects/{project_id}/trainings/{training_id}:finish", status_code=202)
async def finish_training(
    project_id: str, training_id: str, who: Who, trainings: Asked
) -> TrainingResponse:
    """End a running training early with what it has learnt: its version is made as any other.

    At least its first epoch is waited for; one that is over stays as it is.
    """
    return TrainingResponse.of(await trainings.finish(who, project_id, training_id))


@router.post("/projects/{project_id}/trainings/{training_id}:resume", status_code=202)
async def resume_training(
    project_id: str, training_id: str, who: Who, trainings: Asked
) -> TrainingResponse:
    """Go on with a failed or terminated training from its last checkpoint."""
    return TrainingResponse.of(await trainings.resume(who, project_id, training_id))


@router.get(
    "/projects/{project_id}/trainings/{training_id}/events",
    response_class=Live,
    responses=LIVE,
)
async def training_events(project_id: str, training_id: str, who: Who, trainings: Asked) -> Live:
    """Stream the training as server-sent events, one a change, until it or the token is over."""
    await trainings.get(who, project_id, training_id)
    return Live(changes(trainings, who, project_id, training_id), who)


async def changes(
    trainings: Trainings, who: Caller, project_id: str, training_id: str
) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield the training's response each time it differs, the last one when it is over."""
    shown = ""
    while True:
        standing = await trainings.get(who, project_id, training_id)
        text = TrainingResponse.of(standing).model_dump_json()
        if text != shown:
            shown = text
            yield ServerSentEvent(data=text, event="training")
        if standing.training.state in ENDED:
            return
        await asyncio.sleep(WATCH_EVERY_S)
