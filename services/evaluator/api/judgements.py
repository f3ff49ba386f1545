"""Routes of judgements: how far one is, a new one, and giving one up."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.evaluator.api.schemas.judgements import JudgementAnswer
from services.evaluator.handlers.judgements import Judgements
from shared.http.callers import Who
from shared.http.use_cases import use

PATH = "/projects/{project_id}/versions/{version}"
Judging = Annotated[Judgements, Depends(use(Judgements))]
router = APIRouter(tags=["reports"])


@router.get(PATH + "/judgement")
async def get_judgement(
    who: Who, project_id: str, version: str, judgements: Judging
) -> JudgementAnswer:
    """Return how far the judgement on a version is."""
    return JudgementAnswer.of(await judgements.judgement(who, project_id, version))


@router.post(PATH + "/judgement", status_code=202)
async def judge_again(
    who: Who, project_id: str, version: str, judgements: Judging
) -> JudgementAnswer:
    """Have the report computed anew from the same files; the present one stays until then."""
    return JudgementAnswer.of(await judgements.again(who, project_id, version))


@router.post(PATH + "/judgement:cancel", status_code=202)
async def cancel_judgement(
    who: Who, project_id: str, version: str, judgements: Judging
) -> JudgementAnswer:
    """Give up the judgement under way; a report that is there stays."""
    return JudgementAnswer.of(await judgements.cancel(who, project_id, version))
