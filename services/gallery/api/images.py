"""Routes of the gallery."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from services.gallery.api.schemas import (
    BatchDelete,
    BatchDeleted,
    FileOutcome,
    FileResult,
    Filter,
    ImageDetail,
    ImageResponse,
    Summary,
    UploadResponse,
)
from services.gallery.handlers.images import Gallery
from services.gallery.handlers.removal import Removal
from services.gallery.handlers.search import ImageSort
from services.gallery.handlers.thumbnails import Thumbnails
from services.gallery.handlers.uploads import Received, Uploads
from services.gallery.repository import Image
from shared.http.bodies import Pace
from shared.http.callers import Who
from shared.http.multipart import FILE, form_body, parts_of
from shared.http.paging import Paging
from shared.http.preconditions import set_etag
from shared.http.problems import MEDIA_TYPE, Problem
from shared.http.use_cases import use
from shared.paging import Page
from shared.projects.directory import ProjectDirectory

_FOREVER = "private, max-age=31536000, immutable"  # content never changes under its hash
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}
UPLOAD_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": description}
    for status, description in (
        (408, "The client sends too slowly"),
        (507, "No space is left for uploads"),
    )
}
_MULTIPART = form_body({"files": {"type": "array", "minItems": 1, "items": FILE}}, required="files")


router = APIRouter(prefix="/projects/{project_id}", tags=["images"])

Listing = Annotated[Gallery, Depends(use(Gallery))]
Uploading = Annotated[Uploads, Depends(use(Uploads))]
Removing = Annotated[Removal, Depends(use(Removal))]
Drawing = Annotated[Thumbnails, Depends(use(Thumbnails))]
Projects = Annotated[ProjectDirectory, Depends(use(ProjectDirectory))]
Pacing = Annotated[Pace, Depends(use(Pace))]


async def _living(who: Who, project_id: str, projects: Projects) -> str:
    await projects.require(who.tenant, project_id)
    return project_id


ProjectId = Annotated[str, Depends(_living)]
"""The id of a living project of the caller's; 404 for any other."""


@router.post(
    "/images",
    status_code=201,
    response_model=UploadResponse,
    responses={
        200: {"model": UploadResponse},
        207: {"model": UploadResponse},
        **UPLOAD_PROBLEMS,
    },
    openapi_extra=_MULTIPART,
)
async def upload_images(
    who: Who,
    project_id: str,
    request: Request,
    uploads: Uploading,
    projects: Projects,
    pace: Pacing,
) -> Response:
    """Upload images; each file has its own result.

    201 when all are new, 200 when all were there before, 207 when some are refused; a single
    refused file answers with its problem.
    """
    project = await projects.require(who.tenant, project_id)
    parts = parts_of(request.headers.get("content-type"), pace.body_of(request))
    return upload_response(await uploads.receive(who, project, parts))


@router.get("/images")
async def list_images(
    who: Who,
    project_id: ProjectId,
    gallery: Listing,
    wanted: Filter,
    paging: Paging,
    sort: ImageSort = ImageSort.NEWEST,
) -> Page[ImageResponse]:
    """List images; of a cut image its tiles are listed."""
    found = await gallery.list_images(
        who.tenant, project_id, wanted=wanted, sort=sort, paging=paging
    )
    return found.map(ImageResponse.of)


@router.get("/summary")
async def summarise_images(who: Who, project_id: ProjectId, gallery: Listing) -> Summary:
    """Count images by status."""
    return Summary.of(await gallery.summary(who.tenant, project_id))


@router.post("/images:batch-delete")
async def delete_images(
    who: Who, project_id: ProjectId, body: BatchDelete, removal: Removing
) -> BatchDeleted:
    """Remove several images."""
    deleted, missing = await removal.delete_images(who.tenant, project_id, body.ids)
    return BatchDeleted(deleted=tuple(deleted), missing=tuple(missing))


@router.get("/images/{image_id}")
async def get_image(
    who: Who, project_id: ProjectId, image_id: str, gallery: Listing, response: Response
) -> ImageDetail:
    """Return one image, with its tiles."""
    image = await gallery.get_image(who.tenant, project_id, image_id)
    set_etag(response, image.version)
    return ImageDetail.with_tiles(image, await gallery.tiles_of(image))


@router.get("/images/{image_id}/content", response_class=Response, responses=_BYTES)
async def get_image_content(
    who: Who, project_id: ProjectId, image_id: str, gallery: Listing, original: bool = False
) -> Response:
    """Return the upright image, or with ``original`` the file as it was uploaded."""
    image = await gallery.get_image(who.tenant, project_id, image_id)
    size = await gallery.content_size(image, original=original)
    return StreamingResponse(
        gallery.content(image, original=original),
        media_type=image.original_type if original else image.content_type,
        headers=_file_headers(image, original=original) | {"Content-Length": str(size)},
    )


@router.get("/images/{image_id}/thumbnail", response_class=Response, responses=_BYTES)
async def get_image_thumbnail(
    who: Who,
    project_id: ProjectId,
    image_id: str,
    gallery: Listing,
    thumbnails: Drawing,
    size: Annotated[int, Query(ge=1, le=4096, description="longest side in px")] = 256,
) -> Response:
    """Return a small JPEG of the image, the stored size that suits best."""
    image = await gallery.get_image(who.tenant, project_id, image_id)
    data = await thumbnails.read(image, size)
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": _FOREVER})


@router.delete("/images/{image_id}", status_code=204)
async def delete_image(who: Who, project_id: ProjectId, image_id: str, removal: Removing) -> None:
    """Remove one image, and its tiles with it."""
    await removal.delete_image(who.tenant, project_id, image_id)


def upload_response(received: list[Received]) -> Response:
    """Return the answer to an upload of these files."""
    results = [FileResult.of(each) for each in received]
    body = UploadResponse(files=tuple(results)).model_dump(mode="json")
    outcomes = {result.outcome for result in results}
    problem = results[0].problem
    if len(results) == 1 and problem is not None:
        body |= problem.model_dump(mode="json")
        refusal = received[0].refusal
        wait_s = refusal.retry_after_s if refusal else None
        later = {} if wait_s is None else {"Retry-After": str(wait_s)}
        return JSONResponse(body, problem.status, headers=later, media_type=MEDIA_TYPE)
    if FileOutcome.REFUSED in outcomes:
        return JSONResponse(body, status_code=207)
    return JSONResponse(body, status_code=201 if FileOutcome.CREATED in outcomes else 200)


def _file_headers(image: Image, *, original: bool) -> dict[str, str]:
    kind = "attachment" if original else "inline"
    return {
        "Cache-Control": _FOREVER,
        "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(image.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
