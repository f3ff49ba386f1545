"""Routes of what is stored."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.workspace.api.schemas import StorageResponse
from services.workspace.handlers.holdings import Holdings
from shared.http.callers import Who
from shared.http.use_cases import use

router = APIRouter(tags=["storage"])

Asked = Annotated[Holdings, Depends(use(Holdings))]


@router.get("/storage")
async def get_storage(who: Who, holdings: Asked) -> StorageResponse:
    """Tell what the tenant had stored by kind at the last look, and what was and will be freed."""
    return StorageResponse.of(
        await holdings.last(who),
        keep=holdings.keep,
        safe_age_h=holdings.safe_age_h,
        every_h=holdings.every_h,
    )
