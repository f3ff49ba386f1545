"""Routes of test runs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.inference.api.schemas import FailedImage, TestRunCreate, TestRunResponse
from services.inference.domain.terms import PredictionTerms
from services.inference.handlers.test_runs import TestRuns
from services.inference.repository import ImageFailure, TestRun
from shared.http.bodies import AtMost
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import IdempotencyKey
from shared.http.use_cases import use
from shared.jobs.job import Job
from shared.paging import Page

router = APIRouter(tags=["test runs"])
Testing = Annotated[TestRuns, Depends(use(TestRuns))]


@router.post(
    "/projects/{project_id}/test-runs",
    status_code=202,
    dependencies=[Depends(AtMost(1 << 20))],  # ten thousand ids
)
async def start_test_run(
    who: Who,
    project_id: str,
    body: TestRunCreate,
    runs: Testing,
    key: IdempotencyKey,
    response: Response,
) -> TestRunResponse:
    """Test many images in the background."""
    terms = PredictionTerms(body.version, body.threshold)
    run = await runs.start(who, project_id, body.image_ids, terms=terms, key=key)
    response.headers["Location"] = f"/api/inference/projects/{project_id}/test-runs/{run.id}"
    return _response(*await runs.get(who, project_id, run.id))


@router.get("/projects/{project_id}/test-runs")
async def list_test_runs(
    who: Who, project_id: str, runs: Testing, paging: Paging
) -> Page[TestRunResponse]:
    """List test runs, newest first."""
    found = await runs.page(who, project_id, paging)
    return found.map(lambda pair: _response(*pair, []))


@router.get("/projects/{project_id}/test-runs/{run_id}")
async def get_test_run(who: Who, project_id: str, run_id: str, runs: Testing) -> TestRunResponse:
    """Return one test run with its progress and its first hundred failures."""
    return _response(*await runs.get(who, project_id, run_id))


@router.post("/projects/{project_id}/test-runs/{run_id}:cancel", status_code=202)
async def cancel_test_run(who: Who, project_id: str, run_id: str, runs: Testing) -> TestRunResponse:
    """Stop a test run."""
    await runs.cancel(who, project_id, run_id)
    return _response(*await runs.get(who, project_id, run_id))


def _response(run: TestRun, job: Job, failures: list[ImageFailure]) -> TestRunResponse:
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
