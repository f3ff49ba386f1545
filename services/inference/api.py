"""Routes of inference."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.inference.handlers import Inference
from services.inference.repository import ImageFailure, TestRun
from services.inference.schemas import (
    DeploymentResponse,
    FailedImage,
    PredictionCreate,
    PredictionResponse,
    PredictionUpload,
    TestRunCreate,
    TestRunResponse,
)
from services.inference.upload import media_type, read_form, read_json
from shared.http.callers import Caller, Editor
from shared.http.paging import Page, PageParams, Paging, encode_cursor
from shared.http.preconditions import IdempotencyKey
from shared.jobs.job import Job

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "version": {"type": "string"},
        "threshold": {"type": "number", "minimum": 0, "maximum": 1},
        "tile_plan_hash": {"type": "string"},
    },
}
_PREDICTION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": PredictionCreate.model_json_schema()},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}
_Id = Annotated[str | None, Query(max_length=64)]


def routes(inference: Inference) -> APIRouter:
    """Return all routes."""
    router = APIRouter()
    _add_predictions(router, inference)
    _add_test_runs(router, inference)
    _add_deployments(router, inference)
    return router


def _add_predictions(router: APIRouter, inference: Inference) -> None:
    path = "/projects/{project_id}/predictions"

    @router.post(path, status_code=201, tags=["predictions"], openapi_extra=_PREDICTION_BODY)
    async def create_prediction(
        who: Editor, project_id: str, request: Request, key: IdempotencyKey, response: Response
    ) -> PredictionResponse:
        """Test one image: of the gallery (JSON), or a file (multipart)."""
        if media_type(request) == "application/json":
            wanted = await read_json(request, PredictionCreate)
            made = await inference.predict_image(who, project_id, wanted, key=key)
        else:
            fields, file = await read_form(request, PredictionUpload)
            made = await inference.predict_file(who, project_id, fields, file=file, key=key)
        response.headers["Location"] = f"/api/inference/projects/{project_id}/predictions/{made.id}"
        return PredictionResponse.of(made)

    @router.get(path, tags=["predictions"])
    async def list_predictions(
        who: Caller,
        project_id: str,
        paging: Paging,
        image_id: _Id = None,
        test_run_id: _Id = None,
    ) -> Page[PredictionResponse]:
        """List predictions, newest first; of one image, or of one test run."""
        filters = {"image_id": image_id, "test_run_id": test_run_id}
        where = {name: value for name, value in filters.items() if value is not None}
        found, total = await inference.list_predictions(who, project_id, paging, where=where)
        items = [PredictionResponse.of(prediction) for prediction in found]
        return _page(items, total, paging, time_field="created_at")

    @router.get(path + "/{prediction_id}", tags=["predictions"])
    async def get_prediction(
        who: Caller, project_id: str, prediction_id: str
    ) -> PredictionResponse:
        """Return one prediction."""
        return PredictionResponse.of(await inference.get_prediction(who, project_id, prediction_id))


def _add_test_runs(router: APIRouter, inference: Inference) -> None:
    path = "/projects/{project_id}/test-runs"

    @router.post(path, status_code=202, tags=["test runs"])
    async def start_test_run(
        who: Editor, project_id: str, body: TestRunCreate, key: IdempotencyKey, response: Response
    ) -> TestRunResponse:
        """Test many images in the background."""
        run = await inference.start_test_run(who, project_id, body, key=key)
        response.headers["Location"] = f"/api/inference/projects/{project_id}/test-runs/{run.id}"
        return test_run_response(*await inference.get_test_run(who, project_id, run.id))

    @router.get(path, tags=["test runs"])
    async def list_test_runs(who: Caller, project_id: str, paging: Paging) -> Page[TestRunResponse]:
        """List test runs, newest first."""
        found, total = await inference.list_test_runs(who, project_id, paging)
        items = [test_run_response(run, job, []) for run, job in found]
        return _page(items, total, paging, time_field="created_at")

    @router.get(path + "/{run_id}", tags=["test runs"])
    async def get_test_run(who: Caller, project_id: str, run_id: str) -> TestRunResponse:
        """Return one test run with its progress and its first hundred failures."""
        return test_run_response(*await inference.get_test_run(who, project_id, run_id))

    @router.post(path + "/{run_id}:cancel", status_code=202, tags=["test runs"])
    async def cancel_test_run(who: Editor, project_id: str, run_id: str) -> TestRunResponse:
        """Stop a test run."""
        await inference.cancel_test_run(who, project_id, run_id)
        return test_run_response(*await inference.get_test_run(who, project_id, run_id))


def _add_deployments(router: APIRouter, inference: Inference) -> None:
    path = "/projects/{project_id}/deployments"

    @router.get(path, tags=["deployments"])
    async def list_deployments(
        who: Caller, project_id: str, paging: Paging
    ) -> Page[DeploymentResponse]:
        """List versions on the model server, newest promotion first."""
        await inference.projects.require(who.tenant, project_id)
        alias = await inference.deployments.alias(who.tenant, project_id)
        found, total = await inference.deployments.page(who.tenant, project_id, paging)
        items = [DeploymentResponse.of(deployment, alias) for deployment in found]
        return Page(items=tuple(items), total=total, page=paging.page, page_size=paging.page_size)

    @router.get(path + "/{version}", tags=["deployments"])
    async def get_deployment(who: Caller, project_id: str, version: str) -> DeploymentResponse:
        """Return how far the deployment of one version is."""
        found = await inference.deployments.get(who.tenant, project_id, version)
        alias = await inference.deployments.alias(who.tenant, project_id)
        return DeploymentResponse.of(found, alias)


def test_run_response(run: TestRun, job: Job, failures: list[ImageFailure]) -> TestRunResponse:
    """Join a test run and its job."""
    figures = job.progress.figures
    return TestRunResponse(
        id=run.id,
        project_id=run.project_id,
        version=run.model_version,
        threshold=run.threshold,
        state=job.state,
        total=len(run.image_ids),
        done=int(figures.get("done", 0)),
        failed=int(figures.get("failed", 0)),
        failures=tuple(
            FailedImage(image_id=failure.image_id, reason=failure.reason) for failure in failures
        ),
        progress=job.progress,
        error=job.error,
        created_at=run.created_at,
        finished_at=job.finished_at,
    )


def _page(items: list[Any], total: int, paging: PageParams, *, time_field: str) -> Page[Any]:
    last = items[-1] if len(items) == paging.page_size else None
    return Page(
        items=tuple(items),
        total=total,
        page=paging.page,
        page_size=paging.page_size,
        next_cursor=encode_cursor(last.model_dump(mode="json")[time_field], last.id)
        if last
        else None,
    )
