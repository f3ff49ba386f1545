"""Routes of the gallery."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from services.gallery.bodies import Pace
from services.gallery.handlers import Gallery
from services.gallery.repository import Image
from services.gallery.schemas import (
    BatchDelete,
    BatchDeleted,
    FileOutcome,
    FileResult,
    Filter,
    ImageDetail,
    ImageResponse,
    ImageSort,
    Summary,
    UploadResponse,
)
from services.gallery.uploads import Uploads
from shared.http.callers import Editor, Viewer
from shared.http.paging import Paging
from shared.http.preconditions import set_etag
from shared.http.problems import MEDIA_TYPE, Problem
from shared.paging import Page, encode_cursor
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
_MULTIPART = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        }
                    },
                }
            }
        },
    }
}


def routes(
    gallery: Gallery, uploads: Uploads, projects: ProjectDirectory, *, pace: Pace
) -> APIRouter:
    """Return the routes of images."""
    router = APIRouter(prefix="/projects/{project_id}", tags=["images"])
    _add_uploads(router, uploads, projects, pace)
    _add_lists(router, gallery, projects)
    _add_images(router, gallery, projects)
    return router


def _add_uploads(
    router: APIRouter, uploads: Uploads, projects: ProjectDirectory, pace: Pace
) -> None:
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
    async def upload_images(who: Editor, project_id: str, request: Request) -> Response:
        """Upload images; each file has its own result.

        201 when all are new, 200 when all were there before, 207 when some are refused; a single
        refused file answers with its problem.
        """
        project = await projects.require(who.tenant, project_id)
        results = await uploads.receive(
            who,
            project,
            content_type=request.headers.get("content-type"),
            body=pace.body_of(request),
        )
        return upload_response(results)


def _add_lists(router: APIRouter, gallery: Gallery, projects: ProjectDirectory) -> None:
    @router.get("/images")
    async def list_images(
        who: Viewer,
        project_id: str,
        wanted: Filter,
        paging: Paging,
        sort: ImageSort = ImageSort.NEWEST,
    ) -> Page[ImageResponse]:
        """List images; of a cut image its tiles are listed."""
        await projects.require(who.tenant, project_id)
        found, total = await gallery.list_images(
            who, project_id, wanted=wanted, sort=sort, paging=paging
        )
        last = found[-1] if len(found) == paging.page_size else None
        return Page(
            items=tuple(ImageResponse.of(image) for image in found),
            total=total,
            page=paging.page,
            page_size=paging.page_size,
            next_cursor=encode_cursor(sort.value_of(last), last.id) if last else None,
        )

    @router.get("/summary")
    async def summarise_images(who: Viewer, project_id: str) -> Summary:
        """Count images by status."""
        await projects.require(who.tenant, project_id)
        counts = await gallery.summary(who, project_id)
        return Summary(
            total=sum(counts.values()),
            unlabelled=counts.get("unlabelled", 0),
            labelled=counts.get("labelled", 0),
            tested=counts.get("tested", 0),
        )

    @router.post("/images:batch-delete")
    async def delete_images(who: Editor, project_id: str, body: BatchDelete) -> BatchDeleted:
        """Remove several images."""
        await projects.require(who.tenant, project_id)
        deleted, missing = await gallery.delete_images(who, project_id, body.ids)
        return BatchDeleted(deleted=tuple(deleted), missing=tuple(missing))


def _add_images(router: APIRouter, gallery: Gallery, projects: ProjectDirectory) -> None:
    @router.get("/images/{image_id}")
    async def get_image(
        who: Viewer, project_id: str, image_id: str, response: Response
    ) -> ImageDetail:
        """Return one image, with its tiles."""
        await projects.require(who.tenant, project_id)
        image = await gallery.get_image(who, project_id, image_id)
        set_etag(response, image.version)
        return ImageDetail.with_tiles(image, await gallery.tiles_of(who, image))

    @router.get("/images/{image_id}/content", response_class=Response, responses=_BYTES)
    async def get_image_content(
        who: Viewer, project_id: str, image_id: str, original: bool = False
    ) -> Response:
        """Return the upright image, or with ``original`` the file as it was uploaded."""
        await projects.require(who.tenant, project_id)
        image = await gallery.get_image(who, project_id, image_id)
        size = await gallery.content_size(image, original=original)
        return StreamingResponse(
            gallery.content(image, original=original),
            media_type=image.original_type if original else image.content_type,
            headers=_file_headers(image, original=original) | {"Content-Length": str(size)},
        )

    @router.get("/images/{image_id}/thumbnail", response_class=Response, responses=_BYTES)
    async def get_image_thumbnail(
        who: Viewer,
        project_id: str,
        image_id: str,
        size: Annotated[int, Query(ge=1, le=4096, description="longest side in px")] = 256,
    ) -> Response:
        """Return a small JPEG of the image, the stored size that suits best."""
        await projects.require(who.tenant, project_id)
        image = await gallery.get_image(who, project_id, image_id)
        data = await gallery.thumbnail(image, size)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": _FOREVER})

    @router.delete("/images/{image_id}", status_code=204)
    async def delete_image(who: Editor, project_id: str, image_id: str) -> None:
        """Remove one image, and its tiles with it."""
        await projects.require(who.tenant, project_id)
        await gallery.delete_image(who, project_id, image_id)


def upload_response(results: list[FileResult]) -> Response:
    """Return the answer to an upload of these files."""
    body = UploadResponse(files=tuple(results)).model_dump(mode="json")
    outcomes = {result.outcome for result in results}
    problem = results[0].problem
    if len(results) == 1 and problem is not None:
        body |= problem.model_dump(mode="json")
        return JSONResponse(body, status_code=problem.status, media_type=MEDIA_TYPE)
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
