"""Routes of the trainer."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from services.trainer.domain.recipe import Recipe
from services.trainer.domain.retraining import RetrainingPolicy
from services.trainer.handlers import Trainings
from services.trainer.repository import ENDED, Training
from services.trainer.retraining import Retraining
from services.trainer.schemas import (
    PolicyResponse,
    TrainingRequest,
    TrainingResponse,
    Trend,
    TrendPoint,
)
from shared.callers import Caller
from shared.http.callers import Editor, Viewer
from shared.http.paging import Paging
from shared.http.preconditions import ExpectedVersion, IdempotencyKey, set_etag
from shared.paging import Page, PageParams, encode_cursor

WATCH_EVERY_S = 0.5


def routes(trainings: Trainings, retraining: Retraining, *, recipe: Recipe) -> APIRouter:
    """Return the routes; ``recipe`` holds the deployment's defaults."""
    router = APIRouter(tags=["trainings"])
    _add_training_routes(router, trainings, recipe)
    _add_life_routes(router, trainings)
    _add_version_routes(router, trainings)
    _add_policy_routes(router, retraining)
    return router


def _add_training_routes(router: APIRouter, trainings: Trainings, recipe: Recipe) -> None:
    @router.post("/projects/{project_id}/trainings", status_code=202)
    async def start_training(
        who: Editor, project_id: str, body: TrainingRequest, key: IdempotencyKey, response: Response
    ) -> TrainingResponse:
        """Ask for a training; it runs, or waits for the one that runs."""
        standing = await trainings.request(
            who, project_id, mode=body.mode, recipe=body.recipe or recipe, key=key
        )
        response.headers["Location"] = (
            f"/api/trainer/projects/{project_id}/trainings/{standing.training.id}"
        )
        return TrainingResponse.of(standing)

    @router.get("/projects/{project_id}/trainings")
    async def list_trainings(
        who: Viewer, project_id: str, paging: Paging
    ) -> Page[TrainingResponse]:
        """List the project's trainings, newest first."""
        found, total = await trainings.list_page(who, project_id, paging)
        last = found[-1].training if found else None
        return Page(
            items=tuple(TrainingResponse.of(standing) for standing in found),
            total=total,
            page=paging.page,
            page_size=paging.page_size,
            next_cursor=_cursor(last, len(found), paging, last.number if last else 0),
        )

    @router.get("/projects/{project_id}/trainings/{training_id}")
    async def get_training(who: Viewer, project_id: str, training_id: str) -> TrainingResponse:
        """Return one training with its progress."""
        return TrainingResponse.of(await trainings.get(who, project_id, training_id))


def _add_life_routes(router: APIRouter, trainings: Trainings) -> None:
    @router.post("/projects/{project_id}/trainings/{training_id}:cancel", status_code=202)
    async def cancel_training(who: Editor, project_id: str, training_id: str) -> TrainingResponse:
        """Terminate a training; one that is over stays as it is."""
        return TrainingResponse.of(await trainings.cancel(who, project_id, training_id))

    @router.post("/projects/{project_id}/trainings/{training_id}:resume", status_code=202)
    async def resume_training(who: Editor, project_id: str, training_id: str) -> TrainingResponse:
        """Go on with a failed or terminated training from its last checkpoint."""
        return TrainingResponse.of(await trainings.resume(who, project_id, training_id))

    @router.get(
        "/projects/{project_id}/trainings/{training_id}/events",
        response_class=EventSourceResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def training_events(
        who: Viewer, project_id: str, training_id: str
    ) -> EventSourceResponse:
        """Stream the training as server-sent events, one a change, until it is over."""
        await trainings.get(who, project_id, training_id)
        return EventSourceResponse(changes(trainings, who, project_id, training_id))


async def changes(
    trainings: Trainings, who: Caller, project_id: str, training_id: str
) -> AsyncIterator[ServerSentEvent]:
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


def _add_version_routes(router: APIRouter, trainings: Trainings) -> None:
    @router.get("/projects/{project_id}/versions")
    async def list_versions(who: Viewer, project_id: str, paging: Paging) -> Page[TrainingResponse]:
        """List the project's versions, newest first."""
        found, total = await trainings.versions(who, project_id, paging)
        last = found[-1] if found else None
        return Page(
            items=tuple(TrainingResponse.of_training(training) for training in found),
            total=total,
            page=paging.page,
            page_size=paging.page_size,
            next_cursor=_cursor(last, len(found), paging, last.version_number if last else 0),
        )

    @router.get("/projects/{project_id}/trend")
    async def show_trend(who: Viewer, project_id: str) -> Trend:
        """Return minutes and average detection rate of the last ten versions, oldest first."""
        found = await trainings.trend(who, project_id)
        return Trend(items=tuple(TrendPoint.of(training) for training in found))


def _add_policy_routes(router: APIRouter, retraining: Retraining) -> None:
    @router.get("/projects/{project_id}/retraining-policy")
    async def get_policy(who: Viewer, project_id: str, response: Response) -> PolicyResponse:
        """Return when corrections start a training, and where the project stands."""
        line = await retraining.policy(who, project_id)
        set_etag(response, line.version)
        return PolicyResponse.of_line(line)

    @router.put("/projects/{project_id}/retraining-policy")
    async def set_policy(
        who: Editor,
        project_id: str,
        body: RetrainingPolicy,
        expected: ExpectedVersion,
        response: Response,
    ) -> PolicyResponse:
        """Set when corrections start a training."""
        line = await retraining.set_policy(who, project_id, body, expected=expected)
        set_etag(response, line.version)
        return PolicyResponse.of_line(line)


def _cursor(last: Training | None, count: int, paging: PageParams, value: int | None) -> str | None:
    """Where the next page begins; None after a page that is not full."""
    if last is None or count < paging.page_size:
        return None
    return encode_cursor(value, last.id)
