"""The route of interactive segmentation: clicks in, an outline out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.inference.api.schemas import OutlineResponse
from services.inference.domain.clicks.clicks import PATTERN, read_clicks
from services.inference.domain.clicks.outlines import OutlineKind
from services.inference.handlers.outlines import ClickOutlines
from shared.http.callers import Who
from shared.http.use_cases import use

_CLICKS = Query(
    max_length=2000,
    pattern=PATTERN,
    description="Clicks in pixels of the upright image, in: inside of the object, out: not, as in "
    "in:120.5,80;out:140,92",
)
_KIND = Query(description="The shape that is wanted")

router = APIRouter(tags=["predictions"])


@router.get("/projects/{project_id}/images/{image_id}/outline")
async def get_outline(
    who: Who,
    project_id: str,
    image_id: str,
    outlines: Annotated[ClickOutlines, Depends(use(ClickOutlines))],
    clicks: Annotated[str, _CLICKS],
    kind: Annotated[OutlineKind, _KIND] = "mask",
) -> OutlineResponse:
    """Outline the object that clicks mean: nothing is stored, and the same clicks get the same."""
    found = await outlines.outline(who, project_id, image_id, clicks=read_clicks(clicks), kind=kind)
    return OutlineResponse.of(found)
