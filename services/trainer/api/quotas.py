"""What a tenant may train, and how much of it is used."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.trainer.handlers.quota import TrainingQuota
from shared.http.callers import Who
from shared.http.quotas import QuotaList
from shared.http.use_cases import use

router = APIRouter(tags=["quotas"])


@router.get("/quotas")
async def list_quotas(
    who: Who, quota: Annotated[TrainingQuota, Depends(use(TrainingQuota))]
) -> QuotaList:
    """Tell how many trainings of the tenant run or wait, and the minutes of the last 24 hours."""
    return QuotaList.of(await quota.told(who.tenant))
