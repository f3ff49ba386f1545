"""Routes of annotations of images."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from services.annotation.api.schemas import (
    AnnotationResponse,
    AnnotationWrite,
    ChangeResponse,
    CorrectionWrite,
    ReviewWrite,
    SummaryResponse,
)
from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.reviews import Reviews
from shared.http.bodies import AtMost
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.preconditions import ExpectedVersion, set_etag
from shared.http.use_cases import use
from shared.paging import Page

Id = Annotated[str, Path(max_length=64)]
Annotating = Annotated[Annotations, Depends(use(Annotations))]
Reviewing = Annotated[Reviews, Depends(use(Reviews))]
# 20,000 shapes with all their fields, or 480,000 points.
_WHOLE = Depends(AtMost(32 << 20, 500_000))


router = APIRouter(tags=["annotations"], prefix="/projects/{project_id}")


@router.get("/images/{image_id}")
async def get_annotation(
    who: Who, annotations: Annotating, project_id: Id, image_id: Id, response: Response
) -> AnnotationResponse:
    """Return an image's annotation."""
    view = await annotations.read(who.tenant, project_id, image_id)
    set_etag(response, view.annotation.version)
    return AnnotationResponse.of(view)


@router.put("/images/{image_id}", dependencies=[_WHOLE])
async def save_annotation(
    who: Who,
    annotations: Annotating,
    project_id: Id,
    image_id: Id,
    body: AnnotationWrite,
    expected: ExpectedVersion,
    response: Response,
) -> AnnotationResponse:
    """Save an image's annotation as a whole."""
    draft = AnnotationDraft(tuple(body.shapes), tuple(body.ignore_regions), split=body.split)
    view = await annotations.save(who, project_id, image_id, draft, expected=expected)
    set_etag(response, view.annotation.version)
    return AnnotationResponse.of(view)


@router.delete("/images/{image_id}", status_code=204)
async def clear_annotation(
    who: Who, annotations: Annotating, project_id: Id, image_id: Id, expected: ExpectedVersion
) -> None:
    """Take an image's annotation away; it is unannotated again."""
    await annotations.clear(who, project_id, image_id, expected=expected)


@router.post("/images/{image_id}/corrections", status_code=201, dependencies=[_WHOLE])
async def correct_annotation(
    who: Who,
    annotations: Annotating,
    project_id: Id,
    image_id: Id,
    body: CorrectionWrite,
    response: Response,
) -> AnnotationResponse:
    """Turn a tested image into an annotated one, as a person corrected it."""
    draft = AnnotationDraft(
        tuple(body.shapes),
        tuple(body.ignore_regions),
        prediction_id=body.prediction_id,
        reason="corrected",
    )
    view = await annotations.save(who, project_id, image_id, draft)
    set_etag(response, view.annotation.version)
    return AnnotationResponse.of(view)


@router.post("/images/{image_id}/reviews", status_code=201)
async def review_annotation(
    who: Who,
    reviews: Reviewing,
    project_id: Id,
    image_id: Id,
    body: ReviewWrite,
    expected: ExpectedVersion,
    response: Response,
) -> AnnotationResponse:
    """Hand an image's annotation in, accept it, or return it with a reason.

    With `If-Match` it is said of the annotation that was read, and of no later one.
    """
    view = await reviews.say(who, project_id, image_id, body.word, body.comment, expected=expected)
    set_etag(response, view.annotation.version)
    return AnnotationResponse.of(view)


@router.get("/images/{image_id}/history")
async def list_changes(
    who: Who, annotations: Annotating, project_id: Id, image_id: Id, paging: Paging
) -> Page[ChangeResponse]:
    """List the steps of an image's annotation, newest first."""
    steps = await annotations.history(who.tenant, project_id, image_id)
    return Page.cut(steps, paging).map(ChangeResponse.of)


@router.get("/summary")
async def get_summary(who: Who, annotations: Annotating, project_id: Id) -> SummaryResponse:
    """Count what of a project is annotated."""
    return SummaryResponse.of(await annotations.summary(who.tenant, project_id))
