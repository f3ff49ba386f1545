"""What a tenant may keep and send, and how much of it is used."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.gallery.handlers.quota import Quota
from shared.http.callers import Who
from shared.http.use_cases import use

router = APIRouter(tags=["quotas"])


class QuotaResponse(BaseModel):
    """One quota: how much of it is used, and whether the operator set it for this tenant."""

    name: Literal["images", "size_bytes", "uploads_per_minute"]
    used: int
    limit: int | None
    is_own: bool


class QuotaList(BaseModel):
    """All quotas of a tenant that the gallery keeps; a limit that is null is none."""

    items: tuple[QuotaResponse, ...]


@router.get("/quotas")
async def list_quotas(who: Who, quota: Annotated[Quota, Depends(use(Quota))]) -> QuotaList:
    """Tell what the tenant may keep and send, and how much it does, as of the last seconds."""
    told = await quota.told(who.tenant)
    return QuotaList(
        items=tuple(QuotaResponse.model_validate(one, from_attributes=True) for one in told)
    )
