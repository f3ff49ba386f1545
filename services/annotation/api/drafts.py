"""Routes of unsaved work, each caller's own."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.annotation.api.annotations import Id
from services.annotation.handlers.drafts import Drafts
from shared.clock import Timestamp
from shared.contracts.shapes import Closed
from shared.http.bodies import AtMost
from shared.http.callers import Who
from shared.http.use_cases import use

router = APIRouter(tags=["annotations"], prefix="/projects/{project_id}/images/{image_id}/draft")
Drafting = Annotated[Drafts, Depends(use(Drafts))]
_SMALL = Depends(AtMost(1 << 20))
_LONGEST = 1 << 19


class DraftWrite(Closed):
    """Unsaved work as an editor wrote it: the platform keeps the text and reads nothing of it."""

    work: str = Field(min_length=1, max_length=_LONGEST)


class DraftResponse(BaseModel):
    """The caller's own draft of an image; ``work`` is empty where there is none."""

    work: str
    kept_at: Timestamp | None


@router.get("")
async def get_draft(who: Who, drafts: Drafting, project_id: Id, image_id: Id) -> DraftResponse:
    """Return what the caller has not saved of an image."""
    found = await drafts.read(who, project_id, image_id)
    if found is None:
        return DraftResponse(work="", kept_at=None)
    return DraftResponse(work=found.work, kept_at=found.kept_at)


@router.put("", status_code=204, dependencies=[_SMALL])
async def keep_draft(
    who: Who, drafts: Drafting, project_id: Id, image_id: Id, body: DraftWrite
) -> None:
    """Keep what the caller has not saved of an image; saving the image lets it go."""
    await drafts.keep(who, project_id, image_id, body.work)


@router.delete("", status_code=204)
async def drop_draft(who: Who, drafts: Drafting, project_id: Id, image_id: Id) -> None:
    """Throw the caller's draft of an image away."""
    await drafts.drop(who, project_id, image_id)
