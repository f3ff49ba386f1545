"""What a tenant may keep and send, and how much of it is used."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.gallery.handlers.quota import Quota
from shared.http.callers import Who
from shared.http.quotas import QuotaList
from shared.http.use_cases import use

router = APIRouter(tags=["quotas"])


@router.get("/quotas")
async def list_quotas(who: Who, quota: Annotated[Quota, Depends(use(Quota))]) -> QuotaList:
    """Tell what the tenant may keep and send, and how much it does, as of the last seconds."""
    return QuotaList.of(await quota.told(who.tenant))
