"""Routes of the retraining policy."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.trainer.api.schemas import PolicyResponse
from services.trainer.domain.retraining_policy import RetrainingPolicy
from services.trainer.handlers.retraining import Retraining
from shared.http.callers import Who
from shared.http.preconditions import ExpectedVersion, set_etag
from shared.http.use_cases import use

Policies = Annotated[Retraining, Depends(use(Retraining))]
router = APIRouter(tags=["trainings"])


@router.get("/projects/{project_id}/retraining-policy")
async def get_policy(
    project_id: str, who: Who, retraining: Policies, response: Response
) -> PolicyResponse:
    """Return when corrections start a training, and where the project stands."""
    line = await retraining.policy(who, project_id)
    set_etag(response, line.version)
    return PolicyResponse.of_line(line)


@router.put("/projects/{project_id}/retraining-policy")
async def set_policy(
    project_id: str,
    body: RetrainingPolicy,
    who: Who,
    retraining: Policies,
    *,
    expected: ExpectedVersion,
    response: Response,
) -> PolicyResponse:
    """Set when corrections start a training."""
    line = await retraining.set_policy(who, project_id, body, expected=expected)
    set_etag(response, line.version)
    return PolicyResponse.of_line(line)
