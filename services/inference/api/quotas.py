"""How fast a tenant may ask for predictions, and how much of it is used."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.inference.handlers.quota import PredictionQuota
from shared.http.callers import Who
from shared.http.quotas import QuotaList
from shared.http.use_cases import use

router = APIRouter(tags=["quotas"])


@router.get("/quotas")
async def list_quotas(
    who: Who, quota: Annotated[PredictionQuota, Depends(use(PredictionQuota))]
) -> QuotaList:
    """Tell how many predictions the tenant may ask for in a second, and how many it did."""
    return QuotaList.of(await quota.told(who.tenant))
